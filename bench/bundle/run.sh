#!/bin/sh
# Runs the whole benchmark from a bundle (npm run bench:pack) and prints a short table last.
#   OUT      where results go (default: ./out)           ADAPTER  gpu, system or swiftshader (default: the best there is)
#   PARTS, CONFIGS, STEPS                                 LIMIT    seconds a part and configuration may take (default 120)
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
out=${OUT:-$PWD/out}
parts=${PARTS:-roofline steps torch kernels startup feeding memory profile peers}
configs=${CONFIGS:-S M zhang2024}
steps=${STEPS:-20}
limit=${LIMIT:-120}
mkdir -p "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
export XDG_CACHE_HOME="$work/cache"

unpack() { # file -> standard output
  if command -v xz >/dev/null 2>&1; then xz -dc "$1"
  else python3 -c 'import lzma, shutil, sys; shutil.copyfileobj(lzma.open(sys.argv[1]), sys.stdout.buffer)' "$1"; fi
}
unpack "$here/node.xz" >"$work/node" && chmod +x "$work/node"
unpack "$here/programs.tar.xz" | tar -C "$work" -xf - || { echo "The bundle could not be unpacked." >&2; exit 1; }

# Only libraries that this machine lacks: its own belong to its driver.
known=$( (ldconfig -p || /sbin/ldconfig -p) 2>/dev/null)
mkdir "$work/missing"
for file in "$work"/lib/*.so*; do
  name=${file##*/}
  case $known in *"$name "*) ;; *) [ -e "$file" ] && ln -s "$file" "$work/missing/$name" ;; esac
done
export LD_LIBRARY_PATH="$work/missing${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"

# The loader finds a driver in the usual places by itself.
if [ -z "${VK_DRIVER_FILES:-}" ]; then
  for file in /usr/local/nvidia/share/vulkan/icd.d/nvidia_icd.json /opt/nvidia/share/vulkan/icd.d/nvidia_icd.json; do
    [ -e "$file" ] && export VK_DRIVER_FILES="$file"
  done
fi

bench() { "$work/node" "$work/dist/bench/main.js" "$@" ${ADAPTER:+--adapter "$ADAPTER"} --out "$out"; }
limited() { # seconds, arguments: the benchmark, ended when its time is up
  seconds=$1
  shift
  bench "$@" &
  running=$!
  (sleep "$seconds" && kill "$running") >/dev/null 2>&1 &
  watching=$!
  wait "$running"
  status=$?
  kill "$watching" 2>/dev/null
  return $status
}
for part in $parts; do
  case $part in
    roofline) limited "$limit" roofline ;;
    *) for config in $configs; do
         trace=''
         [ "$part" = profile ] && trace="--trace $out/trace-$config.json"
         # shellcheck disable=SC2086
         limited "$limit" "$part" --configs "$config" --steps "$steps" $trace
       done ;;
  esac
done 2>&1 | tee "$out/log.txt"
bench summary | tee "$out/summary.txt"
