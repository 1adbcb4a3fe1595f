/** @file What the page asks of the worker, and what the worker tells on its own. */
import type { StepMetrics, ValidationMetrics } from '../src/results/losses.ts';
import type { TaskInfo } from '../src/run/taskinfos.ts';
import type { DataState, FolderChoice, FolderInfo, Grid, MadeSettings, PickedFile } from './protocol/data.ts';
import type { StoryInfo, StoryProgress, StorySize } from './protocol/story.ts';
import type {
  ImageRequest,
  ImageValues,
  PlanRequest,
  PredictionRequest,
  StudyInfo,
  StudyPlan,
  StudyPrediction,
  WeightsSummary,
} from './protocol/study.ts';
import type {
  GivenSplit,
  KeptRun,
  Preset,
  PreviewItem,
  RunInfo,
  Setting,
  TrainingForm,
} from './protocol/training.ts';

export type * from './protocol/data.ts';
export type * from './protocol/study.ts';
export type * from './protocol/training.ts';

export interface Hello extends DataState {
  readonly adapter: { readonly name: string; readonly software: boolean } | null;
  /** Why there is none. */
  readonly adapterProblem: string | null;
  readonly presets: Readonly<Record<string, Preset>>;
  readonly tasks: readonly TaskInfo[];
  readonly run: RunInfo | null;
  readonly story: StoryInfo | null;
  /** Those that were loaded when the page was closed. */
  readonly weights: WeightsSummary | null;
  /** As much as `npm start` does. */
  readonly storySize: StorySize;
  readonly metrics: readonly StepMetrics[];
  readonly validation: readonly ValidationMetrics[];
}

export interface Requests {
  hello: { in: null; out: Hello };
  makeStudies: { in: MadeSettings & Grid; out: DataState };
  /** A part of a folder's files, before it is scanned; the first part replaces those of another folder. */
  addFiles: { in: { files: readonly PickedFile[]; first: boolean }; out: null };
  scanFolder: { in: { name: string }; out: FolderInfo };
  prepareFolder: { in: FolderChoice; out: DataState };
  /** Looks at another data set, by its key. */
  chooseData: { in: string; out: DataState };
  deleteData: { in: string; out: DataState };
  cancel: { in: null; out: null };
  deleteAll: { in: null; out: null };
  study: { in: string; out: StudyInfo };
  image: { in: ImageRequest; out: ImageValues };
  /** Every further setting that a training of this form has. */
  settings: { in: TrainingForm; out: readonly Setting[] };
  /** Who trains, validates and tests by a file, where the data that are looked at have these subjects. */
  readSplit: { in: { name: string; text: string }; out: GivenSplit };
  train: { in: { form: TrainingForm; resume: boolean }; out: RunInfo };
  /** All runs that have begun, the newest first. */
  runs: { in: null; out: readonly KeptRun[] };
  /** Looks at another run, by its folder. */
  openRun: { in: string; out: Pick<Hello, 'run' | 'metrics' | 'validation'> };
  /** Deletes a run that is not looked at. */
  deleteRun: { in: string; out: null };
  pause: { in: null; out: null };
  stop: { in: null; out: null };
  /** split.json of the run that is looked at, in which people go by pseudonyms. */
  runSplit: { in: null; out: string };
  runWeights: { in: null; out: Uint8Array<ArrayBuffer> };
  report: { in: null; out: string };
  /** The key to the pseudonyms in what leaves the page: whom they stand for. */
  key: { in: null; out: string };
  loadWeights: { in: { name: string; bytes: Uint8Array<ArrayBuffer> }; out: WeightsSummary };
  loadRunWeights: { in: null; out: WeightsSummary };
  /** Those that come with the page; fetched at the first time. */
  loadBuiltinWeights: { in: null; out: WeightsSummary };
  predict: { in: PredictionRequest; out: StudyPrediction };
  /** All stacks of the weights' view in all phases of all subjects: a zip of JSON, CSV and pictures. */
  exportPredictions: { in: null; out: Uint8Array<ArrayBuffer> };
  plan: { in: PlanRequest; out: StudyPlan };
  /** Begins it, or goes on where it stopped. */
  story: { in: { size: StorySize; resume: boolean }; out: StoryInfo };
  stopStory: { in: null; out: null };
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
  story: StoryInfo;
  storyProgress: StoryProgress;
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
