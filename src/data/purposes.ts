/** @file What random draws are for. */

/** Streams of different purposes never share numbers. */
export const purposes = {
  ...{ split: 1, order: 2, image: 3, augmentation: 4, labelled: 5, appearance: 6, elastic: 7, patch: 8 },
  // of experiments: which subjects test, which may be labelled, and resampling
  ...{ heldOut: 0xe001, pool: 0xe002, hierarchy: 0xe003 },
} as const;
