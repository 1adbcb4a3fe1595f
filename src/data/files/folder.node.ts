/** @file Lists a folder, or a zip archive, to its last file; what cannot be opened is listed too, and says why when read. */

import { isUtf8 } from 'node:buffer';
import { constants, type Dirent } from 'node:fs';
import { readdir, readlink, stat } from 'node:fs/promises';
import { FileError } from '../../base/errors.ts';
import type { FileSource } from '../types.ts';
import { descriptors, readRange } from './descriptors.node.ts';
import { fileError, type Kind, kindName } from './read.node.ts';
import { failing, inOrder, isZip, refused, unique } from './sources.ts';
import { expand, listZip } from './zip.ts';
import type { RandomAccess } from './zipentry.ts';

/** A file: its path as shown, and as the disk has it, for names need not be UTF-8. */
interface FilePlace {
  readonly path: string;
  readonly at: Buffer | string;
}

/** A file or folder. */
interface Place extends FilePlace {
  readonly at: Buffer;
  /** Whether its name, or that of a folder it lies in, is not UTF-8. */
  readonly odd: boolean;
}

const slash = Buffer.from('/');

/** UTF-8 as it stands; any other bytes as Latin-1, which has a character for each. */
const textOf = (name: Buffer): string => name.toString(isUtf8(name) ? 'utf8' : 'latin1');

const notAFile = (path: string, kind: Kind): FileError =>
  new FileError(path, `is ${kindName(kind)}, not a file`, 'It was not read. Remove it from the folder.');

/** A file is opened only to read from it now, and never waited for: by now it may be a FIFO. */
async function withFile<T>(
  place: FilePlace,
  use: (descriptor: number, size: number) => Promise<T>,
): Promise<T> {
  const { path, at } = place;
  try {
    const descriptor = await descriptors.open(at, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      const stats = await descriptors.stat(descriptor);
      if (!stats.isFile()) throw notAFile(path, stats);
      return await use(descriptor, stats.size);
    } finally {
      await descriptors.close(descriptor);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw fileError(path, error);
    const problem = 'was there when its folder was listed, and is no longer';
    throw new FileError(path, problem, 'Put it back, or start again.', { cause: error });
  }
}

/** A file on disk. A folder may hold millions, so it has no closures, and no bytes of its path where that is UTF-8. */
class DiskFile implements FileSource {
  readonly path: string;
  readonly #folder: string;
  readonly #odd: Buffer | null;

  constructor(folder: string, { path, at, odd }: Place) {
    this.path = path;
    this.#folder = folder;
    this.#odd = odd ? at : null;
  }

  get #place(): FilePlace {
    return { path: this.path, at: this.#odd ?? `${this.#folder}/${this.path}` };
  }

  read(): Promise<Uint8Array> {
    return withFile(this.#place, (descriptor, size) => readRange(descriptor, 0, size));
  }

  start(length: number): Promise<{ bytes: Uint8Array; size: number }> {
    return withFile(this.#place, async (descriptor, size) => ({
      bytes: await readRange(descriptor, 0, Math.min(size, length)),
      size,
    }));
  }
}

/** An archive on disk, of which only the parts asked for are read. */
async function archiveAt(place: FilePlace): Promise<RandomAccess> {
  const size = await withFile(place, async (_, bytes) => bytes);
  return { size, read: (at, length) => withFile(place, (descriptor) => readRange(descriptor, at, length)) };
}

async function linkError({ path, at }: Place, error: unknown): Promise<FileError> {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== 'ENOENT' && code !== 'ENOTDIR') return fileError(path, error);
  const target = await readlink(at, 'buffer').then(textOf, () => 'a file');
  const [how, fix] =
    code === 'ENOENT'
      ? ['does not exist', 'Bring back what it leads to, or remove the link.']
      : ['lies under a file', 'Remove the link.'];
  return new FileError(path, `is a link to ${target}, which ${how}`, fix, { cause: error });
}

/** What a folder holds, in an order of its own: the names in UTF-8 first, so that theirs are the plain ones. */
async function entriesOf({ path, at, odd }: Place): Promise<{ entry: Dirent<Buffer>; place: Place }[]> {
  const entries = await readdir(at, { encoding: 'buffer', withFileTypes: true });
  entries.sort(({ name: a }, { name: b }) => Number(isUtf8(b)) - Number(isUtf8(a)) || Buffer.compare(a, b));
  const taken = new Set<string>();
  return entries.map((entry) => {
    const name = unique(textOf(entry.name), taken);
    const place = {
      path: path === '' ? name : `${path}/${name}`,
      at: Buffer.concat([at, slash, entry.name]),
      odd: odd || !isUtf8(entry.name),
    };
    return { entry, place };
  });
}

async function identityOf(at: Buffer | string): Promise<string> {
  const { dev, ino } = await stat(at, { bigint: true });
  return `${dev}:${ino}`;
}

