import { describe, expect, it } from 'vitest';
import { normals, philox, uniforms, type Words } from '../../src/base/random.ts';

const ones = 0xffffffff;
// Random123, kat_vectors, philox4x32 with 10 rounds
const known: readonly [Words, readonly [number, number], string][] = [
  [[0, 0, 0, 0], [0, 0], '6627e8d5 e169c58d bc57ac4c 9b00dbd8'],
  [[ones, ones, ones, ones], [ones, ones], '408f276d 41c83b0e a20bc7c6 6d5451fd'],
  [
    [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    [0xa4093822, 0x299f31d0],
    'd16cfe09 94fdcceb 5001e420 24126ea1',
  ],
];

/** Mean, variance and fourth central moment over the squared variance. */
function moments(values: Float32Array): [mean: number, variance: number, kurtosis: number] {
  const sum = (f: (v: number) => number): number => values.reduce((total, v) => total + f(v), 0);
  const mean = sum((v) => v) / values.length;
  const variance = sum((v) => (v - mean) ** 2) / values.length;
  return [mean, variance, sum((v) => (v - mean) ** 4) / values.length / variance ** 2];
}

describe('philox', () => {
  for (const [counter, key, words] of known) {
    it(`gives the published words ${words}`, () => {
      const hex = philox(counter, key).map((word) => word.toString(16).padStart(8, '0'));
      expect(hex.join(' ')).toBe(words);
    });
  }
});

describe('uniforms and normals', () => {
  it('value i depends on seed and stream only, not on how many are asked for', () => {
    for (const draw of [uniforms, normals]) {
      const long = draw(1001, 7, 3);
      expect(draw(13, 7, 3)).toEqual(long.slice(0, 13));
      expect(draw(1001, 8, 3)).not.toEqual(long);
      expect(draw(1001, 7, 4)).not.toEqual(long);
      expect(draw(1001, 7 + 2 ** 32, 3)).not.toEqual(long);
    }
  });

  it('uniforms are flat on [0, 1)', () => {
    const values = uniforms(100_000, 5);
    const [mean, variance, kurtosis] = moments(values);
    expect(mean).toBeCloseTo(1 / 2, 2);
    expect(variance).toBeCloseTo(1 / 12, 2);
    expect(kurtosis).toBeCloseTo(9 / 5, 1);
    expect(values.every((v) => v >= 0 && v < 1)).toBe(true);
  });

  it('normals have mean 0, variance 1 and the kurtosis of a normal, and are finite', () => {
    const values = normals(100_001, 5);
    const [mean, variance, kurtosis] = moments(values);
    expect(Math.abs(mean)).toBeLessThan(0.01);
    expect(variance).toBeCloseTo(1, 1);
    expect(kurtosis).toBeCloseTo(3, 0);
    expect(values.every(Number.isFinite)).toBe(true);
  });
});
