/** @file The trivial predictor of lines: mean lines, and the point where offsets are measured. */
import { describe, expect, test } from 'vitest';
import { lineAngleDeg } from '../../../src/data/affine.ts';
import type { Line } from '../../../src/data/types.ts';
import { crossesImage, meanLines, referencePoint } from '../../../src/tasks/orientation/baseline.ts';
import { lineAt } from './ridge.ts';

const size = 32;
const horizontal = (y: number): Line => [0, 1, -y];
const vertical = (x: number): Line => [1, 0, -x];

describe('the mean line', () => {
  test('averages undirected lines: a normal and its opposite are one line', () => {
    const lines = [
      lineAt(85, 1, size),
      lineAt(95, 3, size),
      lineAt(85 + 180, -1, size),
      lineAt(95 - 180, -3, size),
    ];
    const [result] = meanLines(
      lines.map((line) => ({ lines: [line] })),
      1,
      size,
    ) as [Line];
    expect(lineAngleDeg(result, lineAt(90, 0, size))).toBeCloseTo(0, 8);
    expect(Math.abs(result[0] * 15.5 + result[1] * 15.5 + result[2])).toBeCloseTo(2, 8);
  });

  test('has no mean line where there are no lines or their directions cancel out', () => {
    expect(meanLines([{ lines: [horizontal(3)] }, { lines: [vertical(3)] }], 1, size)).toEqual([null]);
    const [none, one] = meanLines([{ lines: [null, vertical(3)] }], 2, size);
    expect(none).toBeNull();
    expect(one).toEqual(vertical(3));
    expect(meanLines([], 2, size)).toEqual([null, null]);
  });

  test('measures offsets at the crossing inside the image, else at its centre', () => {
    expect(referencePoint([horizontal(10), vertical(20)], size)).toEqual([20, 10]);
    expect(referencePoint([horizontal(10), vertical(400)], size)).toEqual([15.5, 15.5]);
    expect(referencePoint([null, vertical(4)], size)).toEqual([15.5, 15.5]);
  });

  test('is compared where a line runs through the image, corners apart', () => {
    for (const [line, crosses] of [
      [horizontal(0), true],
      [horizontal(-0.5), false],
      [horizontal(31.4), true],
      [vertical(32), false],
      [lineAt(45, 20, size), true],
      [lineAt(45, 24, size), false],
    ] as const)
      expect(crossesImage(line, size), String(line)).toBe(crosses);
  });
});
