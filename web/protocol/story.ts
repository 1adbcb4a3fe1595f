/** @file What page and worker say of the whole story: pretraining, fine-tuning with and without, planes. */
import type { ImagePlane } from '../../src/data/types.ts';
import type { RecordedResult } from '../../src/results/experiment.ts';
import type { PlaneMedians, PlaneOff } from '../../src/results/planes.ts';

/** How much of it is done. */
export interface StorySize {
  /** Hearts that pretraining sees. */
  readonly hearts: number;
  readonly pretrainingSteps: number;
  /** Of each fine-tuning. */
  readonly steps: number;
  readonly testHearts: number;
}

/** A figure of both fine-tunings, means over the test hearts. */
export interface StoryFigure extends Pick<RecordedResult, 'key' | 'title' | 'unit' | 'digits'> {
  readonly scratch: number | null;
  readonly pretrained: number | null;
}

/** A test heart with real and planned planes. */
export interface StoryStudy {
  readonly subject: string;
  /** Which of all it is, by error. */
  readonly place: string;
  /** The middle slice, grey values 0 to 255. */
  readonly slice: { readonly plane: ImagePlane; readonly grey: readonly number[] };
  readonly views: readonly (PlaneOff & {
    readonly view: string;
    readonly real: ImagePlane;
    readonly planned: ImagePlane;
  })[];
}

export interface StoryOutcome {
  readonly figures: readonly StoryFigure[];
  readonly planes: readonly PlaneMedians[];
  /** Planes that could not be planned, for want of lines. */
  readonly refused: number;
  readonly studies: readonly StoryStudy[];
}

/** What is done one after another. */
export type StoryStage = 'hearts' | 'pretraining' | 'scratch' | 'pretrained' | 'planes';

/** The story as it is kept in the browser. */
export interface StoryInfo {
  readonly state: 'running' | 'paused' | 'finished' | 'failed';
  readonly size: StorySize;
  /** What it is at, or stopped at. */
  readonly stage: StoryStage;
  readonly outcome: StoryOutcome | null;
  readonly message?: string;
}

/** How far a stage is. */
export interface StoryProgress {
  readonly stage: StoryStage;
  readonly done: number;
  readonly total: number;
}
