/** @file Student's t, Holm and the crossed bootstrap against scipy and numpy. */
import { describe, expect, test } from 'vitest';
import { ConfigError, ShapeError } from '../../src/base/errors.ts';
import { hierarchicalBootstrap, layoutOf } from '../../src/results/hierarchy.ts';
import { holm, pairedT, studentQuantile, studentTails } from '../../src/results/student.ts';
import goldens from '../goldens/experiment.json' with { type: 'json' };

describe('Student’s t', () => {
  test('has scipy’s tails and quantiles', () => {
    for (const [t, freedom, p] of goldens.tails)
      expect(Math.abs(studentTails(t!, freedom!) / p! - 1), `t ${t}, ${freedom}`).toBeLessThan(1e-10);
    for (const [level, freedom, t] of goldens.quantiles)
      expect(studentQuantile(level!, freedom!) / t!, `${level}, ${freedom}`).toBeCloseTo(1, 8);
  });

  test.each(goldens.paired)('gives scipy’s paired test of $differences.length differences', (golden) => {
    const found = pairedT(golden.differences)!;
    for (const key of ['p', 'low', 'high', 'deviation'] as const)
      expect(found[key], key).toBeCloseTo(golden[key], 8);
    expect(found.count).toBe(golden.differences.length);
  });

  test('says nothing of one difference, or of equal ones, and refuses what is no number', () => {
    expect(pairedT([0.3])).toBeNull();
    expect(pairedT([0.2, 0.2, 0.2])).toBeNull();
    expect(() => pairedT([1, Number.NaN])).toThrow(ShapeError);
  });
});

test.each(goldens.holm)('Holm’s correction of $p', ({ p, adjusted }) => {
  holm(p).forEach((value, i) => {
    expect(value).toBeCloseTo(adjusted[i]!, 12);
  });
});

test('Holm’s correction does not count what has no p', () => {
  expect(holm([0.02, null, 0.01])).toEqual([0.02, null, 0.02]);
});

describe('hierarchicalBootstrap', () => {
  test.each(goldens.crossed)('gives the interval of $name, but for chance', ({ cells, mean, low, high }) => {
    const found = hierarchicalBootstrap(cells, { seed: 3, resamples: 20_000 })!;
    expect(found.mean).toBeCloseTo(mean, 12);
    expect(Math.abs(found.low - low)).toBeLessThan(0.03 * (high - low));
    expect(Math.abs(found.high - high)).toBeLessThan(0.03 * (high - low));
  });

  test('is wider than one over subjects alone, where seeds differ', () => {
    const cells = [[Array(20).fill(0.1), Array(20).fill(-0.05), Array(20).fill(0.02)]];
    const { low, high } = hierarchicalBootstrap(cells, { seed: 1 })!;
    expect(low).toBeLessThan(-0.04);
    expect(high).toBeGreaterThan(0.09);
  });

  test('draws seeds that have a pretraining each within these, as two stages do', () => {
    // pretrainings of two draws: +1 and −1, so that with pretrainings anew all that comes out is −1, 0 or +1
    const nested = [
      [[1], [1], [null], [null]],
      [[null], [null], [-1], [-1]],
    ];
    expect(layoutOf(nested)).toBe('nested');
    expect(hierarchicalBootstrap(nested, { seed: 1 })).toEqual({ mean: 0, low: -1, high: 1 });
    // half of the time it is 0: were draws drawn across pretrainings, shares of these would move it
    const few = hierarchicalBootstrap(nested, { seed: 1, level: 0.4 })!;
    expect([few.low, few.high]).toEqual([0, 0]);
  });

  test('counts pretrainings with draws of their own the same, however many these are', () => {
    const nested = [
      [[0.1], [0.3], [null]],
      [[null], [null], [0.6]],
    ];
    expect(hierarchicalBootstrap(nested, { seed: 1 })!.mean).toBeCloseTo(0.4, 12);
  });

  test('counts every draw the same, however many pretrainings it has', () => {
    const partial = [
      [[0.2], [0.6]],
      [[0.4], [null]],
    ];
    expect(layoutOf(partial)).toBe('partial');
    expect(hierarchicalBootstrap(partial, { seed: 1 })!.mean).toBeCloseTo(0.45, 12);
    const { low, high } = hierarchicalBootstrap(partial, { seed: 1 })!;
    expect([low.toFixed(6), high.toFixed(6)]).toEqual(['0.200000', '0.600000']);
  });

  test('is the same for the same seed, null without values, and refuses what is not crossed', () => {
    const { cells } = goldens.crossed[0]!;
    expect(hierarchicalBootstrap(cells, { seed: 1 })).toEqual(hierarchicalBootstrap(cells, { seed: 1 }));
    expect(hierarchicalBootstrap(cells, { seed: 1 })).not.toEqual(hierarchicalBootstrap(cells, { seed: 2 }));
    expect(hierarchicalBootstrap([[[null, null]]], { seed: 1 })).toBeNull();
    expect(() => hierarchicalBootstrap([[[1, 2], [1]]], { seed: 1 })).toThrow(/of different lengths/);
    expect(() => hierarchicalBootstrap([[[Number.NaN]]], { seed: 1 })).toThrow(ShapeError);
    expect(() => hierarchicalBootstrap([[[1]]], { seed: 1, resamples: 5 })).toThrow(ConfigError);
  });
});
