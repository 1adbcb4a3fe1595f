/** @file Reads files on disk, and says what the operating system's errors mean. */

import { open, stat } from 'node:fs/promises';
import { FileError } from '../../base/errors.ts';
import { partBytes, readRange } from './descriptors.node.ts';

/** What Node knows of what a path leads to. */
export interface Kind {
  isFile(): boolean;
  isFIFO(): boolean;
  isSocket(): boolean;
  isDirectory(): boolean;
}

const causes: Record<string, [problem: string, fix: string]> = {
  ENOENT: ['does not exist', 'Check the path.'],
  ENOTDIR: ['is not a folder, or lies under a file', 'Give a folder.'],
  EEXIST: ['could not be written: a file stands where its folder should', 'Choose another folder.'],
  EISDIR: ['is a folder, not a file', 'Give a file.'],
  EACCES: ['may not be accessed', 'Change its permissions.'],
  EPERM: ['may not be accessed', 'Change its permissions.'],
  EROFS: ['is on a read-only file system', 'Choose another folder.'],
  ELOOP: ['is a link that leads back to itself', 'Remove the link.'],
  ENAMETOOLONG: [
    'has a path longer than the system allows',
    'Move the folder nearer to the root of the disk.',
  ],
  EIO: ['could not be read or written: the disk reports a fault', 'Copy the folder to another disk.'],
  EMFILE: ['could not be opened: too many files are open', 'Raise the limit (ulimit -n).'],
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

/** The code of an error of the operating system. */
export const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException | undefined)?.code ?? '';

/** Folders are made one by one, in one that is there: it is not a path that is wrong. */
const noNewFolder: [problem: string, fix: string] = [
  'cannot be made: nothing new can be made in the folder above it',
  'Choose another folder.',
];

const causeOf = (error: unknown): [problem: string, fix: string] | undefined =>
  codeOf(error) === 'ENOENT' && (error as NodeJS.ErrnoException).syscall === 'mkdir'
    ? noNewFolder
    : causes[codeOf(error)];

/**
 * A FileError that says what the operating system's error means.
 * @example
 * const denied = Object.assign(new Error('no'), { code: 'EACCES' });
 * data.fileError('scan.dcm', denied).message; // "scan.dcm: may not be accessed. Change its permissions."
 */
export function fileError(file: string, error: unknown): FileError {
  if (error instanceof FileError) return error;
  const code = codeOf(error);
  if (error instanceof RangeError && !code)
    return new FileError(file, 'does not fit into memory', 'Give a smaller file.', { cause: error });
  const [problem, fix] = causeOf(error) ?? [String(error), 'Check the file and the disk.'];
  return new FileError(file, problem, fix, { cause: error });
}

/**
 * Throws FileError for what would never end, or for which a reader waits. A FIFO that the shell made is the user's own.
 */
async function expectFile(path: string): Promise<void> {
  const stats = await stat(path);
  if (stats.isFile() || stats.isDirectory() || (stats.isFIFO() && /^\/(dev|proc)\//.test(path))) return;
  throw new FileError(path, `is ${kindName(stats)}, not a file`, 'Give a file.');
}

/** What else than a file a path leads to. */
export function kindName(kind: Kind): string {
  if (kind.isFIFO()) return 'a FIFO';
  if (kind.isSocket()) return 'a socket';
  return kind.isDirectory() ? 'a folder' : 'a device';
}

/**
 * A file's bytes, whatever its size. Throws FileError.
 * @example
 * const bytes = await data.readBytes(`${study}/2ch_1/IM-0001-0001.dcm`);
 * new TextDecoder().decode(bytes.slice(128, 132)); // "DICM"
 */
export async function readBytes(path: string): Promise<Uint8Array> {
  try {
    await expectFile(path);
    const handle = await open(path);
    try {
      const { size } = await handle.stat();
      // What the system makes as it is read has no size of its own.
      if (size > partBytes) return await readRange(handle.fd, 0, size);
      const buffer = await handle.readFile();
      return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw fileError(path, error);
  }
}
