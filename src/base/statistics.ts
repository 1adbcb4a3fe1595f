/** @file Summaries of numbers. */

/** Null where there is nothing to average. */
export function mean(values: Iterable<number>): number | null {
  let [sum, count] = [0, 0];
  for (const value of values) {
    sum += value;
    count++;
  }
  return count > 0 ? sum / count : null;
}

/** Null where there are no values; the mean of the middle two where there are an even number. */
export function median(values: readonly number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length / 2;
  return mean(sorted.slice(Math.ceil(half) - 1, Math.floor(half) + 1));
}

/**
 * Kendall's τ of values with the order in which they stand (τ-a): pairs that rise less pairs that fall, over all pairs; 1
 * where they rise throughout, 0 on average where they say nothing. Null for fewer than two.
 */
export function kendallTau(values: readonly number[]): number | null {
  return mean(values.flatMap((value, i) => values.slice(i + 1).map((next) => Math.sign(next - value))));
}
