/** @file The prepared store's files as bytes: manifest.json, pixels.<dtype>.bin and, where there are any, colours.<dtype>.bin and masks.u8.bin. */

import { FileError, ShapeError } from '../base/errors.ts';
import { fromHalf, toHalf } from '../base/half.ts';
import { crc32 } from '../base/hash.ts';
import { parseJson } from '../base/json.ts';
import { BlockChecksum, damagedBlock } from './storeblocks.ts';
import { isStored, mostClasses, type StoredManifest } from './storedmanifest.ts';
import { type PreparedData, type PreparedManifest, type TrainingData, UNKNOWN } from './types.ts';
import { bytesIn, type Values } from './values.ts';

export type { StoredManifest } from './storedmanifest.ts';

/** The file of a prepared store that says what its pixels are. */
export const manifestName = 'manifest.json';

/**
 * Name of the file that holds the pixels of a store.
 * @example
 * data.pixelsName('f16'); // "pixels.f16.bin"
 */
export const pixelsName = (dtype: PreparedManifest['dtype']): string => `pixels.${dtype}.bin`;

/**
 * Name of the file that holds the colours of a store whose images have any.
 * @example
 * data.coloursName('f16'); // "colours.f16.bin"
 */
export const coloursName = (dtype: PreparedManifest['dtype']): string => `colours.${dtype}.bin`;

/** What prepared images take in memory. */
export const bytesOf = ({ pixels, masks, colours }: TrainingData): number =>
  [pixels, masks, colours].reduce((sum, values) => sum + (values?.byteLength ?? 0), 0);

/** Name of the file that holds the masks of a store of version 2. */
export const masksName = 'masks.u8.bin';

const dtypes = ['f32', 'f16'] as const;

/** All names that a store's files may have. */
export const storeNames: readonly string[] = [
  manifestName,
  ...dtypes.flatMap((dtype) => [pixelsName(dtype), coloursName(dtype)]),
  masksName,
];

/** A store's files. */
export interface EncodedStore {
  readonly manifest: Uint8Array;
  readonly pixels: Uint8Array;
  /** [images, size, size, 2]; absent where the images have no colour. */
  readonly colours?: Uint8Array;
  /** [images, size, size], a byte each; absent where the data have no masks. */
  readonly masks?: Uint8Array;
}

/** Values as a store's files have them. */
export const encodedValues = (values: Float32Array, dtype: PreparedManifest['dtype']): Uint8Array =>
  bytesIn(dtype === 'f16' ? toHalf(values) : values);

/** A mask's first value that is neither a class nor UNKNOWN. */
export const strayClass = (masks: Uint8Array, classes: number): number | undefined =>
  masks.find((value) => value >= classes && value !== UNKNOWN);

/** Throws ShapeError where values are not as many as the images have pixels, or classes not such as masks can have. */
export function checkCounts({ manifest, masks, colours }: TrainingData): void {
  if (masks) checkMasks(masks, manifest);
  if (colours) checkColours(colours, manifest);
}

function checkMasks(masks: Values<Uint8Array>, { classes = [], images, size }: PreparedManifest): void {
  const refuse = (argument: string, problem: string, fix: string): ShapeError =>
    new ShapeError('encodeStore', argument, problem, fix);
  const count = images.length * size ** 2;
  if (masks.length !== count)
    throw refuse('masks', `have ${masks.length} values for ${count} pixels`, 'Give one for each pixel.');
  if (classes.length < 1 || classes.length > mostClasses)
    throw refuse('classes', `are ${classes.length}`, `Give 1 to ${mostClasses} names, background first.`);
}

/** Throws ShapeError where masks hold what is neither a class nor UNKNOWN. */
export function checkClasses(masks: Uint8Array, classes: number): void {
  const stray = strayClass(masks, classes);
  if (stray === undefined) return;
  const problem = `hold ${stray}, but there are ${classes} classes`;
  throw new ShapeError('encodeStore', 'masks', problem, 'Name every class.');
}

