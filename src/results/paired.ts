/** @file Whether paired measurements differ: Wilcoxon's signed-rank test, and a bootstrap interval of the mean difference. */

import { ConfigError, ShapeError } from '../base/errors.ts';
import { drawsOf } from '../base/random.ts';
import { purposes } from '../data/purposes.ts';
import { normalQuantile, normalTail } from './normal.ts';
import { percentile } from './percentile.ts';

export interface SignedRankTest {
  /** Two-sided; null where no pair differs. */
  readonly p: number | null;
  /** The smaller of the two rank sums. */
  readonly statistic: number;
  /** Pairs that differ; and pairs that do not, which are left out (Wilcoxon). */
  readonly pairs: number;
  readonly ties: number;
}

export interface Interval {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** Up to so many pairs the distribution is counted out; beyond, it is taken as normal. */
const exactPairs = 200;

function checkFinite(call: string, differences: readonly number[]): void {
  const stray = differences.find((d) => !Number.isFinite(d));
  if (stray === undefined) return;
  throw new ShapeError(call, 'differences', `hold ${stray}`, 'Leave pairs without a value out.');
}

/** Twice the rank of each of ascending sizes, equal ones sharing their mean rank: whole numbers. */
function doubledRanks(sorted: readonly number[]): number[] {
  const ranks: number[] = [];
  while (ranks.length < sorted.length) {
    const first = ranks.length;
    const end = sorted.findIndex((size, i) => i > first && size !== sorted[first]);
    const last = end < 0 ? sorted.length : end;
    ranks.push(...Array<number>(last - first).fill(first + last + 1));
  }
  return ranks;
}

/** P(W ≤ sum) where each rank counts with probability 1/2; exact with ties too, as ranks are given. */
function exactTail(ranks: readonly number[], sum: number): number {
  let chances = Float64Array.of(1);
  for (const rank of ranks) {
    const wider = new Float64Array(chances.length + rank);
    chances.forEach((chance, s) => {
      wider[s]! += chance / 2;
      wider[s + rank]! += chance / 2;
    });
    chances = wider;
  }
  return chances.subarray(0, sum + 1).reduce((a, b) => a + b, 0);
}

/** The normal approximation of the same, from the given ranks' mean and variance (so with ties accounted for). */
function normalTailOf(ranks: readonly number[], sum: number): number {
  const mean = ranks.reduce((a, r) => a + r, 0) / 2;
  const variance = ranks.reduce((a, r) => a + r * r, 0) / 4;
  return normalTail((mean - sum) / Math.sqrt(variance));
}

/**
 * Wilcoxon's signed-rank test of paired differences, two-sided. Differences of 0 are left out; equal ones share
 * their mean rank. Up to 200 pairs p is exact, ties or not; beyond, the normal approximation without continuity
 * correction, as scipy's. Throws ShapeError where a difference is not finite.
 */
export function signedRankTest(differences: readonly number[]): SignedRankTest {
  checkFinite('signedRankTest', differences);
  const sorted = differences.filter((d) => d !== 0).sort((a, b) => Math.abs(a) - Math.abs(b));
  const ranks = doubledRanks(sorted.map(Math.abs));
  const total = ranks.reduce((a, b) => a + b, 0);
  const positive = ranks.reduce((sum, rank, i) => (sorted[i]! > 0 ? sum + rank : sum), 0);
  const smaller = Math.min(positive, total - positive);
  const tail = ranks.length > exactPairs ? normalTailOf : exactTail;
  return {
    p: ranks.length === 0 ? null : Math.min(1, 2 * tail(ranks, smaller)),
    statistic: smaller / 2,
    pairs: ranks.length,
    ties: differences.length - ranks.length,
  };
}

function resampledMeans(values: readonly number[], seed: number, resamples: number): Float64Array {
  const next = drawsOf(seed, purposes.bootstrap, 0);
  const means = Float64Array.from({ length: resamples }, () => {
    let sum = 0;
    for (let i = 0; i < values.length; i++) sum += values[Math.floor(next() * values.length)]!;
    return sum / values.length;
  });
  return means.sort();
}

/** The bias correction: where the sample's mean lies among the resampled ones, as a normal quantile. */
function biasOf(means: Float64Array, mean: number): number {
  const below = means.filter((m) => m < mean).length;
  const upTo = means.filter((m) => m <= mean).length;
  return normalQuantile((below + upTo) / (2 * means.length));
}

/** The acceleration of a mean: a sixth of its skewness. */
function accelerationOf(values: readonly number[], mean: number): number {
  const sum = (power: number): number => values.reduce((total, v) => total + (v - mean) ** power, 0);
  return sum(3) / (6 * sum(2) ** 1.5);
}

function checkBootstrap(seed: number, resamples: number, level: number): void {
  const call = 'bootstrapMean';
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new ConfigError(`${call}: seed ${seed} is not a whole number from 0 to 2⁵³ − 1.`);
  if (!Number.isSafeInteger(resamples) || resamples < 100)
    throw new ConfigError(`${call}: resamples ${resamples} is not a whole number of 100 or more.`);
  if (!(level > 0 && level < 1))
    throw new ConfigError(`${call}: level ${level} does not lie between 0 and 1.`);
}

/**
 * Mean of paired differences with its bootstrap confidence interval, bias-corrected and accelerated (Efron 1987), as
 * scipy.stats.bootstrap; null for fewer than two differences. The same seed gives the same interval everywhere.
 * Throws ShapeError where a difference is not finite, ConfigError for options that are out of range.
 */
export function bootstrapMean(
  differences: readonly number[],
  options: { readonly seed: number; readonly resamples?: number; readonly level?: number },
): Interval | null {
  const { seed, resamples = 9999, level = 0.95 } = options;
  checkFinite('bootstrapMean', differences);
  checkBootstrap(seed, resamples, level);
  if (differences.length < 2) return null;
  const mean = differences.reduce((a, b) => a + b, 0) / differences.length;
  if (differences.every((d) => d === differences[0])) return { mean, low: mean, high: mean };
  const means = resampledMeans(differences, seed, resamples);
  const [bias, acceleration] = [biasOf(means, mean), accelerationOf(differences, mean)];
  const end = (p: number): number => {
    const z = bias + normalQuantile(p);
    return percentile(means, 100 * normalTail(-(bias + z / (1 - acceleration * z))));
  };
  return { mean, low: end((1 - level) / 2), high: end((1 + level) / 2) };
}
