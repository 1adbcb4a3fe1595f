/** @file Percentiles of sorted numbers. */

/** The percentile (0 … 100) of one number or more in ascending order, interpolated linearly (numpy's default). */
export function percentile(sorted: ArrayLike<number>, percent: number): number {
  const at = ((sorted.length - 1) * percent) / 100;
  const [low, high] = [sorted[Math.floor(at)]!, sorted[Math.ceil(at)]!];
  return low + (high - low) * (at - Math.floor(at));
}
