/** @file Writes a prepared store piece by piece, in the memory of one piece. */
import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Draft } from './files/draft.node.ts';
import { fileError, nameFiles } from './files/files.node.ts';
import { syncFolder } from './files/sync.node.ts';
import { BlockChecksum } from './storeblocks.ts';
import { checkClasses, checkCounts, encodedValues, type StoreSums, storedManifest } from './storeencode.ts';
import { coloursName, manifestName, masksName, pixelsName, storeNames } from './storenames.ts';
import type { PreparedImage, PreparedManifest, TrainingData } from './types.ts';
import { pieces, type Values } from './values.ts';

/** What all images of a store have in common. */
export type StoreKind = Pick<PreparedManifest, 'size' | 'dtype'> & {
  readonly masks: boolean;
  readonly colours: boolean;
};

/** Images' records written at a time. */
const RECORDS = 256;

/** A file of values being written, with its checksum. */
interface Growing {
  readonly draft: Draft;
  readonly sum: BlockChecksum;
}

async function addBytes({ draft, sum }: Growing, bytes: Uint8Array): Promise<void> {
  sum.add(bytes);
  await draft.add(bytes);
}

/**
 * A store that grows under temporary names. It replaces an older one in `folder` when it is finished, manifest last; till
 * then, and where anything fails, the older one is untouched.
 */
export class StoreWriter {
  readonly #folder: string;
  readonly #kind: StoreKind;
  readonly #drafts: Draft[] = [];
  #pixels!: Growing;
  #colours: Growing | undefined;
  #masks: Growing | undefined;
  /** The images' part of the manifest. */
  #records!: Draft;
  #images = 0;

  private constructor(folder: string, kind: StoreKind) {
    this.#folder = folder;
    this.#kind = kind;
  }

  /** @param blockBytes see `BlockChecksum` @throws FileError where the folder takes no files */
  static async begin(folder: string, kind: StoreKind, blockBytes?: number): Promise<StoreWriter> {
    const writer = new StoreWriter(folder, kind);
    const { dtype, colours, masks } = kind;
    const growing = async (name: string): Promise<Growing> => ({
      draft: await writer.#draft(name),
      sum: new BlockChecksum(blockBytes),
    });
    try {
      writer.#pixels = await growing(pixelsName(dtype));
      if (colours) writer.#colours = await growing(coloursName(dtype));
      if (masks) writer.#masks = await growing(masksName);
      writer.#records = await writer.#draft(manifestName);
    } catch (error) {
      await writer.drop();
      throw error;
    }
    return writer;
  }

  /** Images so far. */
  get images(): number {
    return this.#images;
  }

  async #draft(name: string): Promise<Draft> {
    const draft = await Draft.begin(join(this.#folder, name));
    this.#drafts.push(draft);
    return draft;
  }

  /** Images behind those that there are. @throws ShapeError as `encodeStore`; FileError where they cannot be read or written */
  async add(data: TrainingData): Promise<void> {
    const { dtype, size } = this.#kind;
    const { manifest, pixels, colours, masks } = data;
    checkCounts(data);
    const area = size ** 2;
    for (const { piece } of pieces(pixels, area)) await addBytes(this.#pixels, encodedValues(piece, dtype));
    if (this.#colours)
      for (const { piece } of pieces(colours!, 2 * area))
        await addBytes(this.#colours, encodedValues(piece, dtype));
    if (this.#masks) await this.#addMasks(this.#masks, masks!, area, manifest.classes!.length);
    await this.addImages(manifest.images);
  }

  async #addMasks(file: Growing, masks: Values<Uint8Array>, area: number, classes: number): Promise<void> {
    for (const { piece } of pieces(masks, area)) {
      checkClasses(piece, classes);
      await addBytes(file, piece);
    }
  }

  /** Pixels behind those that there are, of a store that has neither masks nor colours; their images follow by `addImages`. @throws FileError */
  async addPixels(pixels: Float32Array): Promise<void> {
    await addBytes(this.#pixels, encodedValues(pixels, this.#kind.dtype));
  }

  /** Images whose values are there. @throws FileError */
  async addImages(images: readonly PreparedImage[]): Promise<void> {
    for (let first = 0; first < images.length; first += RECORDS) {
      const count = Math.min(RECORDS, images.length - first);
      const records = Array.from({ length: count }, (_, i) => JSON.stringify(images[first + i]));
      await this.#records.add(`${this.#images > 0 ? ',' : ''}${records.join()}`);
      this.#images += count;
    }
  }

  /**
   * Ends the store.
   * @param given what it says beside its images, whose own part is not looked at
   * @throws FileError; the older store is untouched then
   */
  async finish(given: PreparedManifest): Promise<void> {
    const sums: StoreSums = {
      pixels: this.#pixels.sum,
      colours: this.#colours?.sum,
      masks: this.#masks?.sum,
    };
    try {
      const manifest = await this.#manifest(JSON.stringify(storedManifest({ ...given, images: [] }, sums)));
      const files = [this.#pixels.draft, this.#colours?.draft, this.#masks?.draft, manifest].filter(
        (draft) => draft !== undefined,
      );
      for (const draft of files) await draft.end();
      // before names are synced, or a power cut could bring it back
      await this.#records.drop();
      await nameFiles(files);
      await removeOthers(
        this.#folder,
        files.map(({ path }) => path),
      );
    } catch (error) {
      await this.drop();
      throw error;
    }
  }

  /** The manifest with the images' records in their place. */
  async #manifest(text: string): Promise<Draft> {
    const list = '"images":[';
    const at = text.indexOf(`${list}]`) + list.length;
    await this.#records.end();
    const manifest = await this.#draft(manifestName);
    await manifest.add(text.slice(0, at));
    try {
      for await (const part of createReadStream(this.#records.temporary)) await manifest.add(part);
    } catch (error) {
      throw fileError(this.#records.path, error);
    }
    await manifest.add(`${text.slice(at)}\n`);
    return manifest;
  }

  /** Leaves the folder as it was. */
  async drop(): Promise<void> {
    for (const draft of this.#drafts) await draft.drop();
  }
}

/** What an older store leaves that the new one has no use for. */
async function removeOthers(folder: string, written: readonly string[]): Promise<void> {
  const others = storeNames.map((name) => join(folder, name)).filter((path) => !written.includes(path));
  for (const path of others)
    await rm(path, { force: true }).catch((error) => {
      throw fileError(path, error);
    });
  await syncFolder(folder);
}
