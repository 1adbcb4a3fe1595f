/** @file Masks of training images: how often classes are, and what is usual where. */
import type { Sample } from '../../data/sample.ts';
import { likeliest } from '../outputs.ts';

/**
 * Whether an answer can be measured by an image's mask: background is known. Where only a structure is, nobody can see
 * what was found beside it.
 */
export const isMeasurable = (sample: Sample): boolean => sample.mask()?.includes(0) ?? false;

/** Pixels of each class in the masks. */
export function classCounts(samples: readonly Sample[], classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (const sample of samples) for (const v of sample.mask() ?? []) if (v < classes) counts[v]!++;
  return counts;
}

/**
 * The class that is most frequent at each place of the images, of equally frequent ones the first; background where
 * nothing is known: what one would answer without looking.
 * @param area pixels of an image
 */
export function usualMap(samples: readonly Sample[], classes: number, area: number): Uint8Array {
  const counts = new Float32Array(area * classes);
  for (const sample of samples) {
    const mask = sample.mask();
    if (!mask) continue;
    for (let i = 0; i < area; i++) if (mask[i]! < classes) counts[i * classes + mask[i]!]!++;
  }
  return likeliest(counts, classes);
}
