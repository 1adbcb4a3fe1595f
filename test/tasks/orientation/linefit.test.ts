/** @file Lines read back from heatmaps: exact, noisy, hedged, clipped, absent. */

import { describe, expect, test } from 'vitest';
import { normals } from '../../../src/base/random.ts';
import { lineAngleDeg, lineOffsetMm } from '../../../src/data/affine.ts';
import type { Line } from '../../../src/data/types.ts';
import { fitLine } from '../../../src/tasks/orientation/linefit.ts';
import { lineAt, renderRidge } from './ridge.ts';

const middle = (size: number): [number, number] => [(size - 1) / 2, (size - 1) / 2];

function errors(fitted: Line, truth: Line, point: readonly [number, number]) {
  return { degrees: lineAngleDeg(fitted, truth), pixels: lineOffsetMm(fitted, truth, point, 1) };
}

function noisy(map: Float32Array, std: number, seed: number): Float32Array {
  const noise = normals(map.length, seed);
  return map.map((v, i) => v + std * noise[i]!);
}

describe('fitLine', () => {
  test('finds every exact line, at every angle and offset, to 0.02 px and 0.05°', () => {
    for (const [size, sigma] of [
      [32, 0.945],
      [31, 1.89],
      [64, 1.89],
    ] as const)
      for (let degrees = 0; degrees < 180; degrees += 7.5)
        for (const offset of [-0.45, -0.21, 0, 0.33]) {
          const truth = lineAt(degrees, offset * size, size);
          const { line, residual, confidence } = fitLine(renderRidge(truth, size, sigma), size, size, sigma)!;
          const { degrees: angle, pixels } = errors(line, truth, middle(size));
          expect(angle, `${size} px, ${degrees}°, ${offset}`).toBeLessThan(0.05);
          expect(pixels).toBeLessThan(0.02);
          expect(residual).toBeLessThan(1e-3);
          expect(confidence).toBeGreaterThan(0.999);
          expect(line[0] ** 2 + line[1] ** 2).toBeCloseTo(1, 12);
        }
  });

  test('is exact at the size of the published protocol', () => {
    const truth = lineAt(63.7, 41.3, 224);
    const { degrees, pixels } = errors(
      fitLine(renderRidge(truth, 224, 6), 224, 224, 6)!.line,
      truth,
      middle(224),
    );
    expect(degrees).toBeLessThan(0.01);
    expect(pixels).toBeLessThan(0.01);
  });

  test('finds a line that only clips a corner, where its blob is wider than long', () => {
    const truth = lineAt(45, 20.5, 32);
    const fitted = fitLine(renderRidge(truth, 32, 1.5), 32, 32, 1.5)!.line;
    const { degrees, pixels } = errors(fitted, truth, [31, 31]);
    expect(degrees).toBeLessThan(0.05);
    expect(pixels).toBeLessThan(0.02);
  });

  test('stays within 1° and 0.2 px under noise of a fifth of the peak', () => {
    for (let seed = 1; seed <= 40; seed++) {
      const truth = lineAt(seed * 37, (seed % 9) - 4, 32);
      const map = noisy(renderRidge(truth, 32, 0.945), 0.2, seed);
      const { degrees, pixels } = errors(fitLine(map, 32, 32, 0.945)!.line, truth, middle(32));
      expect(degrees).toBeLessThan(1);
      expect(pixels).toBeLessThan(0.2);
    }
  });

  test('keeps to the ridge when a bright blob lies beside it', () => {
    const truth = lineAt(20, -6, 64);
    const map = renderRidge(truth, 64, 1.9);
    for (let y = 44; y < 52; y++) for (let x = 48; x < 56; x++) map[y * 64 + x] = 1;
    const { degrees, pixels } = errors(fitLine(map, 64, 64, 1.9)!.line, truth, middle(64));
    expect(degrees).toBeLessThan(0.05);
    expect(pixels).toBeLessThan(0.05);
  });

  test('gives the middle of a hedged ridge, with less confidence than of a sharp one', () => {
    const truth = lineAt(70, 2, 32);
    const hedges = Array.from({ length: 21 }, (_, k) => renderRidge(lineAt(70 + (k - 10), 2, 32), 32, 0.945));
    const map = hedges[0]!.map((_, i) => hedges.reduce((sum, one) => sum + one[i]!, 0) / hedges.length);
    const { line, confidence, amplitude } = fitLine(map, 32, 32, 0.945)!;
    expect(lineAngleDeg(line, truth)).toBeLessThan(0.5);
    expect(confidence).toBeLessThan(0.95);
    expect(amplitude).toBeLessThan(1);
  });

  test('finds no line in a map that is zero, constant, pure noise or not finite', () => {
    const zero = new Float32Array(32 * 32);
    expect(fitLine(zero, 32, 32, 1)).toBeNull();
    expect(
      fitLine(
        zero.map(() => 0.3),
        32,
        32,
        1,
      ),
    ).toBeNull();
    expect(
      fitLine(
        zero.map((_, i) => (i === 5 ? Number.NaN : 0.3)),
        32,
        32,
        1,
      ),
    ).toBeNull();
    for (let seed = 1; seed <= 20; seed++) expect(fitLine(noisy(zero, 1, seed), 32, 32, 1)).toBeNull();
  });

  test('refuses a map that is not height × width', () => {
    expect(() => fitLine(new Float32Array(10), 4, 3, 1)).toThrow(/3×4 needs 12/);
  });
});
