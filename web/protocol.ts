/** @file What the page asks of the worker, and what the worker tells on its own. */
import type { SubjectRule } from '../src/data/study/subjects.ts';
import type { Affine, ImagePlane, SkippedFile } from '../src/data/types.ts';
import type { PlaneError } from '../src/planning/plane.ts';
import type { StepMetrics, ValidationMetrics } from '../src/results/losses.ts';
import type { Finding } from '../src/results/mark.ts';
import type { Result } from '../src/results/result.ts';
import type { TaskInfo } from '../src/run/records.ts';
import type { ModelSection } from '../src/train/settings.ts';

export type Difficulty = 'easy' | 'mid' | 'hard';

/** A cohort of built-in hearts. */
export interface HeartSettings {
  readonly subjects: number;
  readonly difficulty: Difficulty;
  /** Cardiac phases. */
  readonly phases: number;
  /** Side of the images, pixels over 256 mm. */
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
  readonly kind: 'hearts' | 'folder';
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
  readonly skipped: readonly SkippedFile[];
  /** What is wrong with images that are used all the same, with how many it concerns. */
  readonly warnings: readonly { readonly message: string; readonly images: number }[];
  /** What should be known about the data as a whole. */
  readonly notices: readonly string[];
  /** Whether the original images can be looked at (the folder is open, or hearts can be made again). */
  readonly originals: boolean;
  readonly bytes: number;
}

/** Series that look alike, as one row of the mapping. */
export interface SeriesGroup {
  readonly key: string;
  readonly label: string;
  readonly folder: string;
  readonly series: number;
  readonly images: number;
  readonly patients: number;
  readonly guess: string | null;
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
  /** What else can be prepared, in words, where there is no DICOM image: another source's files. */
  readonly other: string | null;
}

export interface FolderChoice extends Grid {
  /** Group key → view, or null to leave it out. */
  readonly views: Readonly<Record<string, string | null>>;
  readonly subjects: SubjectRule;
}

/** One slice of a stack with its phases. */
export interface SliceInfo {
  readonly plane: ImagePlane;
  readonly files: readonly string[];
  /** 0 (base) … 1 (apex), null in a stack of one slice. */
  readonly location: number | null;
}

export interface StackInfo {
  readonly view: string | null;
  readonly label: string;
  readonly slices: readonly SliceInfo[];
  /** Which slice of which stack stands for each other view beside this one; none of another frame of reference. */
  readonly references: readonly { readonly stack: number; readonly slice: number }[];
}

export interface StudyInfo {
  readonly subject: string;
  readonly stacks: readonly StackInfo[];
  readonly skipped: readonly SkippedFile[];
}

export interface ImageRequest {
  readonly subject: string;
  readonly stack: number;
  readonly slice: number;
  readonly frame: number;
}

/** Pixels of an image and the window that shows them well. */
export interface ImageValues {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float32Array<ArrayBuffer>;
  readonly low: number;
  readonly high: number;
}

/** What a user decides about a training. */
export interface TrainingForm {
  readonly preset: string;
  /** By name. */
  readonly tasks: readonly string[];
  /** Whether it starts from the loaded weights; absent in runs of earlier visits. */
  readonly init?: boolean;
  readonly batch: number;
  readonly steps: number;
  readonly learningRate: number;
  readonly seed: number;
}

export type RunState = 'running' | 'paused' | 'finished' | 'failed';

/** A run that is kept in the browser. */
export interface RunInfo {
  /** Of the weights it starts from, where it does. */
  readonly model?: ModelSection;
  readonly state: RunState;
  readonly form: TrainingForm;
  readonly dataName: string;
  readonly step: number;
  readonly best: { readonly step: number; readonly loss: number } | null;
  readonly hasWeights: boolean;
  /** Whether planes can be planned with its weights; absent in runs of earlier visits. */
  readonly plansLines?: boolean;
  /** Subjects it does not train on. */
  readonly heldOut: readonly string[];
  readonly adapter: string;
  readonly message?: string;
  /** What to try where the batch did not fit into the adapter's memory. */
  readonly smallerBatch?: number;
}

/** A held-out slice with what the network says about it now. */
export interface PreviewItem {
  readonly caption: string;
  readonly size: number;
  readonly grey: Uint8Array<ArrayBuffer>;
  /** Of each task. */
  readonly findings: readonly Finding[];
}

export interface Preset {
  readonly title: string;
  readonly about: string;
  readonly grid: Grid;
  readonly form: TrainingForm;
  readonly heartsImageSize: number;
}

export interface Hello {
  readonly adapter: { readonly name: string; readonly software: boolean } | null;
  /** Why there is none. */
  readonly adapterProblem: string | null;
  readonly presets: Readonly<Record<string, Preset>>;
  readonly tasks: readonly TaskInfo[];
  readonly data: DataInfo | null;
  readonly run: RunInfo | null;
  readonly metrics: readonly StepMetrics[];
  readonly validation: readonly ValidationMetrics[];
}

