/** @file Makes folders one by one: Node's own way to make several at once never ends on some file systems (/proc). */
import { mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException | undefined)?.code;

/** Whether a folder is there. Throws the operating system's error: ENOTDIR where it is, or lies under, a file. */
function isThere(path: string): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats && !stats.isDirectory())
    throw Object.assign(new Error(`ENOTDIR: not a directory, mkdir '${path}'`), { code: 'ENOTDIR' });
  return stats !== undefined;
}

/**
 * Makes a folder with those above it. Throws the operating system's error.
 * @param mode who may use those that are made
 * @returns the outermost that was made, null where all were there
 */
export function makeFolders(path: string, mode?: number): string | null {
  const missing: string[] = [];
  for (let at = resolve(path); at !== missing[0] && !isThere(at); at = dirname(at)) missing.unshift(at);
  for (const folder of missing) {
    try {
      mkdirSync(folder, { mode });
    } catch (error) {
      // somebody else was first
      if (codeOf(error) !== 'EEXIST' || !isThere(folder)) throw error;
    }
  }
  return missing[0] ?? null;
}
