/** @file The contract of a data source: a kind of data set that is found among files and prepared. */
import type { PrepareOptions } from '../prepare.ts';
import type { SeriesRow } from '../study/summary.ts';
import type { Annotation, FileSource, Notice, PreparedData } from '../types.ts';

/** What labels mean that a data set leaves open. */
export interface MaskOptions {
  /**
   * What a slice without any label is, in a volume that has labels: not labelled, so that nothing may be learnt from
   * it (the default: experts often leave out slices in which structures can be seen), or background.
   */
  readonly emptySlices?: 'unknown' | 'background';
}

/** What slices without any label may be taken for. */
export const emptySliceChoices = ['unknown', 'background'] as const satisfies readonly NonNullable<
  MaskOptions['emptySlices']
>[];

/** What a source may be told of a data set. */
export interface SourceOptions extends PrepareOptions, MaskOptions {
  /** Names of the classes that are told apart, where not all are; what is labelled otherwise is background. */
  readonly classes?: readonly string[];
}

/** Options that not every source has a meaning for. */
export type OwnOption =
  | keyof MaskOptions
  | 'classes'
  | 'decode'
  | 'views'
  | 'targetView'
  | 'referenceViews'
  | 'referenceSlice'
  | 'subjects'
  | 'locationDirection';

/** A prepared data set, and what a user should know of how it came about. */
export interface Prepared {
  readonly data: PreparedData;
  /** Told to `onNotice` as well. */
  readonly notices: readonly Notice[];
  /** Files that are none of the source's. */
  readonly ignored: readonly string[];
  /** What became of every series, where the source has series. */
  readonly series: readonly SeriesRow[];
}

/** What a source found among files, before pixels are read. */
export interface Found {
  /** How many images or volumes are its own; 0 where there are only files that could not be read. */
  readonly count: number;
  /** These in words: "16 volumes of 8 patients laid out as ACDC". */
  readonly text: string;
  /** The views that can be asked for (`targetView`), that which is taken where nobody says one first; absent: there is no choice. */
  readonly targetViews?: readonly string[];
  /** @throws ConfigError where none of them can be used */
  prepare(): Promise<Prepared>;
}

export interface Source {
  /** Names it on command lines. */
  readonly name: string;
  /** Its files in messages, plural. */
  readonly title: string;
  /** What its files are, and others are not, in messages. */
  readonly kind: string;
  /** What its images and subjects may be annotated with. */
  readonly annotations?: readonly Annotation[];
  /** Of the options that not every source has a meaning for, those that it has one for. */
  readonly options: readonly OwnOption[];
  /**
   * The view of which images are prepared where nobody says one and the folder alone decides, before files are looked at.
   * @param has whether a path is in the folder
   */
  targetIn?(has: (path: string) => boolean): string | null;
  /** Looks at files; null where none is or claims to be its own. */
  find(files: readonly FileSource[], options: SourceOptions): Promise<Found | null>;
}
