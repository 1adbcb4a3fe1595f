/** @file Reads the headers of many files: what is an image, what is not, and why. */

import { PlanewiseError } from '../base/errors.ts';
import { inLine } from '../base/printable.ts';
import { Copies } from './copies.ts';
import { type FileStart, isDicom, wholeFile } from './dicom/encoding.ts';
import { notDicom, ofWhole, openStart } from './dicom/file.ts';
import { headersOf } from './dicom/frames.ts';
import type { DicomHeader } from './dicom/header.ts';
import { notAnImage } from './dicom/kinds.ts';
import { PackedHeaders } from './packedheaders.ts';
import type { FileSource, Reason, SkippedFile } from './types.ts';

/** A readable image: its header, and where its bytes are. */
export interface ScannedImage {
  readonly source: FileSource;
  /** Of `scanFiles` its fields are made as they are read: an object of all of them is `JSON.parse(JSON.stringify(header))`. */
  readonly header: DicomHeader;
}

/** Images that are not used, and why. */
export type LeftOut = Map<ScannedImage, Reason>;

/** How far a long pass has come. */
export interface Progress {
  readonly phase: 'scan' | 'decode';
  readonly done: number;
  readonly total: number;
  readonly file: string;
}

/** What a folder holds: images by their headers, and what else. */
export interface Scan {
  readonly images: readonly ScannedImage[];
  readonly skipped: readonly SkippedFile[];
  /** Paths of files that are neither DICOM by content nor by name: contours, licences and the like. */
  readonly ignored: readonly string[];
}

/**
 * The reason that stands for an error: planewise's own code, or READ for what a file source threw.
 * @example
 * data.reasonOf(new FileError('scan.dcm', 'is truncated', 'Copy it again.')).code; // "FILE"
 */
export function reasonOf(error: unknown): Reason {
  if (error instanceof PlanewiseError) return { code: error.code, message: error.message };
  return { code: 'READ', message: inLine(error instanceof Error ? error.message : String(error)) };
}

/** A skipped file and why, as one clause; planewise's own errors name the file themselves. */
export function skippedText({ file, reason }: SkippedFile): string {
  const name = inLine(file);
  return reason.message.startsWith(`${name}:`) ? reason.message : `${name}: ${inLine(reason.message)}`;
}

/** Left-out images as files, each file and reason once. */
export function skippedOf(left: ReadonlyMap<ScannedImage, Reason>): SkippedFile[] {
  const files = new Map<string, SkippedFile>();
  for (const [{ source }, reason] of left)
    files.set(`${source.path} ${reason.code}`, { file: source.path, reason });
  return [...files.values()];
}

/** Folder of a path, '' at the root. */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

/** What an image's series is known by: SeriesInstanceUID, else its folder. */
export const seriesOf = ({ header, source }: ScannedImage): string =>
  header.seriesUid ?? folderOf(source.path);

const dicomName = /\.(dcm|dicom|ima)$/i;

type Finding = { readonly headers: readonly DicomHeader[] } | { readonly reason: Reason } | null;

/** The starts of files, some asked for ahead: while one is looked at, disks and networks get the next. */
class Ahead {
  readonly #files: readonly FileSource[];
  readonly #started = new Map<number, Promise<FileStart>>();
  #next = 0;
  /** Bytes read of a file at first: as many as headers took so far. */
  #bytes = 2 ** 13;

  constructor(files: readonly FileSource[]) {
    this.#files = files;
  }

  /** After a file whose header took more. */
  more(): void {
    this.#bytes = Math.min(2 ** 18, 2 * this.#bytes);
  }

  /** The start of file `index`; a read that fails does so here, when its file is at hand. */
  async at(index: number): Promise<FileStart> {
    for (; this.#next < Math.min(this.#files.length, index + READ_AHEAD); this.#next++) {
      const start = this.#startOf(this.#files[this.#next]!);
      start.catch(() => {});
      this.#started.set(this.#next, start);
    }
    const start = this.#started.get(index)!;
    this.#started.delete(index);
    return start;
  }

  async #startOf(source: FileSource): Promise<FileStart> {
    return source.start ? source.start(this.#bytes) : wholeFile(await source.read());
  }
}

/** Files read at a time. */
const READ_AHEAD = 4;

/** What a file is by its first bytes, or by all of them where these are not enough. */
async function scanFile(source: FileSource, start: FileStart, ahead: Ahead): Promise<Finding> {
  let from = start;
  for (let length = 16 * start.bytes.length; ; length *= 16) {
    if (from.bytes.length >= from.size) return ofWhole(source.path, () => findingOf(source, from));
    try {
      return findingOf(source, from);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      ahead.more();
    }
    from = await longer(source, length, from.size);
  }
}

/** Sixteen times as much of a file: what its first bytes do not tell, all of a large one is seldom needed for. */
async function longer(source: FileSource, length: number, size: number): Promise<FileStart> {
  return source.start && length > 0 && length < size ? source.start(length) : wholeFile(await source.read());
}

/** Within so many bytes a file without DICOM's marker must begin as a data set does; any more would be read in vain. */
const MOST_LOOKED_AT = 2 ** 17;

/** Whether a file is DICOM. Throws RangeError where more of it must be seen. */
function begins(start: FileStart): boolean {
  try {
    return isDicom(start);
  } catch (error) {
    const { length } = start.bytes;
    if (!(error instanceof RangeError) || length < MOST_LOOKED_AT || length >= start.size) throw error;
    return false;
  }
}

function findingOf(source: FileSource, start: FileStart): Finding {
  if (!begins(start)) {
    // Contours, licences and the like are not worth a word unless they claim to be DICOM.
    if (!dicomName.test(source.path)) return null;
    throw notDicom(source.path);
  }
  const dicom = openStart(start, source.path);
  const reason = notAnImage(dicom);
  return reason ? { reason } : { headers: headersOf(dicom) };
}

/**
 * Reads every file's header, in the given order; a file of several images gives as many. Files that are neither DICOM by
 * content nor by name (.dcm, .dicom, .ima) are `ignored`; those that cannot be used, and copies of an image already
 * seen, are `skipped` with the reason.
 * @example
 * const file = (path) => ({ path, read: async () => new TextEncoder().encode('no image') });
 * const { images, skipped, ignored } = await data.scanFiles([file('notes.txt'), file('scan.dcm')]);
 * [images.length, skipped.map((one) => one.file), ignored]; // [0,["scan.dcm"],["notes.txt"]]
 */
export async function scanFiles(
  files: readonly FileSource[],
  onProgress?: (progress: Progress) => void,
): Promise<Scan> {
  const images: ScannedImage[] = [];
  const skipped: SkippedFile[] = [];
  const ignored: string[] = [];
  const copies = new Copies();
  const headers = new PackedHeaders();
  const ahead = new Ahead(files);
  for (const [index, source] of files.entries()) {
    const skip = (reason: Reason): number => skipped.push({ file: source.path, reason });
    try {
      const found = await scanFile(source, await ahead.at(index), ahead);
      if (found === null) ignored.push(source.path);
      else if ('reason' in found) skip(found.reason);
      else
        for (const header of found.headers) {
          const image = headers.add(source, header);
          const copy = await copies.originalOf(image);
          if (copy) skip({ code: 'COPY', message: `Same image as ${copy.source.path}.` });
          else images.push(image);
        }
    } catch (error) {
      skip(reasonOf(error));
    }
    onProgress?.({ phase: 'scan', done: index + 1, total: files.length, file: source.path });
  }
  return { images, skipped, ignored };
}
