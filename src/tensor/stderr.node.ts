/** @file Keeps native drivers' warnings off the terminal while a device is opened. */
import { closeSync, openSync } from 'node:fs';

/** Points file descriptor 2 at `path`; false where the system would not give us that number. */
function pointStderrAt(path: string): boolean {
  closeSync(2);
  return openSync(path, 'a') === 2;
}

/**
 * Runs `action` with the process's native stderr silenced; drivers print there directly, where JavaScript cannot
 * filter. Set PLANEWISE_DRIVER_LOG=1 to see what they say.
 */
export async function quietly<T>(action: () => Promise<T>): Promise<T> {
  if (process.platform !== 'linux' || process.env.PLANEWISE_DRIVER_LOG) return action();
  let saved: number;
  try {
    saved = openSync('/proc/self/fd/2', 'a');
  } catch {
    return action();
  }
  try {
    pointStderrAt('/dev/null');
    return await action();
  } finally {
    pointStderrAt(`/proc/self/fd/${saved}`);
    closeSync(saved);
  }
}
