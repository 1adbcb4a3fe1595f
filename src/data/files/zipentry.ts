/** @file What a zip archive (PKWARE's APPNOTE 6.3) holds: its directory, and one file's bytes, unpacked and checked. */

import type { Reader } from '@zip.js/zip.js/lib/zip-core-reader.js';
import { FileError } from '../../base/errors.ts';
import { crc32 } from '../../base/hash.ts';
import { inflateStart, inflateUpTo, mostUnpacked } from './unpack.ts';

/** Bytes of which any part can be read without the rest. */
export interface RandomAccess {
  readonly size: number;
  /** Bytes `at` … `at + length`, fewer where they end before; a copy that is the caller's own. */
  read(at: number, length: number): Promise<Uint8Array>;
}

/** What is kept of a file in an archive: all the library knows of one takes some kilobytes. */
export interface ZipEntry {
  /** As the archive's directory has it. */
  readonly name: string;
  /** Where its local header begins. */
  readonly offset: number;
  readonly packedSize: number;
  readonly size: number;
  readonly method: number;
  readonly crc: number;
  readonly encrypted: boolean;
  /** A symbolic link, its target the content. */
  readonly link: boolean;
}

const again = 'Copy or export the archive again.';
export const unpack = 'Unpack the archive and give the folder.';

const damaged = (path: string, how: string, cause?: unknown): FileError =>
  new FileError(path, `is damaged: ${how}`, again, { cause });

const localHeader = 0x04034b50;
const localHeaderBytes = 30;
/** What an archive begins with: a file, nothing (APPNOTE 4.3.16), or the mark of a split one (8.5.3). */
const signatures: readonly number[] = [localHeader, 0x06054b50, 0x08074b50, 0x30304b50];

async function signatureAt(bytes: RandomAccess, at: number): Promise<number> {
  const { buffer, byteOffset, byteLength } = await bytes.read(at, 4);
  return byteLength < 4 ? 0 : new DataView(buffer, byteOffset).getUint32(0, true);
}

/** What the library's error means for an archive that begins with `signature`. */
function directoryError(file: string, { size }: RandomAccess, signature: number, cause: unknown): FileError {
  if (cause instanceof FileError) return cause;
  const message = cause instanceof Error ? cause.message : '';
  const make = (problem: string, fix: string): FileError => new FileError(file, problem, fix, { cause });
  if (size === 0) return make('is empty', again);
  if (message === 'Split zip file') return make('is one part of a split archive', unpack);
  if (message.startsWith('Encrypted')) return make('is encrypted', unpack);
  if (!signatures.includes(signature))
    return make('is no zip archive, though its name says so', 'Export it again, or give it its right name.');
  if (message === 'End of central directory not found')
    return make('is cut short: the directory at its end is missing', again);
  return damaged(file, 'its directory cannot be read', cause);
}

/** Throws FileError where entries have more bytes than the archive: what shares bytes becomes any number of files. */
function checkApart(file: string, entries: readonly ZipEntry[], size: number): void {
  const there = entries.filter(({ offset, packedSize }) => offset + packedSize <= size);
  if (there.reduce((sum, { packedSize }) => sum + packedSize, 0) > size)
    throw damaged(file, 'files in it overlap');
}

/** The archive's files, in the order of its directory. Throws FileError. */
export async function zipEntries(file: string, bytes: RandomAccess): Promise<ZipEntry[]> {
  // With the first archive and not before: most folders have none.
  const { ZipReader } = await import('@zip.js/zip.js/lib/zip-core-reader.js');
  const signature = await signatureAt(bytes, 0);
  const entries: ZipEntry[] = [];
  let first = Number.POSITIVE_INFINITY;
  try {
    // What is no class of the library's own does as well, if it has these two.
    const source = {
      size: bytes.size,
      readUint8Array: (at: number, length: number) => bytes.read(at, length),
    };
    const reader = new ZipReader(source as Reader<never>, { filenameValidation: 'tolerant' });
    for await (const entry of reader.getEntriesGenerator()) {
      const { filename: name, offset, compressedSize: packedSize, uncompressedSize: size } = entry;
      const { compressionMethod: method, crc32: crc = 0, encrypted, symlink: link } = entry;
      first = Math.min(first, offset);
      if (!entry.directory && !name.endsWith('\\'))
        entries.push({ name, offset, packedSize, size, method, crc, encrypted, link });
    }
  } catch (error) {
    throw directoryError(file, bytes, signature, error);
  }
  checkApart(file, entries, bytes.size);
  // Cut short behind an archive within: that one's directory is found then, which knows of no file before it.
  if (signature === localHeader && first !== 0)
    throw damaged(file, 'its directory does not list its first file');
  return entries;
}

