/** @file Makes files and folders that last through a power cut. */
import { open } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { makeFolders } from '../../base/folders.node.ts';
import { syncFolder } from './sync.node.ts';

/**
 * Writes a file and waits until its bytes are on the medium; its name lasts once its folder is synced. Rejects with the
 * operating system's error.
 * @param flag `wx`: only where there is none of that name
 * @param mode who may read a file that is made
 */
export async function writeSynced(
  path: string,
  content: Uint8Array | string,
  flag: 'w' | 'wx' = 'w',
  mode = 0o666,
): Promise<void> {
  const file = await open(path, flag, mode);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * Makes a folder with those above it, so that their names last. Rejects with the operating system's error.
 * @returns the outermost one that was made; null where all were there
 */
export async function makeFolder(path: string): Promise<string | null> {
  const made = makeFolders(path);
  if (made === null) return null;
  for (let at = resolve(path); at.length >= made.length; at = dirname(at)) await syncFolder(dirname(at));
  return made;
}
