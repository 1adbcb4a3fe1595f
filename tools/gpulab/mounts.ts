/** @file What is mounted where, so that nothing is deleted through a mount. */
import { existsSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { sep } from 'node:path';

/** Mount points at or below a folder, of the text of /proc/self/mountinfo. */
export function mountsWithin(mountinfo: string, folder: string): string[] {
  const points = mountinfo.split('\n').flatMap((line) => line.split(' ')[4] ?? []);
  const plain = points.map((point) =>
    point.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8))),
  );
  return plain.filter((point) => point === folder || point.startsWith(folder + sep));
}

/** Deletes a folder. @throws Error, and deletes nothing, where something is mounted in it */
export function removeUnmounted(
  folder: string,
  mountinfo = readFileSync('/proc/self/mountinfo', 'utf8'),
): void {
  if (!existsSync(folder)) return;
  const mounted = mountsWithin(mountinfo, realpathSync(folder));
  if (mounted.length > 0)
    throw new Error(`${folder} is not deleted: ${mounted.join(', ')} is mounted there. Unmount it first.`);
  rmSync(folder, { recursive: true });
}