function checkColours(colours: Values<Float32Array>, { images, size }: PreparedManifest): void {
  const count = images.length * size ** 2;
  if (colours.length === 2 * count) return;
  const problem = `have ${colours.length} values for ${count} pixels`;
  throw new ShapeError('encodeStore', 'colours', problem, 'Give two for each pixel.');
}

/** Checksums of a store's files. */
export interface StoreSums {
  readonly pixels: BlockChecksum;
  readonly colours?: BlockChecksum | undefined;
  readonly masks?: BlockChecksum | undefined;
}

/** A manifest as its file has it: of version 2 where there are masks, else of version 1. */
export function storedManifest(
  given: PreparedManifest,
  { pixels, colours, masks }: StoreSums,
): StoredManifest {
  const { colours: _, ...plain } = given;
  const known: PreparedManifest = colours ? { ...plain, colours: 'CIELAB' } : plain;
  const { classes, ...rest } = known;
  const manifest: PreparedManifest = masks ? { ...known, version: 2 } : { ...rest, version: 1 };
  const blocks = {
    bytes: pixels.blockBytes,
    pixels: pixels.blocks,
    ...(colours && { colours: colours.blocks }),
    ...(masks && { masks: masks.blocks }),
  };
  return {
    ...manifest,
    checksum: pixels.value,
    ...(colours && { coloursChecksum: colours.value }),
    ...(masks && { masksChecksum: masks.value }),
    ...(pixels.blocks.length > 1 && { blocks }),
  };
}

/**
 * The files of a store, little endian: of version 2 where the data have masks, else of version 1.
 * Throws ShapeError where masks are not one class or UNKNOWN for each pixel, or colours not two numbers.
 * @example
 * const manifest = { size: 1, dtype: 'f16', images: [{ subject: 'A' }, { subject: 'B' }] };
 * data.encodeStore({ manifest, pixels: Float32Array.of(1, -1) }).pixels; // [0,60,0,188]
 */
export function encodeStore(data: PreparedData): EncodedStore {
  const { manifest, masks } = data;
  checkCounts(data);
  if (masks) checkClasses(masks, manifest.classes?.length ?? 0);
  const pixels = encodedValues(data.pixels, manifest.dtype);
  const colours = data.colours && encodedValues(data.colours, manifest.dtype);
  const stored = storedManifest(manifest, {
    pixels: BlockChecksum.of(pixels),
    colours: colours && BlockChecksum.of(colours),
    masks: masks && BlockChecksum.of(masks),
  });
  return {
    manifest: new TextEncoder().encode(`${JSON.stringify(stored)}\n`),
    pixels,
    ...(colours && { colours }),
    ...(masks && { masks }),
  };
}

/** What to do about a store that is not whole. */
export const advice = 'Prepare the data again.';

/**
 * Reads a manifest. Throws FileError when it is no JSON, no planewise store, or of another version.
 * @example
 * const bytes = new TextEncoder().encode('{ "format": "planewise-prepared", "version": 3 }');
 * data.decodeManifest(bytes, 'manifest.json'); // throws FileError
 */
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

/** What a store's file is to hold. */
export interface Expected {
  /** Bytes. */
  readonly length: number;
  readonly checksum: number | undefined;
  readonly blocks: readonly number[] | undefined;
  readonly blockBytes: number | undefined;
}

/** What a manifest says of a file of its store. */
export function expectedOf(stored: StoredManifest, part: 'pixels' | 'colours' | 'masks'): Expected {
  const count = stored.images.length * stored.size ** 2;
  const wide = stored.dtype === 'f16' ? 2 : 4;
  const { blocks } = stored;
  return {
    length: { pixels: count * wide, colours: 2 * count * wide, masks: count }[part],
    checksum: { pixels: stored.checksum, colours: stored.coloursChecksum, masks: stored.masksChecksum }[part],
    blocks: blocks?.[part],
    blockBytes: blocks?.bytes,
  };
}

/** A manifest without what ties it to its files. */
export function plainManifest(stored: StoredManifest): PreparedManifest {
  const { checksum: _, masksChecksum: __, coloursChecksum: ___, blocks: ____, ...manifest } = stored;
  return manifest;
}

