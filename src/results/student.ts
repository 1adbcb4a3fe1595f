/** @file Student's t distribution, and the paired t-test with its interval. */
import { ShapeError } from '../base/errors.ts';
import { summarize } from './summary.ts';

/** Lanczos' coefficients (g = 7, n = 9). */
const lanczos = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];

/** ln Γ(x) for x ≥ 1/2. */
function logGamma(x: number): number {
  const t = x + 6.5;
  const sum = lanczos.reduce((total, c, i) => total + (i === 0 ? c : c / (x + i - 1)), 0);
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(sum);
}

const tiny = 1e-300;

/** The continued fraction of the incomplete beta function (Abramowitz & Stegun 26.5.8), by Lentz's method. */
function betaFraction(x: number, a: number, b: number): number {
  let [c, d] = [1, 1 / (1 - ((a + b) * x) / (a + 1) || tiny)];
  let value = d;
  for (let m = 1; m <= 500; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    const before = value;
    for (const term of [even, odd]) {
      d = 1 / (1 + term * d || tiny);
      c = 1 + term / c || tiny;
      value *= c * d;
    }
    if (Math.abs(value / before - 1) < 1e-15) break;
  }
  return value;
}

/** Iₓ(a, b), the regularised incomplete beta function. */
function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0 || x >= 1) return x <= 0 ? 0 : 1;
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x));
  return x < (a + 1) / (a + b + 2)
    ? (front * betaFraction(x, a, b)) / a
    : 1 - (front * betaFraction(1 - x, b, a)) / b;
}

/** P(|T| > |t|) of Student's t with `freedom` degrees of freedom, 1 or more. */
export function studentTails(t: number, freedom: number): number {
  return incompleteBeta(freedom / (freedom + t * t), freedom / 2, 0.5);
}

/** The t ≥ 0 with P(|T| ≤ t) = level. */
export function studentQuantile(level: number, freedom: number): number {
  let [low, high] = [0, 1];
  while (1 - studentTails(high, freedom) < level) high *= 2;
  for (let i = 0; i < 100; i++) {
    const middle = (low + high) / 2;
    if (1 - studentTails(middle, freedom) < level) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

export interface PairedT {
  readonly mean: number;
  /** Sample standard deviation of the differences (n − 1). */
  readonly deviation: number;
  readonly low: number;
  readonly high: number;
  /** Two-sided. */
  readonly p: number;
  readonly count: number;
}

/**
 * The paired t-test of differences, two-sided, with the 95 % interval of their mean; null for fewer than two, or where all
 * are equal and nothing can be said of their spread. Throws ShapeError where a difference is not finite.
 */
export function pairedT(differences: readonly number[]): PairedT | null {
  const stray = differences.find((d) => !Number.isFinite(d));
  if (stray !== undefined)
    throw new ShapeError('pairedT', 'differences', `hold ${stray}`, 'Leave pairs without a value out.');
  const count = differences.length;
  if (count < 2 || differences.every((d) => d === differences[0])) return null;
  const { mean: middle, deviation } = summarize(differences) as { mean: number; deviation: number };
  const error = deviation / Math.sqrt(count);
  const half = studentQuantile(0.95, count - 1) * error;
  return {
    ...{ mean: middle, deviation, count },
    ...{ low: middle - half, high: middle + half },
    p: studentTails(middle / error, count - 1),
  };
}

/** Holm's adjusted p values (1979), in the order given; null stays null and does not count as a comparison. */
export function holm(values: readonly (number | null)[]): (number | null)[] {
  const given = values.flatMap((p, i) => (p === null ? [] : [{ p, i }])).sort((a, b) => a.p - b.p);
  const adjusted: (number | null)[] = values.map(() => null);
  let most = 0;
  for (const [rank, { p, i }] of given.entries()) {
    most = Math.max(most, Math.min(1, p * (given.length - rank)));
    adjusted[i] = most;
  }
  return adjusted;
}
