/** @file Class maps: what a network says of each pixel, how often classes are, and what is usual where. */
import type { Sample } from '../../data/sample.ts';
import { UNKNOWN } from '../../data/types.ts';

/** The class with the largest score of each pixel, of equal ones the first. @param scores [pixels, classes] */
export function likeliest(scores: Float32Array, classes: number): Uint8Array {
  const out = new Uint8Array(scores.length / classes);
  for (let i = 0; i < out.length; i++) {
    const at = i * classes;
    let best = 0;
    for (let k = 1; k < classes; k++) if (scores[at + k]! > scores[at + best]!) best = k;
    out[i] = best;
  }
  return out;
}

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

/** 2·|P ∩ T| / (|P| + |T|) of a class in an image, over what is known; null where neither has it. */
export function sliceDice(predicted: Uint8Array, truth: Uint8Array, label: number): number | null {
  let [both, sum] = [0, 0];
  for (let i = 0; i < truth.length; i++) {
    if (truth[i] === UNKNOWN) continue;
    const [p, t] = [Number(predicted[i] === label), Number(truth[i] === label)];
    both += p & t;
    sum += p + t;
  }
  return sum > 0 ? (2 * both) / sum : null;
}
