/** @file Half precision against its definition: every value, every middle between two. */
import { describe, expect, it, test } from 'vitest';
import { fromHalf, fromHalfBits, toHalf, toHalfBits } from '../../src/base/half.ts';

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

describe('half precision', () => {
  const all = Uint16Array.from({ length: 65536 }, (_, i) => i);
  const values = fromHalf(all);

  test('keeps every one of its values', () => {
    const back = toHalf(values);
    for (const half of all) {
      const notANumber = (half & 0x7c00) === 0x7c00 && (half & 0x3ff) !== 0;
      if (notANumber) expect(values[half]).toBeNaN();
      else if (back[half] !== half) expect.fail(`${half} came back as ${back[half]}`);
    }
    expect([values[0x3c00], values[0xc500], values[1], values[0x7bff]]).toEqual([1, -5, 2 ** -24, 65504]);
  });

  test('rounds midpoints to even and everything else to the nearest', () => {
    for (let half = 0; half < 0x7bff; half++) {
      const [low, high] = [values[half]!, values[half + 1]!];
      const middle = (low + high) / 2;
      const nudge = (high - low) / 64;
      const [down, tie, up] = toHalf(Float32Array.of(middle - nudge, middle, -middle - nudge));
      const even = half % 2 === 0 ? half : half + 1;
      if (down !== half || tie !== even || up !== ((half + 1) | 0x8000)) expect.fail(`around ${middle}`);
    }
    expect([...toHalf(Float32Array.of(65519, 65520, -1e9, Number.NaN))]).toEqual([
      0x7bff, 0x7c00, 0xfc00, 0x7e00,
    ]);
  });
});
