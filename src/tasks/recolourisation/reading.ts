/** @file What is taken for the colour of an image that the network sees in grey. */
import type { Companions } from '../../data/companions.ts';
import type { Sample } from '../../data/sample.ts';

export interface Reading {
  /** As they lie side by side. */
  readonly maps: readonly { readonly key: string; readonly title: string }[];
  /** Of one of the network's, in the unit of the figures. */
  readonly scale: number;
  /** [size, size, maps], 0 where nothing is to be told; null of an image that has none. */
  truthOf(among: Companions, sample: Sample): Float32Array | null;
  /** What is learnt, as part of a sentence. */
  readonly about: string;
  /** What no image is, and what to do, but for leaving the task out. */
  readonly missing: string;
  /** How many of the images have none. */
  unable(training: readonly Sample[]): number;
  /** Why. */
  readonly because: string;
  readonly note: string;
}
