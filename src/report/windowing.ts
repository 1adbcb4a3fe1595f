/** @file What drawing an image begins with, wherever it is drawn: greys for its values, lines within its borders. */
import type { Line } from '../data/types.ts';

/** Grey values 0 … 255 between the 1st and 99.5th percentile; a constant image becomes black. */
export function windowed(pixels: Float32Array): Uint8Array {
  const sorted = pixels.slice().sort();
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))] ?? 0;
  const low = at(0.01);
  const range = at(0.995) - low;
  return Uint8Array.from(pixels, (v) =>
    range > 0 ? Math.round(255 * Math.min(1, Math.max(0, (v - low) / range))) : 0,
  );
}

/** The part of a line on the image's pixels, borders included, or null where it misses them. */
export function clipLine(
  [a, b, d]: Line,
  size: number,
): readonly [x1: number, y1: number, x2: number, y2: number] | null {
  const [px, py] = [-a * d, -b * d];
  let [from, to] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (const [start, step] of [
    [px, -b],
    [py, a],
  ] as const) {
    const [low, high] = [-0.5 - start, size - 0.5 - start];
    if (step === 0 && (low > 0 || high < 0)) return null;
    if (step === 0) continue;
    from = Math.max(from, Math.min(low / step, high / step));
    to = Math.min(to, Math.max(low / step, high / step));
  }
  return to > from ? [px - b * from, py + a * from, px - b * to, py + a * to] : null;
}
