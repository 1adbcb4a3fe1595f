/** @file The prepared store's two files as bytes: manifest.json and pixels.<dtype>.bin. */

import { FileError } from '../base/errors.ts';
import { fromHalf, toHalf } from '../base/half.ts';
import { crc32 } from '../base/hash.ts';
import type { PreparedData, PreparedManifest } from './types.ts';

/** The file of a prepared store that says what its pixels are. */
export const manifestName = 'manifest.json';

/** Name of the file that holds the pixels of a store. */
export const pixelsName = (dtype: PreparedManifest['dtype']): string => `pixels.${dtype}.bin`;

/** The manifest as stored: with the checksum that ties it to its pixel file. */
export interface StoredManifest extends PreparedManifest {
  readonly checksum: number;
}

const raw = (array: Float32Array | Uint16Array): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

/** Both files of a store, little endian. */
export function encodeStore(data: PreparedData): { manifest: Uint8Array; pixels: Uint8Array } {
  const pixels = raw(data.manifest.dtype === 'f16' ? toHalf(data.pixels) : data.pixels);
  const stored: StoredManifest = { ...data.manifest, checksum: crc32(pixels) };
  return { manifest: new TextEncoder().encode(`${JSON.stringify(stored)}\n`), pixels };
}

const advice = 'Prepare the data again.';

function isManifest(value: unknown): value is StoredManifest {
  const m = value as StoredManifest;
  return (
    typeof m === 'object' &&
    m !== null &&
    Number.isInteger(m.size) &&
    m.size > 0 &&
    m.spacingMm > 0 &&
    (m.dtype === 'f32' || m.dtype === 'f16') &&
    typeof m.targetView === 'string' &&
    Array.isArray(m.referenceViews) &&
    Array.isArray(m.skipped) &&
    Array.isArray(m.images) &&
    m.images.every((image) => image.lines?.length === m.referenceViews.length)
  );
}

/** Reads a manifest. Throws FileError when it is no JSON, no planewise store, or of another version. */
export function decodeManifest(bytes: Uint8Array, file: string): StoredManifest {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw new FileError(file, 'is not complete JSON', advice, { cause: error });
  }
  const { format, version } = (value ?? {}) as Partial<StoredManifest>;
  if (format !== 'planewise-prepared')
    throw new FileError(file, 'is not the manifest of a prepared store', advice);
  if (version !== 1)
    throw new FileError(file, `has version ${version}; this planewise reads version 1`, advice);
  if (!isManifest(value)) throw new FileError(file, 'lacks fields of a prepared store', advice);
  return value;
}

/** Joins manifest and pixel bytes. Throws FileError (naming `file`) when the pixels are truncated or not the manifest's. */
export function decodeStore(stored: StoredManifest, pixels: Uint8Array, file: string): PreparedData {
  const { checksum, ...manifest } = stored;
  const count = manifest.images.length * manifest.size ** 2;
  const expected = count * (manifest.dtype === 'f16' ? 2 : 4);
  if (pixels.byteLength !== expected)
    throw new FileError(file, `holds ${pixels.byteLength} bytes instead of ${expected}`, advice);
  if (crc32(pixels) !== checksum)
    throw new FileError(file, 'does not belong to its manifest or is damaged', advice);
  const aligned = pixels.byteOffset % 4 === 0 ? pixels : pixels.slice();
  const { buffer, byteOffset } = aligned;
  return {
    manifest,
    pixels:
      manifest.dtype === 'f16'
        ? fromHalf(new Uint16Array(buffer, byteOffset, count))
        : new Float32Array(buffer, byteOffset, count),
  };
}
