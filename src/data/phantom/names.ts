/** @file What there are phantoms of, for whoever makes none. */

interface Traits {
  /** The view that its studies are prepared for where nobody says another; null: that of the sources. */
  readonly targetView: string | null;
  /** Whether it has phases. */
  readonly beats: boolean;
  /** The field of view that shows it whole, mm; null: that of the presets. */
  readonly fieldMm: number | null;
}

export const phantomTraits = {
  heart: { targetView: null, beats: true, fieldMm: null },
  knee: { targetView: 'sagittal', beats: false, fieldMm: 140 },
} as const satisfies Readonly<Record<string, Traits>>;

/** What the phantom can make. */
export type PhantomAnatomy = keyof typeof phantomTraits;
export const PHANTOM_ANATOMIES = Object.keys(phantomTraits) as readonly PhantomAnatomy[];
