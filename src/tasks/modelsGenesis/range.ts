/** @file The range of an image's intensities, without its few extreme pixels. */
import type { Sample } from '../../data/sample.ts';
import { percentile } from '../../results/percentile.ts';

export type Range = readonly [low: number, high: number];

/** By the memory that pixels lie in, for samples are made anew each time. */
const known = new WeakMap<ArrayBufferLike, Map<number, Range>>();

/** The 0.5th and 99.5th percentile of an image's pixels as they are stored: what augmentation makes of them beside gain and offset is not in it. */
export function rangeOf(sample: Sample): Range {
  const pixels = sample.pixels();
  const ranges = known.get(pixels.buffer) ?? new Map<number, Range>();
  known.set(pixels.buffer, ranges);
  const found = ranges.get(pixels.byteOffset);
  if (found) return found;
  const sorted = pixels.slice().sort();
  const range: Range = [percentile(sorted, 0.5), percentile(sorted, 99.5)];
  ranges.set(pixels.byteOffset, range);
  return range;
}
