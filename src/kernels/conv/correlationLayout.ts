/** @file What every correlation's shader is told of its sizes. */
import type { Correlation } from './correlate.ts';

export function tapsOf(c: Correlation): number {
  return c.kernelHeight * c.kernelWidth;
}

/** Sizes for `splits` strips. */
export function paramsOf(c: Correlation, splits: number) {
  const { dtype: _, run, ...sizes } = c;
  const [largePitch, largeStart] = [run?.pitch ?? c.a, run?.start ?? 0];
  return { ...sizes, splits, count: tapsOf(c) * c.a * c.b, largePitch, largeStart };
}
