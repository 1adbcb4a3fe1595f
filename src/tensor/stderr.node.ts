/** @file Keeps native drivers' warnings off the terminal while a device is opened. */
import { closeSync, fstatSync, openSync, readFileSync, type Stats, statSync } from 'node:fs';
import { choiceIn } from '../base/environment.node.ts';

const O_APPEND = 0o2000;

/** Points file descriptor 2 at `path`; Node cannot duplicate one, but the lowest free number is taken next. */
function pointStderrAt(path: string): void {
  closeSync(2);
  openSync(path, 'a');
}

function isSameFile(file: Stats, other: () => Stats): boolean {
  try {
    const { dev, ino } = other();
    return dev === file.dev && ino === file.ino;
  } catch {
    return false;
  }
}

/**
 * Whether standard error may be closed and opened again: a terminal or pipe may; of a file, that loses the position
 * it shares with standard output or the parent process, unless everyone appends, and they would overwrite us.
 */
function canReopen(): boolean {
  const file = fstatSync(2);
  if (!file.isFile()) return true;
  const flags = /^flags:\s*(\d+)$/m.exec(readFileSync('/proc/self/fdinfo/2', 'utf8'))?.[1] ?? '0';
  if (Number.parseInt(flags, 8) & O_APPEND) return true;
  const parents = [1, 2].map((fd) => () => statSync(`/proc/${process.ppid}/fd/${fd}`));
  return ![() => fstatSync(1), ...parents].some((other) => isSameFile(file, other));
}

let silencers = 0;
let saved: number | undefined;

function silence(): void {
  if (silencers++ > 0) return;
  try {
    if (canReopen()) saved = openSync('/proc/self/fd/2', 'a');
  } catch {
    // A closed standard error, or a socket: nothing to silence, or no way back.
  }
  if (saved === undefined) return;
  // what this program says meanwhile comes after
  process.stderr.cork();
  process.once('exit', speak);
  pointStderrAt('/dev/null');
}

function restore(): void {
  if (--silencers === 0) speak();
}

/** Of a program that ends meanwhile, too: its last words are heard. */
function speak(): void {
  if (saved === undefined) return;
  process.off('exit', speak);
  pointStderrAt(`/proc/self/fd/${saved}`);
  closeSync(saved);
  saved = undefined;
  process.stderr.uncork();
}

/**
 * Runs `action` with the process's native stderr silenced where that is safe; drivers print there directly, where
 * JavaScript cannot filter. Set PLANEWISE_DRIVER_LOG=1 to see what they say.
 * @throws ConfigError where that is neither 0 nor 1
 */
export async function quietly<T>(action: () => Promise<T>): Promise<T> {
  if (process.platform !== 'linux' || choiceIn('PLANEWISE_DRIVER_LOG', ['0', '1']) === '1') return action();
  silence();
  try {
    return await action();
  } finally {
    restore();
  }
}
