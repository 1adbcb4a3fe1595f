/** @file What there are phantoms of, for whoever makes none. */

interface Traits {
  /** The view that its studies are prepared for where nobody says another; null: that of the sources. */
  readonly targetView: string | null;
  /** Whether it has phases. */
  readonly beats: boolean;
}

export const phantomTraits = {
  heart: { targetView: null, beats: true },
  knee: { targetView: 'sagittal', beats: false },
} as const satisfies Readonly<Record<string, Traits>>;

export type PhantomAnatomy = keyof typeof phantomTraits;
export const PHANTOM_ANATOMIES = Object.keys(phantomTraits) as readonly PhantomAnatomy[];
