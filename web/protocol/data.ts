/** @file What page and worker say of data: built-in studies, folders, and what was prepared. */
import type { PhantomAnatomy } from '../../src/data/phantom/names.ts';
import type { SubjectRule } from '../../src/data/study/subjects.ts';
import type { SkippedFile } from '../../src/data/types.ts';

export type Difficulty = 'easy' | 'mid' | 'hard';

/** A cohort of built-in studies. */
export interface MadeSettings {
  /** Absent, in data of earlier visits: the heart. */
  readonly anatomy?: PhantomAnatomy;
  /** The view of which images are prepared; absent: the usual one of hearts. */
  readonly targetView?: string;
  readonly subjects: number;
  readonly difficulty: Difficulty;
  /** Cardiac phases; 1 of what does not beat. */
  readonly phases: number;
  /** Side of the images, pixels. */
  readonly imageSize: number;
  readonly seed: number;
}

/** The grid images are prepared on. */
export interface Grid {
  readonly size: number;
  readonly spacingMm: number;
}

/** Prepared data as the page shows it. */
export interface DataInfo extends Grid {
  /** Its folder in the browser. */
  readonly key: string;
  readonly kind: 'made' | 'folder';
  readonly name: string;
  readonly subjects: readonly string[];
  readonly images: number;
  readonly targetView: string;
  readonly referenceViews: readonly string[];
  /** Images that have a line of each reference view. */
  readonly lines: readonly number[];
  readonly locations: number;
  /** Names of the classes in the masks, background first; none without masks. */
  readonly classes: readonly string[];
  /** Names of what subjects are labelled with, where there are several labels. */
  readonly labels: readonly string[];
  readonly skipped: readonly SkippedFile[];
  /** What is wrong with images that are used all the same, with how many it concerns. */
  readonly warnings: readonly { readonly message: string; readonly images: number }[];
  /** What should be known about the data as a whole. */
  readonly notices: readonly string[];
  /** Whether the original images can be looked at (the folder is open, or they can be made again). */
  readonly originals: boolean;
  readonly bytes: number;
}

/** A data set that is kept, in a line. */
export interface KeptData
  extends Pick<DataInfo, 'key' | 'name' | 'images' | 'targetView' | 'classes' | 'bytes'>,
    Grid {
  readonly subjects: number;
}

/** The data set that is looked at, and all that are kept, the oldest first. */
export interface DataState {
  readonly data: DataInfo | null;
  readonly sets: readonly KeptData[];
}

/** Series that look alike, as one row of the mapping. */
export interface SeriesGroup {
  readonly key: string;
  readonly label: string;
  readonly folder: string;
  readonly series: number;
  readonly images: number;
  readonly patients: number;
  /** Among the views of hearts. */
  readonly guess: string | null;
  /** The plane of the body that it is called or that its images lie in; null where they do not agree. */
  readonly plane: string | null;
}

/** Files of a source whose views are known. */
export interface OtherFiles {
  /** In words. */
  readonly text: string;
  /** The views of which one can be prepared, the usual one first; none: there is no choice. */
  readonly targetViews: readonly string[];
}

/** An opened folder, before it is prepared. */
export interface FolderInfo {
  readonly name: string;
  readonly files: number;
  readonly images: number;
  readonly patients: readonly string[];
  readonly groups: readonly SeriesGroup[];
  readonly skipped: readonly SkippedFile[];
  /** What a user should know before preparing: patients mixed in one folder, one id for many. */
  readonly notices: readonly string[];
  /** Neither DICOM by content nor by name. */
  readonly ignored: number;
  /** What else can be prepared where there is no DICOM image: another source's files. */
  readonly other: OtherFiles | null;
}

export interface FolderChoice extends Grid {
  /** Group key → view, or null to leave it out. */
  readonly views: Readonly<Record<string, string | null>>;
  /** The view of which images are prepared; absent: the source's usual one. */
  readonly targetView?: string;
  readonly subjects: SubjectRule;
}

/** A folder's file as the page hands it over. */
export interface PickedFile {
  readonly path: string;
  readonly file: File;
}
