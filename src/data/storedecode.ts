/** @file Reads the bytes of a prepared store's files, each against what the manifest says of it. */
import { FileError } from '../base/errors.ts';
import { fromHalf } from '../base/half.ts';
import { crc32 } from '../base/hash.ts';
import { parseJson } from '../base/json.ts';
import { BlockChecksum, damagedBlock } from './storeblocks.ts';
import { isStored, type StoredManifest } from './storedmanifest.ts';
import { strayClass } from './storeencode.ts';
import { advice, coloursName, masksName } from './storenames.ts';
import type { PreparedData, PreparedManifest } from './types.ts';

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
