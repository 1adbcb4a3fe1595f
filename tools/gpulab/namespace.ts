/**
 * @file Runs programs in a root, in a mount namespace of their own: what is mounted for them is seen by no one else, and
 * is gone with the last of them, however it ends. So nothing has to be unmounted, and nothing can be deleted through a
 * mount.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Mount {
  /** A folder or a file. */
  readonly from: string;
  /** Its name under /mnt of the root. */
  readonly as: string;
}

export interface Inside {
  readonly root: string;
  readonly mounts: readonly Mount[];
  readonly environment: Readonly<Record<string, string>>;
  readonly command: readonly string[];
  /** Where what it prints goes; default: to the terminal. */
  readonly print?: (text: string) => void;
}

/** $1 the root, $2 how many mounts follow as pairs, then what to run: `env` and its arguments. */
const script = `
root=$1; count=$2; shift 2
mount -t tmpfs gpulab "$root/mnt"
while [ "$count" -gt 0 ]; do
  mkdir -p "$root/mnt/$(dirname "$2")"
  if [ -d "$1" ]; then mkdir -p "$root/mnt/$2"; else : > "$root/mnt/$2"; fi
  mount --bind "$1" "$root/mnt/$2"
  shift 2; count=$((count - 1))
done
for own in proc dev sys; do mount --bind "/$own" "$root/$own"; done
exec chroot "$root" "$@"
`;

/** What `unshare` is told to run in a namespace of its own. */
export function commandOf({ root, mounts, environment, command }: Omit<Inside, 'print'>): string[] {
  const pairs = mounts.flatMap(({ from, as }) => [from, as]);
  const variables = Object.entries({ PATH: '/usr/sbin:/usr/bin:/sbin:/bin', ...environment });
  const env = ['env', '-i', ...variables.map(([name, value]) => `${name}=${value}`)];
  return ['sh', '-ec', script, 'sh', root, `${mounts.length}`, ...pairs, ...env, ...command];
}

/** Runs a command in a mount namespace of its own; its exit code, and what it printed if that is asked for. */
export async function inNamespace(
  command: readonly string[],
  print?: (text: string) => void,
): Promise<number> {
  const out = print ? 'pipe' : 'inherit';
  const options = { stdio: ['ignore', out, out] as ('ignore' | 'pipe' | 'inherit')[] };
  const child = spawn('unshare', ['--mount', '--propagation', 'private', '--', ...command], options);
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', print!);
  const end = (): void => void child.kill('SIGTERM');
  process.on('exit', end);
  try {
    const [code, signal] = await once(child, 'close');
    return signal ? 128 : Number(code);
  } finally {
    process.off('exit', end);
  }
}

/** Runs a command within a root. */
export function runInside({ print, ...inside }: Inside): Promise<number> {
  return inNamespace(commandOf(inside), print);
}

/** This Node and Dawn's package, whatever the root has. */
export function ownMounts(): Mount[] {
  const dawn = dirname(fileURLToPath(import.meta.resolve('webgpu')));
  return [
    { from: process.execPath, as: 'node' },
    { from: dawn, as: 'node_modules/webgpu' },
  ];
}