/** Where an entry's bytes begin: after its local header (APPNOTE 4.3.7), whose length only that header tells. */
export async function zipEntryStart(bytes: RandomAccess, entry: ZipEntry, path: string): Promise<number> {
  const header = await bytes.read(entry.offset, localHeaderBytes);
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  if (header.length < localHeaderBytes || view.getUint32(0, true) !== localHeader)
    throw damaged(path, 'it is not where the directory of its archive says');
  const start = entry.offset + localHeaderBytes + view.getUint16(26, true) + view.getUint16(28, true);
  if (start + entry.packedSize > bytes.size) throw damaged(path, 'its archive ends before it does');
  return start;
}

/** Deflate packs 1032 bytes into one at most, and a directory may claim any size. */
const MOST_PACKED = 1032;

/** More than this no array holds in Node or Chrome. */
const mostBytes = 2 ** 32 - 1;

/** Stored or deflated bytes as they were; a wrong length where `size` is wrong. */
function unpacked(packed: Uint8Array, { method, size }: ZipEntry): Uint8Array {
  if (method === 0) return packed;
  if (size > MOST_PACKED * packed.length) return new Uint8Array();
  return inflateUpTo(packed, size) ?? new Uint8Array();
}

/** Throws FileError where an entry claims to become more than its packed bytes may. */
function checkClaim({ size, packedSize, method }: ZipEntry, path: string): void {
  if (method === 0 || size <= mostUnpacked(packedSize) || size > MOST_PACKED * packedSize) return;
  const problem = `claims to be ${size} bytes, packed into ${packedSize}`;
  throw new FileError(path, problem, `If that is right: ${unpack.charAt(0).toLowerCase()}${unpack.slice(1)}`);
}

/** A stored or deflated entry's first `length` bytes, unchecked but for damage. Throws FileError. */
export async function zipEntryHead(
  bytes: RandomAccess,
  entry: ZipEntry,
  path: string,
  length: number,
): Promise<Uint8Array> {
  const { method, packedSize } = entry;
  const start = await zipEntryStart(bytes, entry, path);
  // deflate takes more bytes than there were by a few in ten thousand at most
  const packed = await bytes.read(start, Math.min(packedSize, length + (method === 0 ? 0 : 2 ** 10)));
  if (method === 0) return packed;
  try {
    const isWhole = packed.length === packedSize;
    return (isWhole && inflateUpTo(packed, length)) || inflateStart(packed, length);
  } catch (error) {
    throw damaged(path, 'it cannot be unpacked', error);
  }
}

/** A stored or deflated entry's bytes. Throws FileError where they do not have their size and checksum. */
export async function readZipEntry(bytes: RandomAccess, entry: ZipEntry, path: string): Promise<Uint8Array> {
  const tooLarge = (cause?: unknown): FileError =>
    new FileError(path, 'does not fit into memory', unpack, { cause });
  if (Math.max(entry.size, entry.packedSize) > mostBytes) throw tooLarge();
  checkClaim(entry, path);
  const packed = await bytes.read(await zipEntryStart(bytes, entry, path), entry.packedSize);
  let content: Uint8Array;
  try {
    content = unpacked(packed, entry);
  } catch (error) {
    throw error instanceof RangeError ? tooLarge(error) : damaged(path, 'it cannot be unpacked', error);
  }
  if (content.length !== entry.size || crc32(content) !== entry.crc)
    throw damaged(path, 'it does not match its checksum');
  return content;
}
