/** @file Makes files and folders that last through a power cut. */
import { existsSync } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { codeOf } from './read.node.ts';
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

/** The outermost folder that had to be made. */
async function makeAll(path: string): Promise<string | undefined> {
  try {
    return await mkdir(path, { recursive: true });
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    // Node says so, too, of a file system that may only be read; of a single folder it says what the system says
    let outermost = path;
    while (!existsSync(dirname(outermost))) outermost = dirname(outermost);
    await mkdir(outermost).catch((reason) => {
      if (codeOf(reason) !== 'EEXIST') throw reason;
    });
    await mkdir(path, { recursive: true });
    return outermost;
  }
}

/**
 * Makes a folder with those above it, so that their names last. Rejects with the operating system's error.
 * @returns the outermost one that was made; null where all were there
 */
export async function makeFolder(path: string): Promise<string | null> {
  const whole = resolve(path);
  const made = await makeAll(whole);
  if (made === undefined) return null;
  const outermost = resolve(made);
  for (let at = whole; at.length >= outermost.length; at = dirname(at)) await syncFolder(dirname(at));
  return outermost;
}
