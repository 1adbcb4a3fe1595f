/** @file Folders and files on disk: list, read, and write so that a failure leaves the old content. */

import { randomUUID } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { readdir, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { FileError } from '../../base/errors.ts';
import { makeFolder, writeSynced } from './make.node.ts';
import { codeOf, fileError } from './read.node.ts';
import { syncFolder } from './sync.node.ts';

export { listFiles } from './folder.node.ts';
export { fileError, readBytes } from './read.node.ts';

/** The names of `temporaryOf`, and of weights that earlier versions saved. */
const temporaryName = /\.([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d+)\.tmp$/;

/** Whether a name is of a write of the file `own` that is not done, or was killed. */
export const isTemporaryOf = (own: string, name: string): boolean =>
  name.startsWith(`${own}.`) && temporaryName.test(name);

/**
 * Removes what killed writes left in a folder, which may be missing. Only for who has the folder to himself: the file of
 * a write that still goes on would go too.
 */
export async function sweepTemporary(folder: string): Promise<void> {
  const names = await readdir(folder).catch((): string[] => []);
  for (const name of names.filter((one) => temporaryName.test(one)))
    await rm(join(folder, name), { force: true });
}

/** A name beside `path` for what is not whole yet. */
export const temporaryOf = (path: string): string => `${path}.${randomUUID()}.tmp`;

/** Of a file that could not be made: the system says of a folder that takes none (/proc) that it is not there. */
export function makingError(path: string, error: unknown): unknown {
  if (codeOf(error) !== 'ENOENT' || !existsSync(dirname(path))) return error;
  return new FileError(path, 'cannot be made: its folder takes no new files', 'Choose another folder.');
}

/** Bytes to a new file beside `path`, on disk before it returns its name; nothing is left behind on failure. */
async function writeTemporary(path: string, bytes: Uint8Array): Promise<string> {
  const temporary = temporaryOf(path);
  try {
    await writeSynced(temporary, bytes, 'wx');
    return temporary;
  } catch (error) {
    await rm(temporary, { force: true });
    throw makingError(path, error);
  }
}

/**
 * Gives files that belong together their names, in the given order; when it returns, they last through a power cut.
 * Rejects with a FileError; what has no name yet is removed.
 */
export async function nameFiles(
  files: readonly { readonly path: string; readonly temporary: string }[],
): Promise<void> {
  let at = 0;
  let current = '';
  try {
    for (; at < files.length; at++) {
      current = files[at]!.path;
      await rename(files[at]!.temporary, current);
    }
    for (const folder of new Set(files.map(({ path }) => dirname(path)))) await syncFolder(folder);
  } catch (error) {
    for (const { temporary } of files.slice(at)) await rm(temporary, { force: true });
    throw fileError(current, error);
  }
}

/**
 * Checks before long work that a file can be written, and leaves nothing behind. Throws FileError naming it, with the
 * system's reason.
 */
export async function expectWritable(path: string): Promise<void> {
  const folder = resolve(dirname(path));
  try {
    const made = await makeFolder(folder);
    try {
      await rm(await writeTemporary(path, new Uint8Array()));
      if (statSync(path, { throwIfNoEntry: false })?.isDirectory())
        throw new FileError(path, 'is a folder, not a file', 'Give a file.');
    } finally {
      // not empty any more where somebody else has begun there
      if (made !== null)
        for (let at = folder; at.length >= made.length; at = dirname(at)) await rmdir(at).catch(() => {});
    }
  } catch (error) {
    throw fileError(path, error);
  }
}

/**
 * Writes files that belong together: all under temporary names first, then renamed in the given order, so a full
 * disk leaves the old files untouched; when it returns, they last through a power cut. Throws FileError.
 * @param folders `make`: as needed; `expect`: they must be there
 * @example
 * const bytes = new Uint8Array(4);
 * await data.writeFiles(['a.bin', 'b.bin'].map((name) => ({ path: `${folder}/${name}`, bytes })));
 * (await data.listFiles(folder)).map(({ path }) => path); // ["a.bin","b.bin"]
 */
export async function writeFiles(
  files: readonly { path: string; bytes: Uint8Array }[],
  folders: 'make' | 'expect' = 'make',
): Promise<void> {
  const written: { path: string; temporary: string }[] = [];
  let current = '';
  try {
    for (const { path, bytes } of files) {
      current = path;
      if (folders === 'make') await makeFolder(dirname(path));
      written.push({ path, temporary: await writeTemporary(path, bytes) });
    }
  } catch (error) {
    for (const { temporary } of written) await rm(temporary, { force: true });
    throw fileError(current, error);
  }
  await nameFiles(written);
}
