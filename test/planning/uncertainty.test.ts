/** @file What all slices of a stack get wrong alike, measured on planes of known error. */
import { describe, expect, it } from 'vitest';
import { normals } from '../../src/base/random.ts';
import { type KnownError, sharedError, together } from '../../src/planning/uncertainty.ts';

/** Planes whose errors come from their slices, which they know, and from what these share. */
function planes(count: number, own: number, shared: number, seed: number): KnownError[] {
  const drawn = normals(4 * count, seed);
  let next = 0;
  const error = () => Math.abs(own * drawn[next++]! + shared * drawn[next++]!);
  return Array.from({ length: count }, () => ({
    error: { angleDeg: error(), distanceMm: error() / 2 },
    uncertainty: { angleDeg: own, distanceMm: own / 2 },
  }));
}

const within = (some: readonly KnownError[], key: 'angleDeg' | 'distanceMm', times: number): number =>
  some.filter(({ error, uncertainty }) => error[key] <= times * uncertainty[key]).length / some.length;

describe('sharedError', () => {
  it('finds what slices share, so that on other planes the sum holds what a standard error should', () => {
    const shared = sharedError(planes(4000, 2, 5, 1))!;
    expect(shared.angleDeg).toBeCloseTo(5, 0);
    expect(shared.distanceMm).toBeCloseTo(2.5, 0);
    const fresh = planes(4000, 2, 5, 2);
    const told = fresh.map(({ error, uncertainty }) => ({
      error,
      uncertainty: together(uncertainty, shared),
    }));
    for (const key of ['angleDeg', 'distanceMm'] as const) {
      expect(within(fresh, key, 2)).toBeLessThan(0.6);
      expect(within(told, key, 1)).toBeCloseTo(0.683, 1);
      expect(within(told, key, 2)).toBeCloseTo(0.954, 1);
    }
  });

  it('is 0 where the slices told all, and unknown of fewer than five planes', () => {
    expect(
      sharedError(
        planes(100, 3, 0, 3).map((one) => ({ ...one, uncertainty: { angleDeg: 9, distanceMm: 9 } })),
      ),
    ).toEqual({
      angleDeg: 0,
      distanceMm: 0,
    });
    expect(sharedError(planes(4, 2, 5, 4))).toBeNull();
    expect(sharedError(planes(5, 2, 5, 4))).not.toBeNull();
    expect(sharedError([])).toBeNull();
  });
});