/** Of a file that is cut off, or too long. */
export const wrongLength = (file: string, length: number, expected: number): FileError =>
  new FileError(file, `holds ${length} bytes instead of ${expected}`, advice);

/** Of a file whose checksum is another; which of its blocks it is where the manifest tells. @param found null: nobody looked */
export function damaged(
  file: string,
  found: BlockChecksum | null,
  blocks: readonly number[] | undefined,
): FileError {
  const where = found && blocks ? damagedBlock(found, blocks) : null;
  return new FileError(
    file,
    where === null
      ? 'does not belong to its manifest or is damaged'
      : `does not belong to its manifest or is damaged, first between bytes ${where[0]} and ${where[1]}`,
    advice,
  );
}

/** Throws FileError (naming `file`) unless the bytes are as many as expected and those that the manifest was written with. */
function checkBytes(
  bytes: Uint8Array,
  file: string,
  { length, checksum, blocks, blockBytes }: Expected,
): void {
  if (bytes.byteLength !== length) throw wrongLength(file, bytes.byteLength, length);
  if (crc32(bytes) === checksum) return;
  throw damaged(file, blockBytes && blocks ? BlockChecksum.of(bytes, blockBytes) : null, blocks);
}

function decodeMasks(stored: StoredManifest, masks: StoreFile | undefined): Uint8Array {
  if (!masks)
    throw new FileError(masksName, 'is missing, but its manifest says that there are masks', advice);
  checkBytes(masks.bytes, masks.file, expectedOf(stored, 'masks'));
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

/** Numbers of a store's file, as they were stored. @param bytes whose buffer they begin at a multiple of four */
export const decodedValues = (
  { buffer, byteOffset, byteLength }: Uint8Array,
  dtype: PreparedManifest['dtype'],
) =>
  dtype === 'f16'
    ? fromHalf(new Uint16Array(buffer, byteOffset, byteLength / 2))
    : new Float32Array(buffer, byteOffset, byteLength / 4);

function decodeValues(
  { bytes, file }: StoreFile,
  stored: StoredManifest,
  part: 'pixels' | 'colours',
): Float32Array {
  checkBytes(bytes, file, expectedOf(stored, part));
  return decodedValues(bytes.byteOffset % 4 === 0 ? bytes : bytes.slice(), stored.dtype);
}

/** A store's files beside its manifest and pixels, where its manifest says that it has them. */
export interface FurtherFiles {
  readonly masks?: StoreFile | undefined;
  readonly colours?: StoreFile | undefined;
}

/**
 * Joins manifest, pixel bytes and, where the store has them, bytes of masks and colours. Throws FileError (naming the
 * file) when one is missing, truncated or not the manifest's.
 * @example
 * const views = { targetView: 'short-axis', referenceViews: [] };
 * const about = { format: 'planewise-prepared', version: 1, size: 2, spacingMm: 3, dtype: 'f32', skipped: [] };
 * const files = data.encodeStore({ manifest: { ...about, ...views, images: [] }, pixels: new Float32Array(0) });
 * const stored = data.decodeManifest(files.manifest, 'manifest.json');
 * data.decodeStore(stored, files.pixels, 'pixels.f32.bin').manifest.spacingMm; // 3
 */
export function decodeStore(
  stored: StoredManifest,
  pixels: Uint8Array,
  file: string,
  { masks, colours }: FurtherFiles = {},
): PreparedData {
  const { dtype } = stored;
  if (stored.colours && !colours)
    throw new FileError(
      coloursName(dtype),
      'is missing, but its manifest says that there are colours',
      advice,
    );
  return {
    manifest: plainManifest(stored),
    pixels: decodeValues({ bytes: pixels, file }, stored, 'pixels'),
    ...(stored.colours && { colours: decodeValues(colours!, stored, 'colours') }),
    ...(stored.version === 2 && { masks: decodeMasks(stored, masks) }),
  };
}
