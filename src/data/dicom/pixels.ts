/** @file From stored pixel data to float values: decoding, sign, inversion and rescaling. */

import { codecFor, type DecodedFrame, transferSyntaxName } from './codecs.ts';
import { type DicomHeader, headerOf, type PixelFormat } from './header.ts';
import { Part10, tags } from './part10.ts';

/** One image in float, row-major: value of (x, y) at y·columns + x. */
export interface PixelImage {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float32Array;
}

const bigEndianSyntax = '1.2.840.10008.1.2.2';
const nativeSyntaxes = new Set([
  '1.2.840.10008.1.2',
  '1.2.840.10008.1.2.1',
  '1.2.840.10008.1.2.1.99',
  bigEndianSyntax,
]);

/** The stream of an encapsulated single-frame image: its fragments joined. */
function encapsulated(part10: Part10): Uint8Array {
  const fragments = part10.element(tags.pixelData)?.fragments ?? [];
  const { byteArray } = part10.dataSet;
  const parts = fragments.map((f) => byteArray.subarray(f.position, f.position + f.length));
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function swapBytes(bytes: Uint8Array, word: number): Uint8Array {
  const swapped = new Uint8Array(bytes.length - (bytes.length % word));
  for (let i = 0; i < swapped.length; i++) swapped[i] = bytes[i + word - 1 - 2 * (i % word)]!;
  return swapped;
}

function native(part10: Part10, header: DicomHeader): DecodedFrame {
  const element = part10.element(tags.pixelData)!;
  const { byteArray } = part10.dataSet;
  const bytes = byteArray.subarray(element.dataOffset, element.dataOffset + element.length);
  const bytesPerSample = header.format.bitsAllocated / 8;
  if (header.format.transferSyntax !== bigEndianSyntax) return { bytes, bytesPerSample };
  // Bytes of an 8-bit image stored as OW are swapped in pairs too (PS3.5 annex A.3).
  const word = bytesPerSample === 1 && element.vr === 'OW' ? 2 : bytesPerSample;
  return { bytes: swapBytes(bytes, word), bytesPerSample };
}

async function decompress(part10: Part10, header: DicomHeader): Promise<DecodedFrame> {
  const { transferSyntax, bitsAllocated } = header.format;
  const decode = codecFor(transferSyntax);
  if (decode === undefined)
    throw part10.error(
      tags.transferSyntax,
      `is ${transferSyntaxName(transferSyntax)}, for which there is no decoder`,
      'Convert the files to Explicit VR Little Endian first.',
    );
  const { rows, columns } = header.plane;
  try {
    return await decode(encapsulated(part10), { rows, columns, bitsAllocated });
  } catch (error) {
    throw part10.error(
      tags.pixelData,
      `cannot be decoded as ${transferSyntaxName(transferSyntax)} (${error instanceof Error ? error.message : error})`,
      'The pixel data is damaged, or of a kind (such as 12-bit JPEG) that the decoder does not know.',
    );
  }
}

function checkSize(part10: Part10, header: DicomHeader, frame: DecodedFrame): void {
  const { rows, columns } = header.plane;
  if (frame.size && (frame.size.rows !== rows || frame.size.columns !== columns))
    throw part10.error(
      tags.pixelData,
      `decodes to ${frame.size.rows}×${frame.size.columns} but the header says ${rows}×${columns}`,
      'The file is damaged; export it again.',
    );
  if (frame.bytes.length < rows * columns * frame.bytesPerSample)
    throw part10.error(
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
function toValues(samples: Uint8Array | Uint16Array | Uint32Array, format: PixelFormat): Float32Array {
  const range = 2 ** format.bitsStored;
  const half = format.signed ? range / 2 : range;
  const mirror = format.signed ? -1 : range - 1;
  const values = new Float32Array(samples.length);
  for (let i = 0; i < samples.length; i++) {
    const bits = samples[i]! % range;
    const stored = bits >= half ? bits - range : bits;
    values[i] = format.slope * (format.inverted ? mirror - stored : stored) + format.intercept;
  }
  return values;
}

/**
 * Decodes the pixels of a single-frame grey image: RescaleSlope/Intercept applied, MONOCHROME1 inverted within the
 * range of BitsStored before rescaling. Throws what `parseHeader` throws, and DicomError when pixel data is
 * too short, damaged or in a transfer syntax without a decoder (the message names it).
 */
export async function readPixels(bytes: Uint8Array, file: string): Promise<PixelImage> {
  const part10 = new Part10(bytes, file);
  const header = headerOf(part10);
  const isNative = nativeSyntaxes.has(header.format.transferSyntax);
  const frame = isNative ? native(part10, header) : await decompress(part10, header);
  checkSize(part10, header, frame);
  const { rows, columns } = header.plane;
  return { rows, columns, values: toValues(samplesOf(frame, rows * columns), header.format) };
}
