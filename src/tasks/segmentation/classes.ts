/** @file Classes of masks: their names, how often they are in training images, and what is usual where. */
import { ConfigError } from '../../base/errors.ts';
import type { Sample } from '../../data/sample.ts';
import { UNKNOWN } from '../../data/types.ts';
import { likeliest } from '../outputs.ts';
import type { Facts } from '../task.ts';

/** Names of the classes, background first. @param task that asks @throws ConfigError for fewer than two, or too many */
export function classesOf(task: string, { classes = [] }: Facts): readonly string[] {
  if (classes.length < 2)
    throw new ConfigError(
      `Task ${task}: the data have no masks of two classes or more. Give images with masks, or leave the task out.`,
    );
  if (classes.length <= UNKNOWN) return classes;
  throw new ConfigError(`Task ${task}: ${classes.length} classes are more than the ${UNKNOWN} of a mask.`);
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
