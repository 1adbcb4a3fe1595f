/** @file From stored pixel data to float values: decoding, sign, inversion, padding and rescaling. */

import { FileError } from '../../base/errors.ts';
import { type DecodedFrame, decodeFrame, transferSyntaxName } from './codecs.ts';
import { isEncoded } from './complete.ts';
import { fragmentsOf, frameStream } from './encapsulated.ts';
import { type DicomFile, ofWhole, openDicom } from './file.ts';
import type { PixelFormat } from './format.ts';
import { headersOf } from './frames.ts';
import type { DicomHeader } from './header.ts';
import { tags } from './tags.ts';

/** One image in float, row-major: value of (x, y) at y·columns + x. */
export interface PixelImage {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float32Array;
  /** 1 where a pixel is no image (PixelPaddingValue); absent where all are. */
  readonly padding?: Uint8Array;
}

function swapBytes(bytes: Uint8Array, word: number): Uint8Array {
  const swapped = new Uint8Array(bytes.length - (bytes.length % word));
  for (let i = 0; i < swapped.length; i++) swapped[i] = bytes[i + word - 1 - 2 * (i % word)]!;
  return swapped;
}

function native(dicom: DicomFile, { format, plane, fileFrame }: DicomHeader): DecodedFrame {
  const { offset, length, vr } = dicom.pixels!;
  const bytesPerSample = (format.bitsAllocated / 8) as 1 | 2 | 4;
  const size = plane.rows * plane.columns * bytesPerSample;
  // Bytes of an 8-bit image stored as OW are swapped in pairs too (PS3.5 annex A.3).
  const word = bytesPerSample === 1 && vr === 'OW' ? 2 : bytesPerSample;
  const whole = dicom.data.reader.bytes.subarray(offset, offset + length);
  const swapped = dicom.data.reader.encoding.littleEndian ? whole : swapBytes(whole, word);
  return { bytes: swapped.subarray((fileFrame ?? 0) * size, ((fileFrame ?? 0) + 1) * size), bytesPerSample };
}

async function decompress(dicom: DicomFile, header: DicomHeader): Promise<DecodedFrame> {
  const { data, transferSyntax, frames } = dicom;
  const parts = fragmentsOf(dicom) ?? [dicom.pixels!];
  const stream = frameStream(dicom, parts, header.fileFrame ?? 0, frames);
  if (stream === null)
    throw data.error(
      tags.pixelData,
      `holds ${parts.length} fragments for ${frames} images and does not say which are whose`,
      'Export the file again.',
    );
  const { rows, columns } = header.plane;
  const { bitsAllocated } = header.format;
  try {
    return await decodeFrame(stream, transferSyntax, { rows, columns, bitsAllocated });
  } catch (error) {
    throw data.error(
      tags.pixelData,
      `cannot be decoded as ${transferSyntaxName(transferSyntax)} (${error instanceof Error ? error.message : error})`,
      'The pixel data is damaged or of a kind without decoder; convert the files to Explicit VR Little Endian.',
    );
  }
}

function checkSize(dicom: DicomFile, header: DicomHeader, frame: DecodedFrame): void {
  const { rows, columns } = header.plane;
  if (frame.size && (frame.size.rows !== rows || frame.size.columns !== columns))
    throw dicom.data.error(
      tags.pixelData,
      `decodes to ${frame.size.rows}×${frame.size.columns} but the header says ${rows}×${columns}`,
      'The file is damaged; export it again.',
    );
  if (frame.bytes.length < rows * columns * frame.bytesPerSample)
    throw dicom.data.error(
      tags.pixelData,
      `holds ${frame.bytes.length} bytes of ${rows * columns * frame.bytesPerSample}`,
      'The file is truncated; export it again.',
    );
}

/** Little-endian samples as unsigned numbers, without a copy where alignment allows. */
function samplesOf(frame: DecodedFrame, count: number): Uint8Array | Uint16Array | Uint32Array {
  if (frame.bytesPerSample === 1) return frame.bytes.subarray(0, count);
  const bytes = frame.bytes.slice(0, count * frame.bytesPerSample);
  return frame.bytesPerSample === 2 ? new Uint16Array(bytes.buffer) : new Uint32Array(bytes.buffer);
}

/** Keeps the stored bits, extends the sign, inverts within the stored range (MONOCHROME1) and rescales. */
function toImage(frame: DecodedFrame, { format, plane }: DicomHeader): PixelImage {
  const { rows, columns } = plane;
  const samples = samplesOf(frame, rows * columns);
  const range = 2 ** format.bitsStored;
  const half = format.signed ? range / 2 : range;
  const mirror = format.signed ? -1 : range - 1;
  const step = 2 ** shiftOf(frame, format);
  const [low, high] = format.padding ?? [1, 0];
  const values = new Float32Array(samples.length);
  let padding: Uint8Array | undefined;
  for (let i = 0; i < samples.length; i++) {
    const bits = Math.floor(samples[i]! / step) % range;
    const stored = bits >= half ? bits - range : bits;
    values[i] = format.slope * (format.inverted ? mirror - stored : stored) + format.intercept;
    if (stored < low || stored > high) continue;
    padding ??= new Uint8Array(samples.length);
    padding[i] = 1;
  }
  return { rows, columns, values, ...(padding && { padding }) };
}

/** A compressed stream that codes just the stored bits has them at the bottom of its samples. */
function shiftOf({ precision }: DecodedFrame, { shift, bitsStored }: PixelFormat): number {
  return precision !== undefined && precision <= bitsStored ? 0 : shift;
}

/** A file's images, to be decoded one by one. */
export interface DicomImages {
  readonly headers: readonly DicomHeader[];
  /** See `readPixels`. */
  pixels(frame: number): Promise<PixelImage>;
}

/** Opens a file's images; throws what `readHeaders` throws. */
export function openImages(bytes: Uint8Array, file: string): DicomImages {
  const dicom = openDicom(bytes, file);
  const headers = ofWhole(file, () => headersOf(dicom));
  const pixels = async (frame: number): Promise<PixelImage> => {
    const header = headers[frame];
    if (header !== undefined) return decode(dicom, header);
    const there = headers.length === 1 ? 'one image' : `${headers.length} images`;
    throw new FileError(file, `holds ${there}, not one numbered ${frame}`, 'Images are counted from 0.');
  };
  return { headers, pixels };
}

async function decode(dicom: DicomFile, header: DicomHeader): Promise<PixelImage> {
  const decoded = isEncoded(dicom, header) ? await decompress(dicom, header) : native(dicom, header);
  checkSize(dicom, header, decoded);
  return toImage(decoded, header);
}

/**
 * Decodes the pixels of a grey image, of a file of several image `frame` (from 0): RescaleSlope/Intercept applied,
 * MONOCHROME1 inverted within the range of BitsStored before rescaling, PixelPaddingValue marked. Throws what
 * `parseHeader` throws, and DicomError when pixel data is too short, damaged or without a decoder (the message names it).
 * @example
 * const [file] = await data.listFiles(study);
 * const { rows, columns, values } = await data.readPixels(await file.read(), file.path);
 * [rows, columns, values.length]; // [32,32,1024]
 */
export async function readPixels(bytes: Uint8Array, file: string, frame = 0): Promise<PixelImage> {
  return openImages(bytes, file).pixels(frame);
}
