/** @file Decodes one image's stream by what it is; the transfer syntax counts for streams that do not say. */

import { inflateUpTo } from '../../files/unpack.ts';
import { decodeJpeg } from './jpeg.ts';
import { decodeJpeg2000, isCodestream, isJp2 } from './jpeg2000.ts';
import { decodeRle, isRle } from './rle.ts';
import { isNative, lacksDecoder, syntaxes } from './syntaxes.ts';
import type { DecodedFrame, FrameShape } from './types.ts';

/** The stream without fill bytes (FF) in front of its first marker. */
function trimmed(stream: Uint8Array): Uint8Array {
  let at = 0;
  while (stream[at] === 0xff && stream[at + 1] === 0xff) at++;
  return stream.subarray(at);
}

const isJpeg = (stream: Uint8Array): boolean => stream[0] === 0xff && stream[1] === 0xd8;

/** A codestream of JPEG XL, or its file format (ISO/IEC 18181-2). */
const isJpegXl = (stream: Uint8Array): boolean =>
  (stream[0] === 0xff && stream[1] === 0x0a) ||
  [0, 0, 0, 12, 0x4a, 0x58, 0x4c, 0x20].every((byte, i) => stream[i] === byte);

/** Samples that are not compressed, as fragments hold them in little endian. */
function decodePlain(bytes: Uint8Array, { rows, columns, bitsAllocated }: FrameShape): DecodedFrame {
  const bytesPerSample = (bitsAllocated / 8) as 1 | 2 | 4;
  if (bytes.length < rows * columns * bytesPerSample)
    throw new Error('the stream ends before its image is full');
  return { bytes, bytesPerSample };
}

/** Bytes behind an image that are passed over. */
const MOST_PADDING = 1024;

/** Deflate (RFC 1951) of one image's plain samples. */
async function decodeDeflated(stream: Uint8Array, shape: FrameShape): Promise<DecodedFrame> {
  const { rows, columns, bitsAllocated } = shape;
  let bytes: Uint8Array | null;
  try {
    bytes = inflateUpTo(stream, rows * columns * (bitsAllocated / 8) + MOST_PADDING);
  } catch (cause) {
    throw new Error('the deflated stream is damaged or cut short', { cause });
  }
  if (bytes === null) throw new Error('the deflated stream holds more than its image');
  return decodePlain(bytes, shape);
}

/** Decodes a stream that does not say what it is; the head of an RLE stream does so only in part. */
async function decodeUnmarked(stream: Uint8Array, syntax: string, shape: FrameShape): Promise<DecodedFrame> {
  if (syntax === syntaxes.deflatedFrames) return decodeDeflated(stream, shape);
  if (syntax === syntaxes.uncompressed) return decodePlain(stream, shape);
  if (syntax === syntaxes.rle || isRle(stream, shape)) return decodeRle(stream, shape);
  if (isNative(syntax)) return decodePlain(stream, shape);
  if (lacksDecoder(syntax)) throw new Error('there is no decoder for it');
  throw new Error('the stream begins like none of JPEG, JPEG-LS, JPEG 2000 or RLE');
}

/** See `decodeFrame` in ../codecs.ts. */
export async function decodeStream(
  encoded: Uint8Array,
  transferSyntax: string,
  shape: FrameShape,
): Promise<DecodedFrame> {
  if (encoded.length === 0) throw new Error('the stream is empty');
  const stream = trimmed(encoded);
  if (isJpeg(stream)) return decodeJpeg(stream, shape);
  if (isCodestream(stream) || isJp2(stream)) return decodeJpeg2000(stream, shape);
  if (isJpegXl(stream))
    throw new Error('the stream is JPEG XL, which has no decoder here; decompress it with djxl');
  return decodeUnmarked(encoded, transferSyntax, shape);
}
