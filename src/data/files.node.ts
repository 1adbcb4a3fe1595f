/** @file Folders and files on disk: list, read, and write so that a failure leaves the old content. */

import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { FileError } from '../tensor/errors.ts';
import type { FileSource } from './types.ts';

const causes: Record<string, [problem: string, fix: string]> = {
  ENOENT: ['does not exist', 'Check the path.'],
  ENOTDIR: ['is not a folder, or lies under a file', 'Give a folder.'],
  EEXIST: ['could not be written: a file stands where its folder should', 'Choose another folder.'],
  EISDIR: ['is a folder, not a file', 'Give a file.'],
  EACCES: ['may not be accessed', 'Change its permissions.'],
  EPERM: ['may not be accessed', 'Change its permissions.'],
  EROFS: ['is on a read-only file system', 'Choose another folder.'],
  ENOSPC: ['could not be written: the disk is full', 'Free some space; what was there before is unchanged.'],
  EFBIG: [
    'could not be written: it would exceed the largest file size allowed',
    'Raise the limit (ulimit -f) or choose another disk; what was there before is unchanged.',
  ],
  EDQUOT: [
    'could not be written: the quota is used up',
    'Free some space; what was there before is unchanged.',
  ],
};

/** A FileError that says what the operating system's error means. */
export function fileError(file: string, error: unknown): FileError {
  if (error instanceof FileError) return error;
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const [problem, fix] = causes[code] ?? [String(error), 'Check the file and the disk.'];
  return new FileError(file, problem, fix, { cause: error });
}

/** Above this a file is read in parts: one read call of Node stops at 2 GiB. */
const partBytes = 2 ** 30;

async function readParts(path: string, size: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(size);
  const handle = await open(path);
  try {
    for (let at = 0; at < size; ) {
      const { bytesRead } = await handle.read(bytes, at, Math.min(partBytes, size - at), at);
      if (bytesRead === 0) return bytes.subarray(0, at);
      at += bytesRead;
    }
    return bytes;
  } finally {
    await handle.close();
  }
}

/** A file's bytes, whatever its size. Throws FileError. */
export async function readBytes(path: string): Promise<Uint8Array> {
  try {
    const { size } = await stat(path);
    if (size > partBytes) return await readParts(path, size);
    const buffer = await readFile(path);
    return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  } catch (error) {
    throw fileError(path, error);
  }
}

async function walk(root: string, under: string, found: string[]): Promise<void> {
  const entries = await readdir(join(root, under), { withFileTypes: true });
  for (const entry of entries) {
    const path = under === '' ? entry.name : `${under}/${entry.name}`;
    if (entry.isDirectory()) await walk(root, path, found);
    else found.push(path);
  }
}

/**
 * Every file under a folder, sorted by path (code units), links followed for files only.
 * Throws FileError when the folder is missing or cannot be read.
 */
export async function listFiles(folder: string): Promise<FileSource[]> {
  const found: string[] = [];
  try {
    await walk(folder, '', found);
  } catch (error) {
    throw fileError(folder, error);
  }
  return found.sort().map((path) => ({ path, read: () => readBytes(join(folder, path)) }));
}

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
