/** @file What there are phantoms of. */

export const PHANTOM_ANATOMIES = ['heart', 'knee'] as const;
export type PhantomAnatomy = (typeof PHANTOM_ANATOMIES)[number];
