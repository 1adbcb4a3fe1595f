/** @file The prepared store's files as bytes: manifest.json, pixels.<dtype>.bin and, where there are any, colours.<dtype>.bin and masks.u8.bin. */

import { FileError, ShapeError } from '../base/errors.ts';
import { fromHalf, toHalf } from '../base/half.ts';
import { crc32 } from '../base/hash.ts';
import { parseJson } from '../base/json.ts';
import { isStored, mostClasses, type StoredManifest } from './storedmanifest.ts';
import { type PreparedData, type PreparedManifest, UNKNOWN } from './types.ts';

export type { StoredManifest } from './storedmanifest.ts';

/** The file of a prepared store that says what its pixels are. */
export const manifestName = 'manifest.json';

/** Name of the file that holds the pixels of a store. */
export const pixelsName = (dtype: PreparedManifest['dtype']): string => `pixels.${dtype}.bin`;

/** Name of the file that holds the colours of a store whose images have any. */
export const coloursName = (dtype: PreparedManifest['dtype']): string => `colours.${dtype}.bin`;

/** What prepared images take in memory. */
export const bytesOf = ({ pixels, masks, colours }: PreparedData): number =>
  [pixels, masks, colours].reduce((sum, values) => sum + (values?.byteLength ?? 0), 0);

/** Name of the file that holds the masks of a store of version 2. */
export const masksName = 'masks.u8.bin';

/** A store's files. */
export interface EncodedStore {
  readonly manifest: Uint8Array;
  readonly pixels: Uint8Array;
  /** [images, size, size, 2]; absent where the images have no colour. */
  readonly colours?: Uint8Array;
  /** [images, size, size], a byte each; absent where the data have no masks. */
  readonly masks?: Uint8Array;
}

const raw = (array: Float32Array | Uint16Array): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

/** A mask's first value that is neither a class nor UNKNOWN. */
const strayClass = (masks: Uint8Array, classes: number): number | undefined =>
  masks.find((value) => value >= classes && value !== UNKNOWN);

function checkMasks(masks: Uint8Array, { manifest: { classes = [], images, size } }: PreparedData): void {
  const refuse = (argument: string, problem: string, fix: string): ShapeError =>
    new ShapeError('encodeStore', argument, problem, fix);
  const count = images.length * size ** 2;
  if (masks.length !== count)
    throw refuse('masks', `have ${masks.length} values for ${count} pixels`, 'Give one for each pixel.');
  if (classes.length < 1 || classes.length > mostClasses)
    throw refuse('classes', `are ${classes.length}`, `Give 1 to ${mostClasses} names, background first.`);
  const stray = strayClass(masks, classes.length);
  if (stray !== undefined)
    throw refuse('masks', `hold ${stray}, but there are ${classes.length} classes`, 'Name every class.');
}

function checkColours(colours: Float32Array, { manifest: { images, size } }: PreparedData): void {
  const count = images.length * size ** 2;
  if (colours.length === 2 * count) return;
  const problem = `have ${colours.length} values for ${count} pixels`;
  throw new ShapeError('encodeStore', 'colours', problem, 'Give two for each pixel.');
}

/**
 * The files of a store, little endian: of version 2 where the data have masks, else of version 1.
 * Throws ShapeError where masks are not one class or UNKNOWN for each pixel, or colours not two numbers.
 */
export function encodeStore(data: PreparedData): EncodedStore {
  const { masks } = data;
  if (masks) checkMasks(masks, data);
  if (data.colours) checkColours(data.colours, data);
  const encoded = (values: Float32Array) => raw(data.manifest.dtype === 'f16' ? toHalf(values) : values);
  const pixels = encoded(data.pixels);
  const colours = data.colours && encoded(data.colours);
  const { colours: _, ...plain } = data.manifest;
  const known: PreparedManifest = colours ? { ...plain, colours: 'CIELAB' } : plain;
  const { classes, ...rest } = known;
  const manifest: PreparedManifest = masks ? { ...known, version: 2 } : { ...rest, version: 1 };
  const stored: StoredManifest = {
    ...manifest,
    checksum: crc32(pixels),
    ...(colours && { coloursChecksum: crc32(colours) }),
    ...(masks && { masksChecksum: crc32(masks) }),
  };
  return {
    manifest: new TextEncoder().encode(`${JSON.stringify(stored)}\n`),
    pixels,
    ...(colours && { colours }),
    ...(masks && { masks }),
  };
}

