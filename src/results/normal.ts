/** @file The standard normal distribution. */

/** exp(−z²/2) / √(2π). */
const density = (z: number): number => Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);

/** Where the continued fraction converges faster than the series. */
const seriesLimit = 2.5;

/** Φ(z) − 1/2 for small |z|: density · (z + z³/3 + z⁵/15 + …), Abramowitz & Stegun 26.2.11. */
function centralPart(z: number): number {
  let [term, sum] = [z, z];
  for (let odd = 3; Math.abs(term) > 1e-17 * Math.abs(sum); odd += 2) {
    term *= (z * z) / odd;
    sum += term;
  }
  return density(z) * sum;
}

/** 1 − Φ(z) for large z: density / (z + 1/(z + 2/(z + …))), Abramowitz & Stegun 26.2.14. */
function farTail(z: number): number {
  let below = z;
  for (let k = 200; k >= 1; k--) below = z + k / below;
  return density(z) / below;
}

/** P(Z > z) of a standard normal Z. */
export function normalTail(z: number): number {
  if (Math.abs(z) < seriesLimit) return 0.5 - centralPart(z);
  return z > 0 ? farTail(z) : 1 - farTail(-z);
}

/** The z with P(Z ≤ z) = p, to double precision or nearly; beyond ±38, where p is 0 or 1, it is ±38. */
export function normalQuantile(p: number): number {
  if (p > 0.5) return -normalQuantile(1 - p);
  let [low, high] = [-38, 0];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (normalTail(-middle) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
