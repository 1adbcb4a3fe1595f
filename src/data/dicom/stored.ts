/** @file The bytes of a file's pixel data as they are stored. */

import { openDicom } from './file.ts';

/** PixelData as stored, compressed or not. Throws what `openDicom` throws. */
export function storedPixels(bytes: Uint8Array, file: string): Uint8Array {
  const { data, pixels } = openDicom(bytes, file);
  return pixels ? data.reader.bytes.subarray(pixels.offset, pixels.offset + pixels.length) : new Uint8Array();
}
