/** @file What page and worker say of a training. */

import type { Split } from '../../src/data/split.ts';
import type { ValidationMetrics } from '../../src/results/losses.ts';
import type { Finding } from '../../src/results/mark.ts';
import type { ModelSection } from '../../src/train/settings.ts';
import type { Grid } from './data.ts';

/** How many subjects there are in each part of a split. */
export type PartCounts = Readonly<Record<'train' | 'rest' | 'validation' | 'test', number>>;

/** Who trains, validates and tests as a file says it. */
export interface GivenSplit {
  /** Its name. */
  readonly file: string;
  readonly subjects: Split;
  readonly counts: PartCounts;
}

/** What a user decides about a training. */
export interface TrainingForm {
  readonly preset: string;
  /** By name. */
  readonly tasks: readonly string[];
  /** Whether it starts from the loaded weights; absent in runs of earlier visits. */
  readonly init?: boolean;
  /** Data whose images are trained on beside, without what is annotated of them: a data set's key; absent: none. */
  readonly beside?: string;
  /** `2/5`: the second of five folds tests; absent: the subjects are drawn, or named by `split`. */
  readonly fold?: string;
  readonly split?: GivenSplit;
  readonly batch: number;
  readonly steps: number;
  readonly learningRate: number;
  readonly seed: number;
  /** Further settings by their paths, where they differ from the preset's; absent in runs of earlier visits. */
  readonly set?: Readonly<Record<string, unknown>>;
}

/** A setting that the form has no field for. */
export interface Setting {
  /** `augmentation.scale`, as `--set` takes it. */
  readonly path: string;
  /** Unless it is set. */
  readonly value: unknown;
}

export type RunState = 'running' | 'paused' | 'finished' | 'failed';

/** A run that is kept in the browser. */
export interface RunInfo {
  /** Of the weights it starts from, where it does. */
  readonly model?: ModelSection;
  readonly state: RunState;
  readonly form: TrainingForm;
  readonly dataName: string;
  /** The data set's key; absent in runs of visits that kept one only. */
  readonly data?: string;
  /** Of the data that are trained on beside. */
  readonly besideName?: string;
  readonly step: number;
  readonly best: { readonly step: number; readonly loss: number } | null;
  readonly hasWeights: boolean;
  /** Whether planes can be planned with its weights; absent in runs of earlier visits. */
  readonly plansLines?: boolean;
  /** Absent in runs of earlier visits. */
  readonly parts?: PartCounts;
  /** Subjects it does not train on. */
  readonly heldOut: readonly string[];
  readonly adapter: string;
  readonly message?: string;
  /** What to try where the batch did not fit into the adapter's memory. */
  readonly smallerBatch?: number;
}

/** How far a run is, of which the last line logged is of a step. */
export function stepShown({ state, step }: Pick<RunInfo, 'state' | 'step'>, logged: number): number {
  if (state === 'running') return Math.max(step, logged);
  // one that was cut off goes on from its checkpoint, wherever its log ends
  return state === 'paused' ? step : step || logged;
}

/** A run that can be looked at again. */
export interface KeptRun {
  readonly folder: string;
  /** Whether it is the one that is looked at. */
  readonly current: boolean;
  readonly run: RunInfo;
  readonly validation: readonly ValidationMetrics[];
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
