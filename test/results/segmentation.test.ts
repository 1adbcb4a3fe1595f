/** @file Measures of a segmentation against scipy's with medpy's definitions, and what they refuse. */

import { describe, expect, test } from 'vitest';
import { ShapeError } from '../../src/base/errors.ts';
import type { Triple } from '../../src/results/grid.ts';
import { measureSegmentation } from '../../src/results/segmentation.ts';
import { summarize } from '../../src/results/summary.ts';
import { ejectionFraction, volumeMl } from '../../src/results/volume.ts';
import goldens from '../goldens/measures.json' with { type: 'json' };

const keys = ['dice', 'hausdorffMm', 'hausdorff95Mm', 'surfaceMm', 'predictedMl', 'truthMl'] as const;

/** A mask as the golden file has it: bits, first voxel in the highest. */
function unpack(base64: string, count: number): Uint8Array {
  const bytes = Buffer.from(base64, 'base64');
  return Uint8Array.from({ length: count }, (_, i) => (bytes[i >> 3]! >> (7 - (i & 7))) & 1);
}

describe('measureSegmentation', () => {
  test.each(goldens)('gives what scipy gives: $name', (golden) => {
    const { shape, spacingMm } = golden as unknown as { shape: Triple; spacingMm: Triple };
    const count = shape.reduce((a, b) => a * b);
    const [p, t] = [unpack(golden.predicted, count), unpack(golden.truth, count)];
    const measures = measureSegmentation(p, t, 1, { shape, spacingMm });
    for (const key of keys) {
      const expected = golden[key];
      if (expected === null) expect(measures[key], key).toBeNull();
      else expect(Math.abs(measures[key]! - expected), key).toBeLessThan(1e-9 * Math.max(1, expected));
    }
  });

  const grid = { shape: [3, 8, 9], spacingMm: [8, 1.5, 1.25] } as const;
  const half = Uint8Array.from({ length: 216 }, (_, i) => Number(i % 9 < 4));

  test('has no distance where a mask is empty, and a Dice of 0 only where one alone is', () => {
    const none = new Uint8Array(216);
    const distances = { hausdorffMm: null, hausdorff95Mm: null, surfaceMm: null };
    expect(measureSegmentation(none, half, 1, grid)).toMatchObject({
      ...distances,
      dice: 0,
      missing: 'predicted',
      predictedMl: 0,
    });
    expect(measureSegmentation(half, none, 1, grid)).toMatchObject({
      ...distances,
      dice: 0,
      missing: 'truth',
    });
    expect(measureSegmentation(none, none, 1, grid)).toEqual({
      ...distances,
      dice: null,
      missing: 'both',
      predictedMl: 0,
      truthMl: 0,
    });
    expect(measureSegmentation(half, half, 1, grid).missing).toBeNull();
  });

  test('compares one class of a map, whatever the array is of', () => {
    const moved = half.map((_, i) => half[i - 1] ?? 0);
    const classes = (mask: Uint8Array) => Float32Array.from(mask, (v, i) => (v ? 3 : i % 3));
    expect(measureSegmentation(classes(half), Array.from(classes(moved)), 3, grid)).toEqual(
      measureSegmentation(half, moved, 1, grid),
    );
  });

  test.each<[string, () => unknown, RegExp]>([
    [
      'a prediction that is too short',
      () => measureSegmentation(half.subarray(1), half, 1, grid),
      /predicted has 215 values for a shape of \[3, 8, 9\] \(216\)/,
    ],
    [
      'a truth that is too long',
      () => measureSegmentation(half, new Uint8Array(217), 1, grid),
      /truth has 217 values/,
    ],
    ['a label that is no number', () => measureSegmentation(half, half, NaN, grid), /label is NaN/],
    ...[0, -1, NaN, Infinity].map((mm): [string, () => unknown, RegExp] => [
      `a spacing of ${mm}`,
      () => measureSegmentation(half, half, 1, { ...grid, spacingMm: [8, mm, 1] }),
      /spacingMm is \[8, .*, 1\], not three positive numbers/,
    ]),
    [
      'a shape of two',
      () => measureSegmentation(half, half, 1, { ...grid, shape: [24, 9] as never }),
      /shape is \[24, 9\]/,
    ],
    [
      'a shape with 0',
      () => measureSegmentation([], [], 1, { ...grid, shape: [0, 8, 9] }),
      /shape is \[0, 8, 9\]/,
    ],
    [
      'a volume of another shape',
      () => volumeMl(half, 1, { ...grid, shape: [3, 9, 9] }),
      /volumeMl: classes has 216 values/,
    ],
    ['a negative volume', () => ejectionFraction(100, -1), /endSystolicMl is -1/],
    ['a volume of NaN', () => ejectionFraction(NaN, 50), /endDiastolicMl is NaN/],
  ])('refuses %s', (_, call, message) => {
    expect(call).toThrow(ShapeError);
    expect(call).toThrow(message);
  });
});

test('volumes are in ml, and the ejection fraction in percent of the end-diastolic one', () => {
  const grid = { shape: [2, 2, 2], spacingMm: [10, 5, 2] } as const;
  expect(volumeMl([3, 3, 0, 1, 3, 2, 3, 3], 3, grid)).toBeCloseTo(0.5, 12);
  expect(ejectionFraction(193.8, 143.3)).toBeCloseTo(26.06, 2);
  expect(ejectionFraction(100, 120)).toBe(-20);
  expect(ejectionFraction(0, 0)).toBeNull();
});

test('a summary leaves missing values out and counts them', () => {
  expect(summarize([2, null, 4, null, 9])).toEqual({
    mean: 5,
    median: 4,
    deviation: Math.sqrt(13),
    count: 3,
    missing: 2,
  });
  expect(summarize([7])).toEqual({ mean: 7, median: 7, deviation: null, count: 1, missing: 0 });
  expect(summarize([null])).toEqual({ mean: null, median: null, deviation: null, count: 0, missing: 1 });
});
