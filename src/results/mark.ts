/** @file Marks: what is shown of one image, said once; report and page paint it. */
import type { Line } from '../data/types.ts';

/** Whether a mark is what the network says or what is true. */
export type Of = 'predicted' | 'truth';

/**
 * Coordinates are the image's pixels, centres at integers. `series` numbers the colours, the same for what belongs
 * together (a reference view, a class); `names` of a finding say what each is.
 */
export type Mark =
  /** A line across the image. */
  | { readonly kind: 'line'; readonly line: Line; readonly series: number; readonly of: Of }
  /** [size, size], 0 … 1: laid over the image in the series' colour. */
  | { readonly kind: 'heat'; readonly values: Float32Array; readonly series: number; readonly of: Of }
  /** [size, size] class numbers, 0 background: regions in their series' colours. */
  | { readonly kind: 'region'; readonly classes: Uint8Array; readonly of: Of }
  /** [size, size], a picture beside the image: what was restored, say. */
  | { readonly kind: 'picture'; readonly title: string; readonly values: Float32Array }
  /** A place between two ends. */
  | {
      readonly kind: 'scale';
      readonly title: string;
      readonly predicted: number;
      readonly truth: number | null;
      /** What 0 and 1 are. */
      readonly from: string;
      readonly to: string;
    }
  /** A sentence or figure; with a series, about what has that colour. */
  | { readonly kind: 'words'; readonly text: string; readonly series?: number };

/** The marks of one kind. */
export function only<K extends Mark['kind']>(marks: readonly Mark[], kind: K): Extract<Mark, { kind: K }>[] {
  return marks.filter((mark): mark is Extract<Mark, { kind: K }> => mark.kind === kind);
}

/** What a task shows of an image. */
export interface Finding {
  readonly task: string;
  /** Names of the marks' series. */
  readonly series: readonly string[];
  readonly marks: readonly Mark[];
}

/** Predicted against true values of many images. */
export interface Scatter {
  readonly title: string;
  /** Sentences on what the dots are. */
  readonly about: string;
  /** What both axes measure. */
  readonly axis: string;
  readonly points: readonly { readonly predicted: number; readonly truth: number }[];
}
