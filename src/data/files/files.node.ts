/** @file Folders and files on disk: list, read, and write so that a failure leaves the old content. */

import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileError } from './read.node.ts';

export { listFiles } from './folder.node.ts';
export { fileError, readBytes } from './read.node.ts';

/** Bytes to a new file beside `path`, on disk before it returns its name; nothing is left behind on failure. */
async function writeTemporary(path: string, bytes: Uint8Array): Promise<string> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    const handle = await open(temporary, 'wx');
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    return temporary;
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/**
 * Writes files that belong together: all under temporary names first, then renamed in the given order, so a full
 * disk leaves the old files untouched. Folders are made as needed. Throws FileError.
 */
export async function writeFiles(files: readonly { path: string; bytes: Uint8Array }[]): Promise<void> {
  const temporary: string[] = [];
  let current = '';
  try {
    for (const { path, bytes } of files) {
      current = path;
      await mkdir(dirname(path), { recursive: true });
      temporary.push(await writeTemporary(path, bytes));
    }
    for (const { path } of files) {
      current = path;
      await rename(temporary[0]!, path);
      temporary.shift();
    }
  } catch (error) {
    for (const left of temporary) await rm(left, { force: true });
    throw fileError(current, error);
  }
}
