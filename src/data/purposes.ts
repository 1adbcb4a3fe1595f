/** @file What the sampler's random draws are for. */

/** Streams of different purposes never share numbers. */
export const purposes = {
  split: 1,
  order: 2,
  image: 3,
  augmentation: 4,
  labelled: 5,
  appearance: 6,
  elastic: 7,
} as const;
