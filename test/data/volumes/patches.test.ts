/** @file Random patches: where they lie, what they hold, that they depend on seed and number alone; windows cover. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError, ShapeError } from '../../../src/base/errors.ts';
import {
  type Axes,
  gaussianWeights,
  type LabelledVolume,
  PatchSampler,
  windowStarts,
} from '../../../src/data/volumes/index.ts';

const affine = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];

/** Each voxel holds its number; two voxels of class 2, one of class 5. */
function numbered(shape: Axes, classes: Readonly<Record<number, number>> = {}): LabelledVolume {
  const grid = { shape, spacingMm: [1, 1, 1] as const, affine };
  const count = shape[0] * shape[1] * shape[2];
  const data = new Uint8Array(count);
  for (const [at, one] of Object.entries(classes)) data[Number(at)] = one;
  const image = { ...grid, channels: 1, data: Float32Array.from({ length: count }, (_, i) => i + 1) };
  return { image, labels: { ...grid, data } };
}

const volumes = [numbered([6, 8, 10], { 17: 2, 441: 2, 250: 5 }), numbered([6, 8, 10])];

describe('PatchSampler', () => {
  const patch: Axes = [3, 4, 5];
  const sampler = new PatchSampler(volumes, { patch, seed: 4 });

  it('gives every third patch about a voxel of a class, which it holds, and the same patches in any order', () => {
    const { images, labels, places } = sampler.take(0, 60);
    const about = places.map((place) => place.about);
    expect(about.filter((one) => one > 0)).toHaveLength(20);
    expect(about.every((one, i) => one > 0 === (i % 3 === 2))).toBe(true);
    expect(new Set(about)).toEqual(new Set([0, 2, 5]));
    expect(new Set(places.map(({ volume }) => volume))).toEqual(new Set([0, 1]));
    for (const [i, one] of about.entries())
      if (one > 0) expect(labels.subarray(60 * i, 60 * (i + 1))).toContain(one);
    const later = sampler.take(7, 2);
    expect(later.images).toEqual(images.slice(7 * 60, 9 * 60));
    expect(later.places).toEqual(places.slice(7, 9));
    expect(new PatchSampler(volumes, { patch, seed: 5 }).take(0, 60).places).not.toEqual(places);
  });

  it('cuts what lies there, and reaches every place', () => {
    const { images, places } = new PatchSampler(volumes, { patch, foreground: 0 }).take(0, 400);
    for (const [i, { start }] of places.entries()) {
      const number = (z: number, y: number, x: number) =>
        ((start[0] + z) * 8 + start[1] + y) * 10 + start[2] + x + 1;
      expect(images[60 * i]).toBe(number(0, 0, 0));
      expect(images[60 * i + 59]).toBe(number(2, 3, 4));
    }
    const seen = [0, 1, 2].map((axis) => new Set(places.map(({ start }) => start[axis])).size);
    expect(seen).toEqual([4, 5, 6]);
  });

  it('lays a volume that is smaller into the middle of zeros and background', () => {
    const small = numbered([2, 2, 3], { 4: 1 });
    const { images, labels, places } = new PatchSampler([small], { patch: [4, 2, 5] }).take(2, 1);
    expect(places).toEqual([{ volume: 0, start: [-1, 0, -1], about: 1 }]);
    const row = (z: number, y: number) => [...images.slice((z * 2 + y) * 5, (z * 2 + y) * 5 + 5)];
    expect([row(0, 0), row(1, 0), row(1, 1), row(2, 1), row(3, 1)]).toEqual([
      ...[
        [0, 0, 0, 0, 0],
        [0, 1, 2, 3, 0],
        [0, 4, 5, 6, 0],
        [0, 10, 11, 12, 0],
      ],
      [0, 0, 0, 0, 0],
    ]);
    expect(labels.indexOf(1)).toBe((1 * 2 + 1) * 5 + 2);
  });

  it('refuses what does not fit', () => {
    const make = (given: readonly LabelledVolume[], options: object) => () =>
      new PatchSampler(given, { patch, ...options });
    expect(make([], {})).toThrow(ShapeError);
    expect(make(volumes, { patch: [3, 4] })).toThrow(ShapeError);
    expect(make(volumes, { foreground: 2 })).toThrow(ConfigError);
    expect(make(volumes.slice(1), {})).toThrow('foreground: 0');
    expect(make([{ ...volumes[0]!, labels: numbered([6, 8, 9]).labels }], {})).toThrow('6 × 8 × 9');
    expect(make(volumes, { size: 4 })).toThrow('size');
  });
});

const side = fc.integer({ min: 1, max: 23 });
const sides = fc.tuple(side, side, side);

describe('windows over a volume', () => {
  it('cover every voxel, at most half a patch apart, and end with the volume', () => {
    fc.assert(
      fc.property(sides, sides, (shape, patch) => {
        const starts = windowStarts(shape, patch, 0.5);
        for (const axis of [0, 1, 2] as const) {
          const along = [...new Set(starts.map((start) => start[axis]))].sort((a, b) => a - b);
          const [whole, own] = [shape[axis], patch[axis]];
          if (own >= whole) expect(along).toEqual([0 - Math.floor((own - whole) / 2)]);
          else expect([along[0], along.at(-1)]).toEqual([0, whole - own]);
          for (let i = 1; i < along.length; i++)
            expect(along[i]! - along[i - 1]!).toBeLessThanOrEqual(Math.max(1, Math.ceil(own / 2)));
        }
      }),
    );
  });

  it('weigh the middle most, each side as the other, and no voxel nothing', () => {
    const weights = gaussianWeights([4, 5, 64]);
    expect(weights.every((w) => w > 0 && w <= 1)).toBe(true);
    expect([...weights].reverse()).toEqual([...weights]);
    // σ is 8 along width: one away from the middle of an odd side of 5 (σ 0.625) is exp(−1.28)
    const middle = (1 * 5 + 2) * 64 + 31;
    expect(weights[middle - 64]! / weights[middle]!).toBeCloseTo(Math.exp(-1.28), 6);
    expect(weights[middle - 8]! / weights[middle]!).toBeCloseTo(Math.exp(-(8.5 ** 2 - 0.5 ** 2) / 128), 6);
  });
});
