/** @file A store that is written while its images are prepared: pixels and images as they are made, the rest at the end. */
import { join } from 'node:path';
import type { PreparedSink, SinkKind } from './prepareinto.ts';
import { ImageSpool } from './recordfile.node.ts';
import { writeStore } from './store.node.ts';
import { manifestName } from './storenames.ts';
import { StoreWriter } from './storewriter.node.ts';
import type { PreparedData, PreparedImage } from './types.ts';

/** Values gathered before they are written. */
const GATHERED = 2 ** 18;

/** A store whose pixels and images come one after another. Its images are put aside, for their names may change at the end. */
class ComingStore implements PreparedSink {
  readonly #folder: string;
  #writer: StoreWriter | null = null;
  #spool: ImageSpool | null = null;
  #gathered = new Float32Array(0);
  #length = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async add(image: PreparedImage, pixels: Float32Array, { size, dtype, views }: SinkKind): Promise<void> {
    if (!this.#writer) {
      this.#writer = await StoreWriter.begin(this.#folder, { size, dtype, masks: false, colours: false });
      this.#spool = await ImageSpool.begin(join(this.#folder, manifestName), views);
      this.#gathered = new Float32Array(pixels.length * Math.max(1, Math.floor(GATHERED / pixels.length)));
    }
    this.#gathered.set(pixels, this.#length);
    this.#length += pixels.length;
    await this.#spool!.add(image);
    if (this.#length === this.#gathered.length) await this.#write(this.#writer);
  }

  async #write(writer: StoreWriter): Promise<void> {
    await writer.addPixels(this.#gathered.subarray(0, this.#length));
    this.#length = 0;
  }

  async images(): Promise<readonly PreparedImage[]> {
    return this.#spool ? this.#spool.end() : [];
  }

  async finish(data: PreparedData): Promise<void> {
    const writer = this.#writer;
    if (!writer) return writeStore(this.#folder, data);
    await this.#write(writer);
    await writer.addImages(data.manifest.images);
    // before names are synced, or a power cut could bring it back
    await this.#spool!.drop();
    await writer.finish(data.manifest);
  }

  async drop(): Promise<void> {
    await this.#writer?.drop();
    await this.#spool?.drop();
  }
}

/**
 * Prepares into a store, as `writeStore` writes it: an older one in `folder` is replaced at the end, or untouched where
 * anything fails. Pixels of DICOM images are held a megabyte at a time, and
 * their records are read again as they are asked for.
 * @param prepare is given what takes images, and need not use it
 * @param check is awaited before the store is finished
 * @throws what `prepare` throws; as `writeStore`
 */
export async function prepareStore<T extends { readonly data: PreparedData }>(
  folder: string,
  prepare: (into: PreparedSink) => Promise<T>,
  check: () => Promise<void>,
): Promise<T> {
  const coming = new ComingStore(folder);
  try {
    const prepared = await prepare(coming);
    await check();
    await coming.finish(prepared.data);
    return prepared;
  } catch (error) {
    await coming.drop();
    throw error;
  }
}
