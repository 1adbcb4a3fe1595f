/** @file A store that is written while its images are prepared: pixels as they are made, the rest at the end. */
import type { PrepareOptions } from './prepare.ts';
import { writeStore } from './store.node.ts';
import { StoreWriter } from './storewriter.node.ts';
import type { PreparedData } from './types.ts';

type OnPixels = NonNullable<PrepareOptions['onPixels']>;

/** Values gathered before they are written. */
const GATHERED = 2 ** 18;

/** Pixels that come one image after another. */
class ComingPixels {
  readonly #folder: string;
  #writer: StoreWriter | null = null;
  #gathered = new Float32Array(0);
  #length = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async take(...[pixels, { size, dtype }]: Parameters<OnPixels>): Promise<void> {
    if (!this.#writer) {
      this.#writer = await StoreWriter.begin(this.#folder, { size, dtype, masks: false, colours: false });
      this.#gathered = new Float32Array(pixels.length * Math.max(1, Math.floor(GATHERED / pixels.length)));
    }
    this.#gathered.set(pixels, this.#length);
    this.#length += pixels.length;
    if (this.#length === this.#gathered.length) await this.#write(this.#writer);
  }

  async #write(writer: StoreWriter): Promise<void> {
    await writer.addPixels(this.#gathered.subarray(0, this.#length));
    this.#length = 0;
  }

  async finish(data: PreparedData): Promise<void> {
    const writer = this.#writer;
    if (!writer) return writeStore(this.#folder, data);
    await this.#write(writer);
    await writer.addImages(data.manifest.images);
    await writer.finish(data.manifest);
  }

  async drop(): Promise<void> {
    await this.#writer?.drop();
  }
}

/**
 * Prepares into a store, as `writeStore` writes it: an older one in `folder` is replaced at the end, or untouched where
 * anything fails. Pixels of DICOM images are held a megabyte at a time.
 * @param prepare is given what takes pixels, and need not use it
 * @param check is awaited before the store is finished
 * @throws what `prepare` throws; as `writeStore`
 */
export async function prepareStore<T extends { readonly data: PreparedData }>(
  folder: string,
  prepare: (onPixels: OnPixels) => Promise<T>,
  check: () => Promise<void>,
): Promise<T> {
  const coming = new ComingPixels(folder);
  try {
    const prepared = await prepare((...given) => coming.take(...given));
    await check();
    await coming.finish(prepared.data);
    return prepared;
  } catch (error) {
    await coming.drop();
    throw error;
  }
}
