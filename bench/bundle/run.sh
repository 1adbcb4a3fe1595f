#!/bin/sh
# The measuring kit (npm run bench:pack): unpacks itself and runs all of it in less than nine minutes. Run again, it
# repeats what failed or was cut. Exits with 0: all done, 1: some of it failed or was cut, 2: it could not begin.
#   OUT      where results go, at most eight files (default: ./out)
#   EARLIER  folder of an earlier run's results, where that is not OUT
#   ADAPTER  gpu, system or swiftshader (default: a GPU, by whatever way leads to one, else the best there is)
#   PARTS    some of: adapter forms roofline steps kernels memory start profile
#   CONFIGS  some of: zhang2024 M S
#   LIMIT    seconds for all parts together (default 510)
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
OUT=${OUT:-$PWD/out}
export OUT
PATH=${PATH:-/usr/local/bin:/usr/bin:/bin}
export PATH

# A folder that can be written, with programs in it that can be started.
for top in "${TMPDIR:-/tmp}" /var/tmp /dev/shm "$OUT" "$here"; do
  work=$(mktemp -d "$top/planewise-kit-XXXXXX" 2>/dev/null) || continue
  printf '#!/bin/sh\nexit 0\n' >"$work/try" && chmod +x "$work/try" && "$work/try" 2>/dev/null && break
  rm -rf "$work"
  work=''
done
running=''
clean() { [ -n "$work" ] && rm -rf "$work"; }
stop() { # what the kit is told, it tells its programs
  [ -n "$running" ] && kill -TERM "$running" 2>/dev/null && wait "$running" 2>/dev/null
  clean
  exit "$1"
}
trap 'stop 130' INT
trap 'stop 143' TERM
trap 'stop 129' HUP
cannot() {
  echo "The kit cannot begin: $1" >&2
  mkdir -p "$OUT" 2>/dev/null && echo "The kit could not begin: $1" >"$OUT/summary.txt" 2>/dev/null
  clean
  exit 2
}
[ -n "$work" ] || cannot 'no folder (/tmp, /var/tmp, /dev/shm, OUT) can be written and have programs started in it.'

[ -e "$here/busybox" ] && cp "$here/busybox" "$work/busybox" && chmod +x "$work/busybox"
has() { command -v "$1" >/dev/null 2>&1; }
unxz() { # file -> standard output
  if has xz; then xz -dc "$1"
  elif "$work/busybox" true 2>/dev/null; then "$work/busybox" xzcat "$1"
  else python3 -c 'import lzma, shutil, sys; shutil.copyfileobj(lzma.open(sys.argv[1]), sys.stdout.buffer)' "$1"; fi
}
untar() { if has tar; then tar -C "$work" -xf -; else "$work/busybox" tar -C "$work" -xf -; fi; }
unxz "$here/node.xz" >"$work/node" && chmod +x "$work/node"
unxz "$here/programs.tar.xz" | untar || cannot 'it could not be unpacked (no xz, busybox or python3, or the disk is full).'
if ! said=$("$work/node" --version 2>&1); then
  node=$(command -v node) || cannot "its Node does not start here, and there is no other: $said"
  rm -f "$work/node" && ln -s "$node" "$work/node"
  "$work/node" --version >/dev/null 2>&1 || cannot "neither its Node starts here ($said) nor $node."
fi

# Only libraries that this machine lacks: its own belong to its driver.
known=$( (ldconfig -p || /sbin/ldconfig -p) 2>/dev/null)
KIT_LIBRARY_PATH=${LD_LIBRARY_PATH:-}
mkdir -p "$work/missing"
for file in "$work"/lib/*.so*; do
  name=${file##*/}
  case $known in *"$name "*) ;; *) [ -e "$file" ] && ln -s "$file" "$work/missing/$name" ;; esac
done
LD_LIBRARY_PATH="$work/missing${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
KIT_WORK=$work
export KIT_WORK KIT_LIBRARY_PATH LD_LIBRARY_PATH

"$work/node" "$work/dist/bench/kit.js" &
running=$!
wait "$running"
status=$?
clean
exit "$status"
