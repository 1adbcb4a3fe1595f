/** @file Marks: what is shown of one image, said once; report and page paint it. */
import type { Line } from '../data/types.ts';

/** Whether a mark is what the network says or what is true. */
export type Of = 'predicted' | 'truth';

/**
 * Coordinates are the image's pixels, centres at integers. `series` numbers what has a colour of its own, from 0 in
 * each task: a reference view, a class; the series of a finding say what each is.
 */
export type Mark =
  /** A line across the image. */
  | { readonly kind: 'line'; readonly line: Line; readonly series: number; readonly of: Of }
  /** [size, size], 0 … 1: laid over the image in the series' colour. */
  | { readonly kind: 'heat'; readonly values: Float32Array; readonly series: number; readonly of: Of }
  /** [size, size] class numbers, 0 background: regions in their series' colours; class 1 is `series`, default 0. */
  | { readonly kind: 'region'; readonly classes: Uint8Array; readonly of: Of; readonly series?: number }
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

/** A finding whose task's series come after those of the tasks before it. */
export interface NumberedFinding extends Finding {
  /** Number of its first series among those of all. */
  readonly first: number;
}

/** What tasks show of one image, with their series numbered through: in one picture no two have one colour. */
export function numbered(findings: readonly Finding[]): NumberedFinding[] {
  let next = 0;
  return findings.map((finding) => {
    const first = next;
    next += finding.series.length;
    return { ...finding, first };
  });
}

/** A mark whose series begin at `first`. */
function shifted(mark: Mark, first: number): Mark {
  if (first === 0) return mark;
  if (mark.kind === 'line' || mark.kind === 'heat') return { ...mark, series: mark.series + first };
  if (mark.kind === 'region') return { ...mark, series: (mark.series ?? 0) + first };
  if (mark.kind === 'words' && mark.series !== undefined) return { ...mark, series: mark.series + first };
  return mark;
}

/** All marks of an image, with series numbered through. */
export const marksOf = (findings: readonly Finding[]): Mark[] =>
  numbered(findings).flatMap(({ first, marks }) => marks.map((mark) => shifted(mark, first)));

/** Every series that images show, numbered as their colours are. */
export function seriesOf(images: readonly (readonly Finding[])[]): { name: string; colour: number }[] {
  const tasks = new Map(images.flatMap((findings) => numbered(findings)).map((own) => [own.task, own]));
  return [...tasks.values()].flatMap(({ series, first }) =>
    series.map((name, i) => ({ name, colour: first + i })),
  );
}

/** Figures in rows and columns: what was told of what, say. */
export interface Table {
  readonly title: string;
  /** Sentences on what the cells are. */
  readonly about: string;
  /** The first heads the rows' names. */
  readonly columns: readonly string[];
  readonly rows: readonly (readonly [name: string, ...cells: string[]])[];
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