const advice = 'Prepare the data again.';

/** Reads a manifest. Throws FileError when it is no JSON, no planewise store, or of another version. */
export function decodeManifest(bytes: Uint8Array, file: string): StoredManifest {
  const value = parseJson(new TextDecoder().decode(bytes), file, advice, 'is not complete JSON');
  const { format, version } = (value ?? {}) as Partial<StoredManifest>;
  if (format !== 'planewise-prepared')
    throw new FileError(file, 'is not the manifest of a prepared store', advice);
  if (version !== 1 && version !== 2)
    throw new FileError(file, `has version ${version}; this planewise reads versions 1 and 2`, advice);
  if (!isStored(value)) throw new FileError(file, 'lacks fields of a prepared store', advice);
  return value;
}

/** Throws FileError (naming `file`) unless the bytes are as many as expected and those that the manifest was written with. */
function checkBytes(bytes: Uint8Array, expected: number, checksum: number | undefined, file: string): void {
  if (bytes.byteLength !== expected)
    throw new FileError(file, `holds ${bytes.byteLength} bytes instead of ${expected}`, advice);
  if (crc32(bytes) !== checksum)
    throw new FileError(file, 'does not belong to its manifest or is damaged', advice);
}

function decodeMasks(stored: StoredManifest, masks: StoreFile | undefined, count: number): Uint8Array {
  if (!masks)
    throw new FileError(masksName, 'is missing, but its manifest says that there are masks', advice);
  checkBytes(masks.bytes, count, stored.masksChecksum, masks.file);
  const classes = stored.classes!.length;
  const stray = strayClass(masks.bytes, classes);
  if (stray === undefined) return masks.bytes;
  throw new FileError(masks.file, `holds class ${stray}, but there are ${classes} classes`, advice);
}

/** Bytes of one of a store's files, and its name for messages. */
export interface StoreFile {
  readonly bytes: Uint8Array;
  readonly file: string;
}

/** Numbers of a store's file, as they were stored. */
function decodeValues(
  { bytes, file }: StoreFile,
  {
    count,
    checksum,
    dtype,
  }: Pick<PreparedManifest, 'dtype'> & { count: number; checksum: number | undefined },
): Float32Array {
  checkBytes(bytes, count * (dtype === 'f16' ? 2 : 4), checksum, file);
  const { buffer, byteOffset } = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  return dtype === 'f16'
    ? fromHalf(new Uint16Array(buffer, byteOffset, count))
    : new Float32Array(buffer, byteOffset, count);
}

/** A store's files beside its manifest and pixels, where its manifest says that it has them. */
export interface FurtherFiles {
  readonly masks?: StoreFile | undefined;
  readonly colours?: StoreFile | undefined;
}

/**
 * Joins manifest, pixel bytes and, where the store has them, bytes of masks and colours. Throws FileError (naming the
 * file) when one is missing, truncated or not the manifest's.
 */
export function decodeStore(
  stored: StoredManifest,
  pixels: Uint8Array,
  file: string,
  { masks, colours }: FurtherFiles = {},
): PreparedData {
  const { checksum, masksChecksum: _, coloursChecksum, ...manifest } = stored;
  const { dtype } = manifest;
  const count = manifest.images.length * manifest.size ** 2;
  if (manifest.colours && !colours)
    throw new FileError(
      coloursName(dtype),
      'is missing, but its manifest says that there are colours',
      advice,
    );
  return {
    manifest,
    pixels: decodeValues({ bytes: pixels, file }, { count, checksum, dtype }),
    ...(manifest.colours && {
      colours: decodeValues(colours!, { count: 2 * count, checksum: coloursChecksum, dtype }),
    }),
    ...(manifest.version === 2 && { masks: decodeMasks(stored, masks, count) }),
  };
}
