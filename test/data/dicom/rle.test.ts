import { expect, it } from 'vitest';
import { decodeFrame, type FrameShape } from '../../../src/data/dicom/codecs.ts';
import { concat } from '../dicom-writer.ts';

const syntax = '1.2.840.10008.1.2.5';
const shape: FrameShape = { rows: 2, columns: 3, bitsAllocated: 16 };
const high = [1, 2, 3, 4, 5, 6];
const low = [10, 20, 30, 40, 50, 60];
const words = high.map((value, i) => value * 256 + low[i]!);

/** One literal run. */
const literal = (values: readonly number[]): number[] => [values.length - 1, ...values];

/** An RLE stream (PS3.5 G.5) of segments that start where `starts` says, else one behind the other. */
function rle(segments: readonly (readonly number[])[], starts?: readonly number[]): Uint8Array {
  const header = new DataView(new ArrayBuffer(64));
  header.setUint32(0, segments.length, true);
  let at = 64;
  for (const [i, segment] of segments.entries()) {
    header.setUint32(4 + 4 * i, starts?.[i] ?? at, true);
    at += segment.length;
  }
  return concat([new Uint8Array(header.buffer), Uint8Array.from(segments.flat())]);
}

async function samples(stream: Uint8Array, of = shape): Promise<number[]> {
  const { bytes, bytesPerSample } = await decodeFrame(stream, syntax, of);
  expect(bytesPerSample).toBe(of.bitsAllocated / 8);
  return bytesPerSample === 1 ? [...bytes] : [...new Uint16Array(bytes.slice().buffer)];
}

const refused = (stream: Uint8Array, message: RegExp, of = shape) =>
  expect(decodeFrame(stream, syntax, of)).rejects.toThrow(message);

it('runs, literals and the byte that means nothing are unpacked, over the ends of rows', async () => {
  expect(await samples(rle([literal(high), literal(low)]))).toEqual(words);
  const runs = [257 - 4, 7, 128, 1, 8, 9];
  expect(await samples(rle([runs]), { ...shape, bitsAllocated: 8 })).toEqual([7, 7, 7, 7, 8, 9]);
  expect(await samples(rle([[257 - 128, 5]]), { rows: 16, columns: 8, bitsAllocated: 8 })).toEqual(
    Array(128).fill(5),
  );
});

it('segments may be padded, and lie in another order than they are listed in', async () => {
  for (const padding of [[0], [0, 0], [128, 128, 0], [257 - 2, 0], [0, 9]])
    expect(
      await samples(
        rle([
          [...literal(high), ...padding],
          [...literal(low), ...padding],
        ]),
      ),
    ).toEqual(words);
  const [first, second] = [literal(low), literal(high)];
  expect(await samples(rle([first, second], [64 + first.length, 64]))).toEqual(words);
});

it('a segment that is cut short, larger than the image or outside the stream is refused', async () => {
  const whole = rle([literal(high), literal(low)]);
  for (const length of [70, 72, 76, 77]) await refused(whole.subarray(0, length), /ends before|outside/);
  for (const length of [1, 40, 63]) await refused(whole.subarray(0, length), /shorter than an RLE header/);
  await refused(rle([literal(high), [...literal(low), 1, 70, 80]]), /larger than the image/);
  await refused(rle([literal(high), literal(low)], [64, 900]), /outside the stream/);
  await refused(rle([literal(high), literal(low)], [0, 71]), /outside the stream/);
  await refused(whole, /ends before/, { rows: 60000, columns: 60000, bitsAllocated: 16 });
});

it('a header with other byte planes than the image is refused, colour by its name', async () => {
  await refused(rle([literal(low)]), /1 byte planes for 16 bits/);
  await refused(rle([low, low, low].map(literal)), /3 byte planes for 16 bits/);
  await refused(rle([low, low, low].map(literal)), /3 colour components/, { ...shape, bitsAllocated: 8 });
  await refused(rle([low, low, low, low, low, low].map(literal)), /3 colour components/);
  for (const count of [0, 16, 0xffffffff]) {
    const stream = rle([literal(high), literal(low)]);
    new DataView(stream.buffer).setUint32(0, count, true);
    await refused(stream, /no RLE header/);
  }
});