class Listing {
  readonly found: FileSource[] = [];
  /** Found under names that are not UTF-8: of two copies the plainly named one should count. */
  readonly odd: FileSource[] = [];
  /** Folders by identity, as shown; null for those that hold the one being listed. */
  readonly #seen = new Map<string, string | null>();
  #links: Place[] = [];
  readonly #root: string;

  constructor(folder: string) {
    this.#root = folder;
  }

  /** Throws what the operating system throws when the folder cannot be listed. */
  async root(): Promise<void> {
    const folder = this.#root;
    await this.#noteAbove(folder);
    await this.#enter({ path: '', at: Buffer.from(folder), odd: false }, false);
    // Folders go before links to them: each is listed once, under its own path where it has one.
    while (this.#links.length > 0) {
      const links = this.#links.sort((a, b) => (a.path < b.path ? -1 : 1));
      this.#links = [];
      for (const link of links) await this.#folder(link, true);
    }
  }

  /** A link to a folder above would lead to everything beside the one being listed, and back into it. */
  async #noteAbove(folder: string): Promise<void> {
    let last = await identityOf(folder);
    for (let at = `${folder}/..`; ; at += '/..') {
      const above = await identityOf(at).catch(() => last);
      if (above === last) return;
      this.#seen.set(above, null);
      last = above;
    }
  }

  /** `linked`: reached through a link, so that it may have been listed before. */
  async #folder(place: Place, linked: boolean): Promise<void> {
    try {
      await this.#enter(place, linked);
    } catch (error) {
      this.found.push(failing(place.path, fileError(place.path, error)));
    }
  }

  async #enter(place: Place, linked: boolean): Promise<void> {
    const identity = await identityOf(place.at);
    const seen = linked ? this.#seen.get(identity) : undefined;
    if (seen !== undefined) {
      this.found.push(refuseAgain(place.path, seen));
      return;
    }
    this.#seen.set(identity, place.path);
    for (const { entry, place: inner } of await entriesOf(place)) {
      if (entry.isDirectory()) await this.#folder(inner, linked);
      else if (entry.isSymbolicLink()) await this.#link(inner);
      else await this.#file(inner, entry);
    }
  }

  async #link(place: Place): Promise<void> {
    try {
      const stats = await stat(place.at);
      if (stats.isDirectory()) this.#links.push(place);
      else await this.#file(place, stats);
    } catch (error) {
      this.found.push(failing(place.path, await linkError(place, error)));
    }
  }

  async #file(place: Place, kind: Kind): Promise<void> {
    const { path } = place;
    if (!kind.isFile()) {
      this.found.push(failing(path, notAFile(path, kind)));
      return;
    }
    const source = new DiskFile(this.#root, place);
    const found = place.odd ? this.odd : this.found;
    for (const inner of await expand(source, () => archiveAt(place))) found.push(inner);
  }
}

function refuseAgain(path: string, seen: string | null): FileSource {
  if (seen === null)
    return refused(
      path,
      'leads to a folder that holds the one being read',
      'It was not followed: give that folder to read all of it.',
    );
  const where = seen === '' ? 'the folder being read' : `${seen}, which is listed already`;
  return refused(path, `leads to ${where}`, 'It is read once; the link can be removed.');
}

function rootError(folder: string, error: unknown): FileError {
  // What the shell passes on in other bytes arrives in Node as U+FFFD.
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || !folder.includes('\uFFFD'))
    return fileError(folder, error);
  const problem = 'does not exist under this name, which is not UTF-8';
  return new FileError(folder, problem, 'Give the folder that holds it.', { cause: error });
}

async function listArchive(file: string): Promise<FileSource[]> {
  const place = { path: file, at: Buffer.from(file), odd: false };
  return listZip(file, await archiveAt(place), '');
}

/**
 * Every file under a folder, sorted by path (code units), names that are not UTF-8 last. Links are followed, each folder is listed once, and zip
 * archives are listed like folders (`study.zip/inner/path`); one may also be given as the folder. Listing holds paths,
 * no contents. What cannot be read is listed as well: its `read()` rejects with a FileError that says why.
 * Throws FileError when the folder itself is missing or cannot be listed.
 * @example
 * const files = await data.listFiles(study);
 * [files.length, files[0].path, (await files[0].read()).length > 2048]; // [28,"2ch_1/IM-0001-0001.dcm",true]
 */
export async function listFiles(folder: string): Promise<FileSource[]> {
  try {
    const stats = await stat(folder);
    if (stats.isFile() && isZip(folder)) return inOrder(await listArchive(folder));
    if (!stats.isDirectory())
      throw new FileError(folder, 'is not a folder', 'Give a folder, or a zip archive (.zip).');
    const listing = new Listing(folder);
    await listing.root();
    return [...inOrder(listing.found), ...inOrder(listing.odd)];
  } catch (error) {
    throw rootError(folder, error);
  }
}
