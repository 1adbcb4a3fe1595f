/** @file Values of prepared images, wherever they lie: one array in memory, or what reads a store's file piece by piece. */
import { crc32 } from '../base/hash.ts';
import type { TrainingData } from './types.ts';

/** What is read of an array of values; one in memory is such. */
export interface Values<T extends Float32Array | Uint8Array> {
  readonly length: number;
  /** In memory. */
  readonly byteLength: number;
  /** Values `begin` to `end`: a view of those in memory, else read. @throws FileError where they cannot be read any more */
  subarray(begin: number, end: number): T;
  /** As `subarray`, in memory that the next piece is read into; where it is missing, `subarray` reads pieces. */
  piece?(begin: number, end: number): T;
}

/** Values read at a time. */
const PIECE = 2 ** 18;

/** All values in order, in pieces of some whole images of `each` values; a piece is to be done with before the next. */
export function* pieces<T extends Float32Array | Uint8Array>(
  values: Values<T>,
  each: number,
): Generator<{ readonly begin: number; readonly piece: T }> {
  const step = each * Math.max(1, Math.floor(PIECE / each));
  for (let begin = 0; begin < values.length; begin += step) {
    const end = Math.min(values.length, begin + step);
    yield { begin, piece: values.piece?.(begin, end) ?? values.subarray(begin, end) };
  }
}

/** An array's bytes. */
export const bytesIn = ({ buffer, byteOffset, byteLength }: Float32Array | Uint8Array | Uint16Array) =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** CRC-32 of all values' bytes. */
export function valuesChecksum(values: Values<Float32Array | Uint8Array>, each: number): number {
  let checksum = 0;
  for (const { piece } of pieces(values, each)) checksum = crc32(bytesIn(piece), checksum);
  return checksum;
}

/** As many times one value, for images that have none. @param make an array of so many zeros */
export const filledValues = <T extends Float32Array | Uint8Array>(
  fill: number,
  length: number,
  make: (length: number) => T,
): Values<T> => ({
  length,
  byteLength: 0,
  subarray: (begin, end) => make(end - begin).fill(fill) as T,
});

/** `two` behind `one`: an array of arrays, else read where they lie. @param make an array of so many zeros */
export function joinedValues<T extends Float32Array | Uint8Array>(
  one: Values<T>,
  two: Values<T>,
  make: (length: number) => T,
): Values<T> {
  const { length } = one;
  if (ArrayBuffer.isView(one) && ArrayBuffer.isView(two)) {
    const whole = make(length + two.length);
    whole.set(one as unknown as T);
    whole.set(two as unknown as T, length);
    return whole as unknown as Values<T>;
  }
  return {
    length: length + two.length,
    byteLength: one.byteLength + two.byteLength,
    subarray(begin, end) {
      if (end <= length) return one.subarray(begin, end);
      if (begin >= length) return two.subarray(begin - length, end - length);
      const joined = make(end - begin);
      joined.set(one.subarray(begin, length));
      joined.set(two.subarray(0, end - length), length - begin);
      return joined;
    },
  };
}

/** What prepared images take in memory. */
export const bytesOf = ({ pixels, masks, colours }: TrainingData): number =>
  [pixels, masks, colours].reduce((sum, values) => sum + (values?.byteLength ?? 0), 0);
