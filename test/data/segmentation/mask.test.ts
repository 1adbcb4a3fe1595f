/** @file Masks to the training grid and classes back to the image: where pixels go, and what is refused. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GeometryError, ShapeError } from '../../../src/base/errors.ts';
import { cropMap, resample } from '../../../src/data/resample.ts';
import { classesOnImage, maskOnGrid } from '../../../src/data/segmentation/index.ts';
import type { Affine, ImagePlane } from '../../../src/data/types.ts';

const plane = (
  rows: number,
  columns: number,
  betweenRows: number,
  betweenColumns = betweenRows,
): ImagePlane => ({
  position: [0, 0, 0],
  rowDirection: [1, 0, 0],
  columnDirection: [0, 1, 0],
  spacingMm: [betweenRows, betweenColumns],
  rows,
  columns,
});

const acdc = new Map([0, 1, 2, 3].map((v) => [v, v]));
const identity: Affine = [1, 0, 0, 0, 1, 0];

/** Scores of 1 for each pixel's class. */
function oneHot(labels: Uint8Array, size: number, classes: number) {
  const values = new Float32Array(labels.length * classes);
  labels.forEach((label, i) => {
    values[i * classes + label] = 1;
  });
  return { values, size, classes };
}

describe('maskOnGrid', () => {
  test('takes the nearest pixel, which is where the image of the same shape has most of its weight', () => {
    const grids = fc.record({
      rows: fc.integer({ min: 1, max: 30 }),
      columns: fc.integer({ min: 1, max: 30 }),
      betweenRows: fc.double({ min: 1.26, max: 6, noNaN: true }),
      betweenColumns: fc.double({ min: 1.26, max: 6, noNaN: true }),
      size: fc.integer({ min: 1, max: 40 }),
      edge: fc.integer({ min: 0, max: 30 }),
    });
    fc.assert(
      fc.property(grids, ({ rows, columns, betweenRows, betweenColumns, size, edge }) => {
        const map = cropMap(plane(rows, columns, betweenRows, betweenColumns), size, 1.26);
        const values = Float32Array.from({ length: rows * columns }, (_, i) => Number(i % columns < edge));
        const { classes, unknown } = maskOnGrid({ rows, columns, values }, map, size, acdc);
        const image = resample({ rows, columns, values } as never, map, size);
        const stray = image.findIndex(
          (share, i) => Math.abs(share - 0.5) > 1e-6 && classes[i] !== Number(share > 0.5),
        );
        expect(stray).toBe(-1);
        expect(unknown.every((v) => v === 0)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test('marks values that are no class as unknown, not as background, and gives 0 outside the image', () => {
    const values = [0, 3, 7, Number.NaN, 1, 2.5, -1, 2, 255];
    const { classes, unknown } = maskOnGrid({ rows: 3, columns: 3, values }, [1, 0, 1, 0, 1, 0], 4, acdc);
    expect([...classes]).toEqual([0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0]);
    expect([...unknown]).toEqual([0, 0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 0, 0, 0]);
  });

  test('renames values: two may be one class, and 0 may be unknown', () => {
    const classOf = new Map([
      [2, 1],
      [3, 1],
    ]);
    const { classes, unknown } = maskOnGrid(
      { rows: 2, columns: 2, values: [0, 2, 3, 1] },
      identity,
      2,
      classOf,
    );
    expect([...classes]).toEqual([0, 1, 1, 0]);
    expect([...unknown]).toEqual([1, 0, 0, 1]);
  });

  test.each<[string, () => unknown, typeof ShapeError | typeof GeometryError, RegExp]>([
    [
      'too few values',
      () => maskOnGrid({ rows: 2, columns: 2, values: [0] }, identity, 2, acdc),
      ShapeError,
      /slice has 1 values for 2 × 2/,
    ],
    [
      'no rows',
      () => maskOnGrid({ rows: 0, columns: 2, values: [] }, identity, 2, acdc),
      ShapeError,
      /rows is 0/,
    ],
    [
      'half a size',
      () => maskOnGrid({ rows: 1, columns: 1, values: [0] }, identity, 1.5, acdc),
      ShapeError,
      /size is 1.5/,
    ],
    [
      'a class of 256',
      () => maskOnGrid({ rows: 1, columns: 1, values: [0] }, identity, 1, new Map([[1, 256]])),
      ShapeError,
      /classOf gives 256 for 1/,
    ],
    [
      'a map that turns',
      () => maskOnGrid({ rows: 1, columns: 1, values: [0] }, [0.6, 0.8, 0, -0.8, 0.6, 0], 1, acdc),
      GeometryError,
      /does more than scale, move, mirror and turn by quarters/,
    ],
    ...[
      [1, 0, 0, 0.5, 1, 0] as Affine,
      [0, 0, 0, 0, 1, 0] as Affine,
      [1, 0, 0, 0, 1, Number.NaN] as Affine,
    ].map((map): [string, () => unknown, typeof GeometryError, RegExp] => [
      `the map ${map}`,
      () => maskOnGrid({ rows: 1, columns: 1, values: [0] }, map, 1, acdc),
      GeometryError,
      /does more than scale, move, mirror and turn by quarters/,
    ]),
  ])('refuses %s', (_, call, type, message) => {
    expect(call).toThrow(type);
    expect(call).toThrow(message);
  });
});

describe('classesOnImage', () => {
  test.each([1.26, 1.5, 2.2])('brings a mask of %d mm pixels back as it was, within the crop', (mm) => {
    const [rows, columns, size] = [40, 36, 32];
    const radius = (i: number) => Math.hypot((i % columns) - 17.3, Math.floor(i / columns) - 20.2);
    const values = Uint8Array.from({ length: rows * columns }, (_, i) =>
      radius(i) < 4 ? 3 : radius(i) < 8 ? 2 : 0,
    );
    const map = cropMap(plane(rows, columns, mm), 80, 1.26);
    const grid = maskOnGrid({ rows, columns, values }, map, 80, acdc);
    const back = classesOnImage(oneHot(grid.classes, 80, 4), map, { rows, columns });
    const wrong = back.filter((v, i) => v !== values[i]).length;
    expect(wrong).toBeLessThanOrEqual(mm === 1.26 ? 0 : 8);
    const small = cropMap(plane(rows, columns, mm), size, 1.26);
    const all = new Uint8Array(size * size).fill(1);
    const cropped = classesOnImage(oneHot(all, size, 4), small, { rows, columns });
    cropped.forEach((label, i) => {
      const x = small[0] * (i % columns) + small[2];
      const y = small[4] * Math.floor(i / columns) + small[5];
      const inside = [x, y].every((v) => v > -0.5 + 1e-6 && v < size - 0.5 - 1e-6);
      const outside = [x, y].some((v) => v < -0.5 - 1e-6 || v > size - 0.5 + 1e-6);
      if (inside) expect(label).toBe(1);
      if (outside) expect(label).toBe(0);
    });
  });

  test('interpolates before it chooses: between two classes a third may be likeliest', () => {
    const values = Float32Array.of(0.6, 0, 0.4, 0, 0.6, 0.4);
    const scores = { values: Float32Array.of(...values, ...values), size: 2, classes: 3 };
    const back = classesOnImage(scores, [0.5, 0, 0, 0, 0.5, 0], { rows: 1, columns: 3 });
    expect([...back]).toEqual([0, 2, 1]);
  });

  test('does not listen to what is said of the padding around the image', () => {
    const [rows, columns, size] = [7, 9, 16];
    for (const mm of [0.7, 1.26, 2.1]) {
      const map = cropMap(plane(rows, columns, mm), size, 1.26);
      const ones = new Float32Array(rows * columns).fill(1);
      const { classes } = maskOnGrid({ rows, columns, values: ones }, map, size, acdc);
      const scores = oneHot(classes, size, 2);
      const sure = { ...scores, values: scores.values.map((v, i) => (i % 2 === 0 ? 50 * v : v)) };
      const back = classesOnImage(sure, map, { rows, columns });
      expect(back.every((v) => v === 1)).toBe(true);
    }
  });

  test.each<[string, () => unknown, RegExp]>([
    [
      'too few scores',
      () =>
        classesOnImage({ values: new Float32Array(7), size: 2, classes: 2 }, identity, {
          rows: 2,
          columns: 2,
        }),
      /scores have 7 values for 2 × 2 pixels of 2 classes/,
    ],
    [
      'a single class',
      () =>
        classesOnImage({ values: new Float32Array(4), size: 2, classes: 1 }, identity, {
          rows: 2,
          columns: 2,
        }),
      /classes is 1/,
    ],
    [
      'scores of NaN',
      () =>
        classesOnImage({ values: new Float32Array(8).fill(Number.NaN), size: 2, classes: 2 }, identity, {
          rows: 2,
          columns: 2,
        }),
      /not finite/,
    ],
    [
      'no columns',
      () =>
        classesOnImage({ values: new Float32Array(8), size: 2, classes: 2 }, identity, {
          rows: 2,
          columns: 0,
        }),
      /columns is 0/,
    ],
  ])('refuses %s', (_, call, message) => {
    expect(call).toThrow(ShapeError);
    expect(call).toThrow(message);
  });
});
