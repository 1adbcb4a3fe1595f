/** @file Dice of all pixels at once, by hand. */
import { describe, expect, it } from 'vitest';
import { ShapeError } from '../../../src/base/errors.ts';
import { samplesOf } from '../../../src/data/sample.ts';
import { type PreparedData, UNKNOWN } from '../../../src/data/types.ts';
import { pixelHead } from '../../../src/models/heads.ts';
import { pooledDice } from '../../../src/tasks/segmentation/figure.ts';

const head = pixelHead('final', 3);
const figure = pooledDice(head, 2);

/** Images of 2 × 2 pixels with these masks. */
const samples = (...masks: readonly (readonly number[])[]) =>
  samplesOf({
    manifest: { size: 2, images: masks.map(() => ({ subject: 's' })) },
    pixels: new Float32Array(4 * masks.length),
    masks: Uint8Array.from(masks.flat()),
  } as unknown as PreparedData);

/** Scores by which these classes are likeliest. */
const says =
  (...classes: readonly number[]) =>
  () =>
    Float32Array.from(classes.flatMap((label) => [0, 1, 2].map((k) => Number(k === label))));

describe('pooled Dice', () => {
  it('is that of all pixels of all images, the mean of the structures', () => {
    const tally = figure.begin();
    expect(tally.value()).toBeNull();
    // class 1: 1 in common of 2 predicted and 3 true; class 2: 1 of 2 and 1
    tally.add(says(1, 0, 2, 2, 1, 0, 0, 0), samples([1, 1, 2, 0], [0, 1, 0, 0]));
    expect(tally.value()).toBeCloseTo(((2 * 1) / 5 + (2 * 1) / 3) / 2, 12);
    // added block by block, it is the same as at once
    const [parts, whole] = [figure.begin(), figure.begin()];
    parts.add(says(1, 0, 2, 2), samples([1, 1, 2, 0]));
    parts.add(says(1, 0, 0, 0), samples([0, 1, 0, 0]));
    whole.add(says(1, 0, 2, 2, 1, 0, 0, 0), samples([1, 1, 2, 0], [0, 1, 0, 0]));
    expect(parts.value()).toBe(whole.value());
    expect(figure.begin().value()).toBeNull();
  });

  it('leaves out what is not known, images without background, and structures that nobody has', () => {
    const tally = figure.begin();
    tally.add(says(1, 1, 1, 0), samples([1, UNKNOWN, UNKNOWN, 0]));
    expect(tally.value()).toBe(1);
    tally.add(says(2, 2, 2, 2), samples([1, 1, UNKNOWN, UNKNOWN]));
    expect(tally.value()).toBe(1);
    tally.add(says(0, 2, 0, 0), samples([0, 0, 0, 0]));
    expect(tally.value()).toBe(0.5);
  });

  it('refuses outputs of other images', () => {
    expect(() => figure.begin().add(says(1, 1, 1, 0), samples([0, 0, 0, 0], [0, 0, 0, 0]))).toThrow(
      ShapeError,
    );
  });
});
