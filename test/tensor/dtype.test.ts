import { describe, expect, it } from 'vitest';
import { type DType, decode, encode, fromHalfBits, toHalfBits } from '../../src/tensor/dtype.ts';

const bits = new DataView(new ArrayBuffer(8));

/** The next float64 above a positive one. */
function above(value: number): number {
  bits.setFloat64(0, value);
  bits.setBigInt64(0, bits.getBigInt64(0) + 1n);
  return bits.getFloat64(0);
}

/** The next float64 below a positive one. */
function below(value: number): number {
  bits.setFloat64(0, value);
  bits.setBigInt64(0, bits.getBigInt64(0) - 1n);
  return bits.getFloat64(0);
}

const allHalves = Array.from({ length: 65536 }, (_, half) => half);
const isNaNHalf = (half: number): boolean => (half & 0x7fff) > 0x7c00;

describe('float16', () => {
  it('every one of the 65536 values survives the way to a number and back', () => {
    const wrong = allHalves.filter((half) => !isNaNHalf(half) && toHalfBits(fromHalfBits(half)) !== half);
    expect(wrong.slice(0, 3)).toEqual([]);
  });

  it('every NaN stays a NaN', () => {
    const wrong = allHalves.filter((half) => isNaNHalf(half) !== Number.isNaN(fromHalfBits(half)));
    expect(wrong.slice(0, 3)).toEqual([]);
    expect(isNaNHalf(toHalfBits(Number.NaN))).toBe(true);
  });

  it('the middle between any two neighbours goes to the even one, and a hair beside it to the nearer', () => {
    const finite = allHalves.filter((half) => half < 0x7c00);
    const wrong = finite.filter((low) => {
      const top = low === 0x7bff ? 65536 : fromHalfBits(low + 1);
      const middle = (fromHalfBits(low) + top) / 2;
      const even = low % 2 === 0 ? low : low + 1;
      const positive = [toHalfBits(below(middle)), toHalfBits(middle), toHalfBits(above(middle))];
      const negative = [toHalfBits(-below(middle)), toHalfBits(-middle), toHalfBits(-above(middle))];
      const expected = [low, even, low + 1];
      return positive.some((half, i) => half !== expected[i] || negative[i] !== half + 0x8000);
    });
    expect(wrong.slice(0, 3)).toEqual([]);
  });

  it('what is too large is infinite, what is too small is zero, with its sign', () => {
    const given = [1e300, -1e300, Number.POSITIVE_INFINITY, 1e-300, -1e-300, -0];
    expect(given.map(toHalfBits)).toEqual([0x7c00, 0xfc00, 0x7c00, 0, 0x8000, 0x8000]);
  });
});

describe('encode and decode', () => {
  const cases: readonly [DType, readonly number[], readonly number[]][] = [
    ['f32', [0.1, -0, 3e38, 1e-45], [0.1, -0, 3e38, 1e-45].map(Math.fround)],
    ['f16', [0.5, -2, 65504], [0.5, -2, 65504]],
    ['i32', [-1, 2147483647, -2147483648], [-1, 2147483647, -2147483648]],
    ['u32', [0, 4294967295], [0, 4294967295]],
    ['bool', [0, 5, -1], [0, 1, 1]],
  ];
  for (const [dtype, given, expected] of cases) {
    it(`${dtype} values come back`, () => {
      const bytes = encode(given, dtype);
      expect([...decode(bytes.slice().buffer, dtype, given.length)]).toEqual(expected);
    });
  }
});
