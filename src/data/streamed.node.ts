/** @file A prepared store that is larger than what may be held in memory: images are read from its files as they are asked for. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { refusedVariable, variable } from '../base/environment.node.ts';
import { ConfigError, FileError } from '../base/errors.ts';
import { crc32 } from '../base/hash.ts';
import { OpenFile } from './files/openfile.node.ts';
import { streamedManifest } from './recordfile.node.ts';
import { openStore } from './store.node.ts';
import { BlockChecksum } from './storeblocks.ts';
import {
  damaged,
  decodedValues,
  type Expected,
  expectedOf,
  plainManifest,
  wrongLength,
} from './storedecode.ts';
import { strayClass } from './storeencode.ts';
import { advice, coloursName, manifestName, masksName, pixelsName, storeNames } from './storenames.ts';
import type { TrainingData } from './types.ts';
import type { Values } from './values.ts';

/** Bytes looked through at a time. */
const PIECE = 2 ** 22;

/** How a file's bytes are values: bytes of an image and of a value, and what reads them. */
interface Form<T> {
  readonly imageBytes: number;
  readonly wide: number;
  readonly decode: (bytes: Uint8Array<ArrayBuffer>) => T;
}

/** Values of a store's file, each image compared with what it was when the store was opened. */
class StoredValues<T extends Float32Array | Uint8Array> implements Values<T> {
  readonly length: number;
  readonly byteLength = 0;
  readonly #file: OpenFile;
  readonly #form: Form<T>;
  readonly #sums: Uint32Array;
  #piece = new Uint8Array(0);

  /**
   * Looks through the whole file.
   * @param check of each piece
   * @throws FileError where it is not the manifest's, naming the block where the manifest tells
   */
  constructor(path: string, expected: Expected, form: Form<T>, check?: (values: T) => void) {
    const file = new OpenFile(path);
    const { imageBytes } = form;
    if (file.length !== expected.length) throw wrongLength(path, file.length, expected.length);
    this.#file = file;
    this.#form = form;
    this.length = expected.length / form.wide;
    this.#sums = new Uint32Array(expected.length / imageBytes);
    const whole = new BlockChecksum(expected.blockBytes);
    const step = imageBytes * Math.max(1, Math.floor(PIECE / imageBytes));
    const into = new Uint8Array(Math.min(step, file.length));
    for (let at = 0; at < file.length; at += step) {
      const bytes = file.read(at, Math.min(step, file.length - at), into);
      whole.add(bytes);
      for (let i = 0; i < bytes.length; i += imageBytes)
        this.#sums[(at + i) / imageBytes] = crc32(bytes.subarray(i, i + imageBytes));
      check?.(form.decode(bytes));
    }
    if (whole.value !== expected.checksum) throw damaged(path, whole, expected.blocks);
  }

  /** Values of whole images. */
  subarray(begin: number, end: number): T {
    return this.#read(begin, end, new Uint8Array((end - begin) * this.#form.wide));
  }

  /** Garbage of this size is collected late: it would be most of what a process holds. */
  piece(begin: number, end: number): T {
    const length = (end - begin) * this.#form.wide;
    if (this.#piece.length < length) this.#piece = new Uint8Array(length);
    return this.#read(begin, end, this.#piece);
  }

  #read(begin: number, end: number, into: Uint8Array<ArrayBuffer>): T {
    const { imageBytes, wide, decode } = this.#form;
    const bytes = this.#file.read(begin * wide, (end - begin) * wide, into);
    for (let i = 0; i < bytes.length; i += imageBytes) {
      const at = begin * wide + i;
      const image = at / imageBytes;
      if (crc32(bytes.subarray(i, i + imageBytes)) !== this.#sums[image])
        throw new FileError(
          this.#file.path,
          `has changed since it was opened: image ${image}, bytes ${at} to ${at + imageBytes}`,
          'Restore it, or prepare the data again; then go on.',
        );
    }
    return decode(bytes);
  }

  ahead(index: number): void {
    const { imageBytes } = this.#form;
    this.#file.ahead(index * imageBytes, imageBytes);
  }
}

/**
 * A store whose images are read as they are asked for. What it takes in memory is some bytes an image.
 * @throws FileError where it is missing, truncated, damaged or of another version
 */
export async function streamStore(folder: string): Promise<TrainingData> {
  const stored = await streamedManifest(join(folder, manifestName));
  const { dtype, size } = stored;
  const area = size ** 2;
  const wide = dtype === 'f16' ? 2 : 4;
  const numbers = (each: number): Form<Float32Array> => ({
    ...{ imageBytes: each * wide, wide },
    decode: (bytes) => decodedValues(bytes, dtype),
  });
  const at = (name: string): string => join(folder, name);
  const pixels = new StoredValues(at(pixelsName(dtype)), expectedOf(stored, 'pixels'), numbers(area));
  const colours =
    stored.colours &&
    new StoredValues(at(coloursName(dtype)), expectedOf(stored, 'colours'), numbers(2 * area));
  const bytes: Form<Uint8Array> = { imageBytes: area, wide: 1, decode: (own) => own };
  const expectClasses = (values: Uint8Array): void => {
    const stray = strayClass(values, stored.classes!.length);
    if (stray === undefined) return;
    const problem = `holds class ${stray}, but there are ${stored.classes!.length} classes`;
    throw new FileError(at(masksName), problem, advice);
  };
  const masks =
    stored.version === 2
      ? new StoredValues(at(masksName), expectedOf(stored, 'masks'), bytes, expectClasses)
      : undefined;
  const files = [pixels, colours, masks].filter((file) => file !== undefined);
  return {
    manifest: plainManifest(stored),
    pixels,
    ...(colours && { colours }),
    ...(masks && { masks }),
    ahead(indices) {
      for (const file of files) for (const index of indices) file.ahead(index);
    },
  };
}

const MEMORY = 'PLANEWISE_STORE_MEMORY';

/** MiB of a store that are held in memory, unless PLANEWISE_STORE_MEMORY says otherwise. */
const USUAL_MIB = 64;

/** @throws ConfigError */
function residentBytes(): number {
  const text = variable(MEMORY) ?? String(USUAL_MIB);
  const mebibytes = text.trim() === '' ? Number.NaN : Number(text);
  if (mebibytes >= 0) return mebibytes * 2 ** 20;
  throw new ConfigError(refusedVariable(MEMORY, text, 'a number of MiB from 0 is needed'));
}

/**
 * A store as training reads it: in memory where its files are no larger than PLANEWISE_STORE_MEMORY (MiB, default 64),
 * else read as it is asked for. Either way it says the same.
 * @throws FileError as `openStore`; ConfigError for a variable that is no number
 */
export async function openForTraining(folder: string): Promise<TrainingData> {
  const sizes = storeNames.map((name) => statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0);
  const all = sizes.reduce((sum, size) => sum + size, 0);
  return all <= residentBytes() ? openStore(folder) : streamStore(folder);
}