/** Loaded weights. */
export interface WeightsSummary extends Grid {
  readonly name: string;
  /** Whether they are the page's own run's, not a file's. */
  readonly own: boolean;
  /** What they predict, of each task. */
  readonly tells: readonly string[];
  readonly referenceViews: readonly string[];
  readonly targetView: string;
  /** In words. */
  readonly network: string;
  readonly parameters: number;
  readonly steps: number | null;
  /** Whether planes of other views can be planned with them. */
  readonly plansLines: boolean;
  /** Whether the file itself says all this, or it was read off the weights' shapes. */
  readonly described: boolean;
}

/** What the weights say about one slice, on the grid of the weights. */
export interface SlicePrediction {
  readonly slice: number;
  /** Of each task. */
  readonly findings: readonly Finding[];
  /** From the original image's pixels to those of the grid. */
  readonly toGrid: Affine;
}

export interface PredictionRequest extends Omit<ImageRequest, 'slice'> {
  /** One slice, or null for the whole stack. */
  readonly slice: number | null;
}

export interface StudyPrediction {
  readonly subject: string;
  readonly stack: number;
  readonly frame: number;
  /** Side of the grid, pixels. */
  readonly size: number;
  readonly slices: readonly SlicePrediction[];
  /** Over the slices, beside what the headers say. */
  readonly results: readonly Result[];
  readonly seconds: number;
}

export type PlanRequest = Omit<ImageRequest, 'slice'>;

/** A view's plane as the weights plan it on a stack. */
export interface PlannedPlane {
  readonly view: string;
  readonly plane: ImagePlane;
  /** Standard error over slices and looks at them. */
  readonly uncertainty: PlaneError;
  /** Slices that count. */
  readonly used: number;
  /** Beside the real view; null where the study has none. */
  readonly error: PlaneError | null;
}

export interface StudyPlan {
  readonly subject: string;
  readonly stack: number;
  readonly views: readonly PlannedPlane[];
  /** Why other views could not be planned. */
  readonly refused: readonly string[];
}

/** A folder's file as the page hands it over. */
export interface PickedFile {
  readonly path: string;
  readonly file: File;
}

export interface Requests {
  hello: { in: null; out: Hello };
  makeHearts: { in: HeartSettings & Grid; out: DataInfo };
  /** A part of a folder's files, before it is scanned; the first part replaces those of another folder. */
  addFiles: { in: { files: readonly PickedFile[]; first: boolean }; out: null };
  scanFolder: { in: { name: string }; out: FolderInfo };
  prepareFolder: { in: FolderChoice; out: DataInfo };
  cancel: { in: null; out: null };
  deleteAll: { in: null; out: null };
  study: { in: string; out: StudyInfo };
  image: { in: ImageRequest; out: ImageValues };
  train: { in: { form: TrainingForm; resume: boolean }; out: RunInfo };
  pause: { in: null; out: null };
  stop: { in: null; out: null };
  runWeights: { in: null; out: Uint8Array<ArrayBuffer> };
  report: { in: null; out: string };
  loadWeights: { in: { name: string; bytes: Uint8Array<ArrayBuffer> }; out: WeightsSummary };
  loadRunWeights: { in: null; out: WeightsSummary };
  predict: { in: PredictionRequest; out: StudyPrediction };
  plan: { in: PlanRequest; out: StudyPlan };
}
export type RequestName = keyof Requests;

export interface Busy {
  readonly what: string;
  readonly done: number;
  readonly total: number;
  readonly detail: string;
}

/** What the worker tells without being asked. */
export interface Events {
  busy: Busy;
  /** Training starts after this step; what was told of later ones is void. */
  begin: number;
  metrics: readonly StepMetrics[];
  validation: readonly ValidationMetrics[];
  pace: {
    readonly step: number;
    readonly imagesPerSecond: number;
    readonly etaSeconds: number;
    readonly liveBytes: number;
    readonly peakBytes: number;
  };
  preview: {
    readonly step: number;
    /** Whether the subjects are not trained on. */
    readonly heldOut: boolean;
    readonly items: readonly PreviewItem[];
  };
  run: RunInfo;
  warning: string;
}
export type EventName = keyof Events;

/** An error as a message: what to show, and a code for programs. */
export interface Failure {
  readonly code: string;
  readonly message: string;
}

export interface RequestMessage {
  readonly id: number;
  readonly name: RequestName;
  readonly input: unknown;
}

export type WorkerMessage =
  | { readonly id: number; readonly output: unknown }
  | { readonly id: number; readonly failure: Failure }
  | { readonly event: EventName; readonly content: unknown };
