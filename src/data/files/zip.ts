/** @file Zip archives read in place, on disk and in the browser: their files are listed like those of a folder. */

import { FileError } from '../../base/errors.ts';
import type { FileSource } from '../types.ts';
import { failing, isZip, refused, unique } from './sources.ts';
import { mostUnpacked } from './unpack.ts';
import {
  type RandomAccess,
  readZipEntry,
  unpack,
  type ZipEntry,
  zipEntries,
  zipEntryHead,
  zipEntryStart,
} from './zipentry.ts';

/** A browser's file. Its reads throw FileError. */
export function blobAccess(path: string, blob: Blob): RandomAccess {
  return {
    size: blob.size,
    async read(at, length) {
      try {
        return new Uint8Array(await blob.slice(at, at + length).arrayBuffer());
      } catch (cause) {
        const problem = 'could not be read by the browser';
        throw new FileError(path, problem, 'Check its permissions, and choose it again.', { cause });
      }
    },
  };
}

/** Methods by number (APPNOTE 4.4.5) that are met and not read. */
const methods: Readonly<Record<number, string>> = {
  1: 'Shrink',
  6: 'Implode',
  9: 'Deflate64',
  12: 'bzip2',
  14: 'LZMA',
  20: 'Zstandard',
  93: 'Zstandard',
  95: 'XZ',
  98: 'PPMd',
};

/** Why an entry is not read, or null. */
function refusal(path: string, { encrypted, link, method }: ZipEntry): FileSource | null {
  if (encrypted)
    return refused(path, 'is encrypted', 'Unpack the archive with its password and give the folder.');
  if (link) return refused(path, 'is a link within an archive', unpack);
  if (method === 0 || method === 8) return null;
  return refused(path, `is packed by ${methods[method] ?? `method ${method}`}, which is not read`, unpack);
}

/** The packed archive within an archive that was read last: its files are read one after the other, each needs all of it. */
let held: { readonly entry: ZipEntry; readonly content: Promise<Uint8Array> } | null = null;

const mostHeld = 256 * 2 ** 20;

/** An archive within an archive: in place where it is stored as it is, in memory otherwise. */
async function innerAccess(bytes: RandomAccess, entry: ZipEntry, path: string): Promise<RandomAccess> {
  const { size, method } = entry;
  if (method === 0) {
    const start = await zipEntryStart(bytes, entry, path);
    return { size, read: (at, length) => bytes.read(start + at, Math.max(0, Math.min(length, size - at))) };
  }
  if (size > mostHeld || size > mostUnpacked(entry.packedSize))
    throw new FileError(path, 'is too large to be read within another archive', unpack);
  return {
    size,
    async read(at, length) {
      if (held?.entry !== entry) held = { entry, content: readZipEntry(bytes, entry, path) };
      return (await held.content).slice(at, at + length);
    },
  };
}

/** Path within an archive: no backslashes, and no way out of it. */
function innerPath(name: string): string {
  const parts = name.split(/[\\/]/).filter((part) => !['', '.', '..'].includes(part));
  return parts.join('/') || 'unnamed';
}

/** How deep archives within archives are opened: there are some that contain themselves. */
const mostDepth = 2;

async function sourcesAt(
  path: string,
  bytes: RandomAccess,
  entry: ZipEntry,
  depth: number,
): Promise<FileSource[]> {
  const no = refusal(path, entry);
  if (no) return [no];
  const source: FileSource = {
    path,
    read: () => readZipEntry(bytes, entry, path),
    async start(length) {
      return {
        bytes: await zipEntryHead(bytes, entry, path, Math.min(length, entry.size)),
        size: entry.size,
      };
    },
  };
  return expand(source, () => innerAccess(bytes, entry, path), depth);
}

/**
 * The files of a zip archive, unsorted, their paths behind `prefix`; those that cannot be read say why when read.
 * `file` is the archive's own name. Throws FileError when the archive has no directory that can be read.
 */
export async function listZip(
  file: string,
  bytes: RandomAccess,
  prefix: string,
  depth = 1,
): Promise<FileSource[]> {
  const entries = await zipEntries(file, bytes);
  const latest = new Map(entries.map((entry) => [entry.name, entry]));
  const isLatest = (entry: ZipEntry): boolean => latest.get(entry.name) === entry;
  const taken = new Set<string>();
  const found: FileSource[] = [];
  const nameOf = ({ name }: ZipEntry): string => prefix + unique(innerPath(name), taken);
  for (const entry of entries.filter(isLatest))
    for (const source of await sourcesAt(nameOf(entry), bytes, entry, depth)) found.push(source);
  // Of two files of one name the later stands, as it does when they are unpacked.
  const replaced = 'is replaced by a later file of the same name in its archive';
  for (const entry of entries)
    if (!isLatest(entry)) found.push(refused(nameOf(entry), replaced, 'That one is read.'));
  return found;
}

const otherArchive = /\.(7z|rar|iso|tar|tgz|tbz2?|txz|tar\.(gz|bz2|xz|zst))$/i;

/** What a file stands for: itself, or what the archive that it is holds. Never throws: an archive's error is its source's. */
export async function expand(
  source: FileSource,
  open: () => Promise<RandomAccess>,
  depth = 0,
): Promise<FileSource[]> {
  const { path } = source;
  if (otherArchive.test(path)) return [refused(path, 'is an archive of a kind that is not opened', unpack)];
  if (!isZip(path)) return [source];
  if (depth >= mostDepth) return [refused(path, 'is an archive too deep within others', unpack)];
  try {
    return await listZip(path, await open(), `${path}/`, depth + 1);
  } catch (error) {
    return [failing(path, error)];
  }
}
