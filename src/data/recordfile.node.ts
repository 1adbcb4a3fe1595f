/** @file Images of a manifest on disk, read one by one as they are asked for. */
import { FileError } from '../base/errors.ts';
import { parseJson } from '../base/json.ts';
import { lazyList } from '../base/lazy.ts';
import { Draft } from './files/draft.node.ts';
import { OpenFile } from './files/openfile.node.ts';
import { ManifestScan, type RecordPlaces } from './manifestscan.ts';
import { decodeManifest } from './storedecode.ts';
import { isImage, type StoredManifest } from './storedmanifest.ts';
import { advice } from './storenames.ts';
import { SubjectGathering } from './subjectcolumn.ts';
import type { PreparedImage } from './types.ts';

/** Bytes of a manifest read at a time. */
const PIECE = 2 ** 18;

/** Images written at a time. */
const GATHERED = 256;

/** Bytes read where records are read in order. */
const AHEAD = 2 ** 16;

const text = new TextDecoder();

/** The records of a manifest's images. */
class Records {
  readonly #file: OpenFile;
  readonly #places: RecordPlaces;
  readonly #views: number;
  /** Strings that many records have: one of each is enough. */
  readonly #names = new Map<string, string>();
  #window = new Uint8Array(0);
  #windowAt = 0;
  #last = -2;

  constructor(file: OpenFile, places: RecordPlaces, views: number) {
    this.#file = file;
    this.#places = places;
    this.#views = views;
  }

  /** @throws FileError where the record is none of an image, or is no longer there */
  at(index: number): PreparedImage {
    const from = this.#places.startOf(index);
    const bytes = this.#bytes(from, this.#places.startOf(index + 1), index === this.#last + 1);
    this.#last = index;
    const record = text.decode(bytes).replace(/[,\s]+$/, '');
    const image = parseJson(record, this.#file.path, advice, `has no image at byte ${from}`);
    if (!isImage(this.#views)(image))
      throw new FileError(this.#file.path, `lacks fields of image ${index}, at byte ${from}`, advice);
    const found = image as PreparedImage;
    return { ...found, subject: this.#one(found.subject), view: this.#one(found.view) };
  }

  #one(name: string): string {
    const known = this.#names.get(name);
    if (known !== undefined) return known;
    this.#names.set(name, name);
    return name;
  }

  #bytes(from: number, to: number, inOrder: boolean): Uint8Array {
    const within = from >= this.#windowAt && to <= this.#windowAt + this.#window.length;
    if (!within) {
      if (!inOrder) return this.#file.read(from, to - from);
      this.#window = this.#file.read(from, Math.min(Math.max(to - from, AHEAD), this.#file.length - from));
      this.#windowAt = from;
    }
    return this.#window.subarray(from - this.#windowAt, to - this.#windowAt);
  }
}

/** @throws FileError where the manifest cannot be read, or is none */
async function scanned(file: OpenFile) {
  const scan = new ManifestScan(file.path);
  for (let at = 0; at < file.length; at += PIECE) scan.add(file.read(at, Math.min(PIECE, file.length - at)));
  return scan.end();
}

/** What a manifest says, but for its images. @throws FileError as `decodeManifest` */
export async function manifestHead(path: string): Promise<StoredManifest> {
  return decodeManifest((await scanned(new OpenFile(path))).rest, path);
}

/** Images of a list in a file, by their places there. @param views reference views of each */
const imagesIn = (file: OpenFile, places: RecordPlaces, views: number): readonly PreparedImage[] => {
  const records = new Records(file, places, views);
  return lazyList(places.count, (index) => records.at(index));
};

/** Images that are put aside on disk until they are asked for. */
export class ImageSpool {
  readonly #draft: Draft;
  readonly #views: number;
  #waiting: string[] = [];
  #count = 0;

  private constructor(draft: Draft, views: number) {
    this.#draft = draft;
    this.#views = views;
  }

  /** @param path whose folder has them for a while, under another name @param views reference views of each @throws FileError */
  static async begin(path: string, views: number): Promise<ImageSpool> {
    const spool = new ImageSpool(await Draft.begin(path), views);
    await spool.#draft.add('{"images":[');
    return spool;
  }

  /** @throws FileError */
  async add(image: PreparedImage): Promise<void> {
    this.#waiting.push((this.#count++ > 0 ? ',' : '') + JSON.stringify(image));
    if (this.#waiting.length === GATHERED) await this.#write();
  }

  async #write(): Promise<void> {
    const text = this.#waiting.join('');
    this.#waiting = [];
    await this.#draft.add(text);
  }

  /** All that were added, read as they are asked for, also after `drop`. @throws FileError */
  async end(): Promise<readonly PreparedImage[]> {
    this.#waiting.push(']}');
    await this.#write();
    await this.#draft.end();
    const file = new OpenFile(this.#draft.temporary);
    return imagesIn(file, (await scanned(file)).places, this.#views);
  }

  /** Removes them from the folder. */
  async drop(): Promise<void> {
    await this.#draft.drop();
  }
}

/**
 * A manifest whose images are read as they are asked for; each was looked at once.
 * @throws FileError as `decodeManifest`, naming an image that is none
 */
export async function streamedManifest(path: string): Promise<StoredManifest> {
  const file = new OpenFile(path);
  const { rest, places } = await scanned(file);
  const head = decodeManifest(rest, path);
  if (head.images.length > 0) throw new FileError(path, 'lacks fields of a prepared store', advice);
  const images = imagesIn(file, places, head.referenceViews.length);
  const subjects = new SubjectGathering(places.count);
  for (const [index, image] of images.entries()) subjects.set(index, image);
  subjects.keep(images);
  return { ...head, images };
}
