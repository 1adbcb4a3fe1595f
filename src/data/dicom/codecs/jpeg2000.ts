/** @file JPEG 2000 and High-Throughput JPEG 2000 (ITU-T T.800, T.814), as a codestream or in a JP2 file. */

import { Library } from './library.ts';
import { withEnd } from './markers.ts';
import { checkTiles } from './tiles.ts';
import { checkHead, type DecodedFrame, type FrameShape, fits, frameOf, type StreamHead } from './types.ts';

const library = new Library('JPEG 2000', 'J2KDecoder', () => import('@cornerstonejs/codec-openjpeg/decode'));

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

interface Box {
  readonly type: string;
  readonly content: Uint8Array;
}

/** The boxes of a JP2 file (T.800 I.4): length, type, content. */
function* boxesOf(file: Uint8Array): Generator<Box> {
  for (let at = 0; at + 8 <= file.length; ) {
    const view = viewOf(file.subarray(at));
    const type = String.fromCharCode(...file.subarray(at + 4, at + 8));
    const short = view.getUint32(0);
    const isLong = short === 1 && view.byteLength >= 16;
    const length = isLong ? Number(view.getBigUint64(8)) : short || file.length - at;
    yield { type, content: file.subarray(at + (isLong ? 16 : 8), at + length) };
    at += Math.max(8, length);
  }
}

/** Whether the bytes begin with the signature of a JP2 file. */
export const isJp2 = (bytes: Uint8Array): boolean =>
  bytes.length > 12 && viewOf(bytes).getUint32(0) === 12 && viewOf(bytes).getUint32(4) === 0x6a502020;

/** Whether the bytes begin with SOC and SIZ. */
export const isCodestream = (bytes: Uint8Array): boolean =>
  bytes.length > 4 && viewOf(bytes).getUint32(0) === 0xff4fff51;

/** The codestream in a JP2 file. Throws Error where there is none, or its samples are indices of colours. */
function codestreamOf(file: Uint8Array): Uint8Array {
  const boxes = [...boxesOf(file)];
  const header = boxes.find(({ type }) => type === 'jp2h');
  if (header && [...boxesOf(header.content)].some(({ type }) => type === 'pclr'))
    throw new Error('the samples of the stream are indices of a colour palette');
  const stream = boxes.find(({ type }) => type === 'jp2c')?.content;
  if (!stream || !isCodestream(stream)) throw new Error('the JP2 file holds no JPEG 2000 codestream');
  return stream;
}

interface Head extends StreamHead {
  readonly signed: boolean;
}

/** Where SIZ describes the samples of the first component: bit 7 sign, bits 0 to 6 depth − 1. */
const depthAt = 42;
const largestPrecision = 16;

/** Image size and samples from SIZ (T.800 A.5.1). */
function headOf(stream: Uint8Array): Head {
  if (stream.length < depthAt + 3) throw new Error('the stream ends within its head');
  const view = viewOf(stream);
  const depth = view.getUint8(depthAt);
  const head = {
    rows: view.getUint32(12) - view.getUint32(20),
    columns: view.getUint32(8) - view.getUint32(16),
    components: view.getUint16(40),
    precision: (depth & 127) + 1,
    signed: depth > 127,
  };
  checkHead(head);
  if (head.precision > largestPrecision)
    throw new Error(
      `the stream has ${head.precision} bits a sample; at most ${largestPrecision} can be decoded`,
    );
  if (view.getUint16(depthAt + 1) !== 0x0101) throw new Error('the stream holds only every other sample');
  return head;
}

/** The decoder cuts negative samples of one byte off: they are decoded as unsigned ones, half of the range up. */
async function decodeSignedBytes(stream: Uint8Array, head: Head): Promise<DecodedFrame> {
  const unsigned = stream.slice();
  unsigned[depthAt]! &= 127;
  const frame = await library.decode(head, withEnd(unsigned));
  const half = 1 << (head.precision - 1);
  return { ...frame, bytes: frame.bytes.map((sample) => sample - half) };
}

/** Decodes a codestream or a JP2 file. Throws Error where it is damaged or not of one component. */
export async function decodeJpeg2000(encoded: Uint8Array, shape: FrameShape): Promise<DecodedFrame> {
  const stream = isJp2(encoded) ? codestreamOf(encoded) : encoded;
  const head = headOf(stream);
  const { signed, precision } = head;
  if (!fits(head, shape)) return { ...frameOf(head, new Uint8Array()), signed };
  checkTiles(stream);
  const isSignedByte = signed && precision <= 8;
  const frame = await (isSignedByte
    ? decodeSignedBytes(stream, head)
    : library.decode(head, withEnd(stream)));
  return { ...frame, signed };
}
