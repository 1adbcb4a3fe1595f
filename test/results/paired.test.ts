/** @file Paired comparisons against scipy's. */

import { describe, expect, test } from 'vitest';
import { ConfigError, ShapeError } from '../../src/base/errors.ts';
import { normalQuantile, normalTail } from '../../src/results/normal.ts';
import { bootstrapMean, signedRankTest } from '../../src/results/paired.ts';
import goldens from '../goldens/paired.json' with { type: 'json' };

describe('signedRankTest', () => {
  test.each(goldens.pairs)('gives p and statistic of $name', ({ differences, p, statistic }) => {
    const result = signedRankTest(differences);
    expect(result.statistic).toBeCloseTo(statistic, 9);
    if (p === null) expect(result.p).toBeNull();
    else expect(Math.abs(result.p! / p - 1)).toBeLessThan(1e-9);
    const ties = differences.filter((d) => d === 0).length;
    expect(result).toMatchObject({ pairs: differences.length - ties, ties });
  });

  test('does not mind order or which side is which', () => {
    const { differences } = goldens.pairs.find(({ name }) => name === '20 normal')!;
    expect(signedRankTest(differences.map((d) => -d).reverse())).toEqual(signedRankTest(differences));
  });
});

describe('bootstrapMean', () => {
  const spread = goldens.pairs.filter(({ interval }) => interval !== null);

  test.each(spread)('gives the interval of $name, but for chance', ({ differences, interval }) => {
    const { low, high } = bootstrapMean(differences, { seed: 5, resamples: 20_000 })!;
    // means of whole numbers are multiples of 1/n, and chance may take the next one
    const step = differences.every(Number.isInteger) ? 1 / differences.length : 0;
    const tolerance = 0.02 * (interval![1]! - interval![0]!) + step;
    expect(Math.abs(low - interval![0]!)).toBeLessThan(tolerance);
    expect(Math.abs(high - interval![1]!)).toBeLessThan(tolerance);
  });

  test('is the same for the same seed, another for another, and wider for a higher level', () => {
    const values = spread.at(-1)!.differences;
    const of = (seed: number, level = 0.95) => bootstrapMean(values, { seed, level, resamples: 2000 })!;
    expect(of(1)).toEqual(of(1));
    expect([of(1).low, of(1).high]).not.toEqual([of(2).low, of(2).high]);
    expect(of(1, 0.99).low).toBeLessThan(of(1).low);
    expect(of(1, 0.99).high).toBeGreaterThan(of(1).high);
  });

  test('is a point where all differences are equal, and none below two', () => {
    expect(bootstrapMean([0.25, 0.25, 0.25], { seed: 1 })).toEqual({ mean: 0.25, low: 0.25, high: 0.25 });
    expect(bootstrapMean([1], { seed: 1 })).toBeNull();
    expect(bootstrapMean([], { seed: 1 })).toBeNull();
  });
});

test('what is no number, seed, count or level is refused by name', () => {
  expect(() => signedRankTest([1, NaN])).toThrow(ShapeError);
  expect(() => bootstrapMean([1, Infinity], { seed: 1 })).toThrow(/bootstrapMean: differences hold Infinity/);
  for (const options of [{ seed: -1 }, { seed: 0.5 }, { seed: 1, resamples: 99 }, { seed: 1, level: 1 }])
    expect(() => bootstrapMean([1, 2], options)).toThrow(ConfigError);
});

test('the normal distribution is scipy’s, far into its tails', () => {
  for (const [z, tail] of goldens.tails)
    expect(Math.abs(normalTail(z!) / tail! - 1), `${z}`).toBeLessThan(1e-12);
  for (const [p, z] of goldens.quantiles) expect(normalQuantile(p!), `${p}`).toBeCloseTo(z!, 10);
});
