/** @file The bytes of an image's pixels as they are stored. */

import { fragmentsOf, frameStream } from './encapsulated.ts';
import type { DicomFile } from './file.ts';
import type { DicomHeader } from './header.ts';

/** An image's stored pixels, compressed or not; all of the file's where nothing tells which are the image's. */
export function storedPixels(dicom: DicomFile, { plane, format, fileFrame }: DicomHeader): Uint8Array {
  const { data, pixels, frames } = dicom;
  const parts = fragmentsOf(dicom);
  const stream = parts && frameStream(dicom, parts, fileFrame ?? 0, frames);
  if (stream) return stream;
  const { offset, length } = pixels!;
  const whole = data.reader.bytes.subarray(offset, offset + length);
  const size = plane.rows * plane.columns * (format.bitsAllocated / 8);
  return parts || fileFrame === null ? whole : whole.subarray(fileFrame * size, (fileFrame + 1) * size);
}
