/** @file The folder of what lasts between runs; of drivers, which are loaded as native code, one that nobody else can have filled. */
import { chmodSync, lstatSync, mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeFolders } from '../base/folders.node.ts';

/** The user's cache folder (XDG_CACHE_HOME or its default), or a temporary one where there is no home. */
export function cacheFolder(): string {
  const user = process.getuid?.() ?? '';
  if (process.env.XDG_CACHE_HOME) return join(process.env.XDG_CACHE_HOME, 'planewise');
  return homedir() === '/' ? join(tmpdir(), `planewise-${user}`) : join(homedir(), '.cache', 'planewise');
}

/** Whose a folder is, links not followed; undefined where there is none. */
function standingOf(path: string): 'own' | 'writable' | 'foreign' | undefined {
  const status = lstatSync(path, { throwIfNoEntry: false });
  if (!status) return undefined;
  // What is root's is the administrator's.
  if (!status.isDirectory() || (status.uid !== process.getuid?.() && status.uid !== 0)) return 'foreign';
  return status.mode & 0o022 ? 'writable' : 'own';
}

/** A folder of this process alone, gone with it. */
function passingFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'planewise-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/**
 * The folder that holds unpacked drivers: the cache folder, where it is this user's, else one that ends with the process.
 * Where others could write they no longer can, and what lies there under `name` is removed.
 * @throws Error where not even a temporary folder can be made
 */
export function driverCache(name: string): string {
  const folder = cacheFolder();
  try {
    makeFolders(folder, 0o700);
    const standing = standingOf(folder);
    if (standing === 'foreign') return passingFolder();
    if (standing === 'writable') chmodSync(folder, 0o700);
    const held = join(folder, name);
    // what was not there a moment ago may be another process's, just unpacked
    const foreign = ['writable', 'foreign'].includes(standingOf(held) ?? '');
    if (standing === 'writable' || foreign) rmSync(held, { recursive: true, force: true });
    return folder;
  } catch {
    return passingFolder();
  }
}
