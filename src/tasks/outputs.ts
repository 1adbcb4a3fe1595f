/** @file Outputs of a block of images, as judges take them. */
import { ShapeError } from '../base/errors.ts';
import type { Head } from '../models/heads.ts';
import type { Mark } from '../results/mark.ts';
import type { HostOutputs, InputImages } from './task.ts';

/**
 * A head's numbers for `count` images, [count, ...shape, channels].
 * @throws ShapeError where there are more or fewer
 */
export function blockOf(
  outputs: HostOutputs,
  head: Head,
  count: number,
  shape: readonly number[] = [],
): Float32Array {
  const values = outputs(head);
  const dims = [count, ...shape, head.channels];
  const expected = dims.reduce((product, length) => product * length);
  if (values.length === expected) return values;
  throw new ShapeError(
    'Judge.add',
    `outputs of head ${head.path}`,
    `hold ${values.length} values`,
    `${count} images need ${dims.join('×')}.`,
  );
}

/** The place of the largest, of equal ones the first. */
export const largest = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((best, value, i, all) => (value > all[best]! ? i : best), 0);

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

/** An image of the newest block as the network saw it, where the judge is told; `image` counts views. */
export function pictureOf(
  images: InputImages | undefined,
  image: number,
  size: number,
  title: string,
): Mark[] {
  const start = image * size ** 2;
  return images ? [{ kind: 'picture', title, values: images.seen.subarray(start, start + size ** 2) }] : [];
}
