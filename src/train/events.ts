/** @file What a training run takes, tells while it goes, and gives back. */
import type { ProfileRow } from '../autograd/profile.ts';
import type { Winner } from '../autograd/tune.ts';
import type { Split } from '../data/split.ts';
import type { TrainingData } from '../data/types.ts';
import type { HeadedNetwork } from '../models/headed.ts';
import type { WeightsMetadata } from '../models/weights.ts';
import type { StepMetrics, ValidationMetrics } from '../results/losses.ts';
import type { Figure } from '../tasks/task.ts';
import type { Device } from '../tensor/device.ts';
import type { Best, Upgrade } from './checkpoint.ts';
import type { Comm } from './comm.ts';
import type { InitialWeights, InitReport } from './init.ts';
import type { Plan } from './plan.ts';
import type { RunFiles } from './runfiles.ts';
import type { TrainConfig } from './settings.ts';
import type { StepFacts } from './trainer.ts';

/** What a run tells while it goes. */
export type TrainEvent =
  | {
      readonly kind: 'start';
      readonly step: number;
      readonly steps: number;
      readonly parameters: number;
      readonly facts: StepFacts;
      /** In use on the device: network, optimiser, batches, the steps' intermediates. */
      readonly deviceBytes: number;
    }
  /** What a step takes, by the first steps; once in a run. */
  | { readonly kind: 'pace'; readonly secondsPerStep: number; readonly stepsLeft: number }
  | {
      readonly kind: 'steps';
      /** The newest step's metrics. */
      readonly metrics: StepMetrics;
      readonly steps: number;
      readonly etaSeconds: number;
    }
  /** `figure`: what the best weights are chosen by, where that is not the loss. */
  | {
      readonly kind: 'validation';
      readonly metrics: ValidationMetrics;
      readonly figure?: Pick<Figure, 'title' | 'digits'>;
    }
  | { readonly kind: 'checkpoint'; readonly step: number }
  | { readonly kind: 'profile'; readonly rows: readonly ProfileRow[] }
  /** A measurement of the tuner is done. */
  | { readonly kind: 'tuning'; readonly done: number; readonly total: number; readonly title: string }
  | { readonly kind: 'tuned'; readonly winners: readonly Winner[] }
  /** The run begins with weights of a file. */
  | { readonly kind: 'init'; readonly report: InitReport }
  /** Something to know, which is not wrong. */
  | { readonly kind: 'notice'; readonly message: string }
  | { readonly kind: 'warning'; readonly message: string };

/** Keeps the logs' records in another form, beside the logs. A run waits for each call. */
export interface Recorder {
  /** The run goes on behind `step`, to which its logs reach now; what was recorded of later steps is void. */
  begin(step: number): Promise<void>;
  /** Of steps in order; they are in the log. */
  steps(records: readonly StepMetrics[]): Promise<void>;
  /** It is in the log. */
  validation(record: ValidationMetrics): Promise<void>;
  /** Comes back once what was recorded lasts through a power cut: a checkpoint is to follow. */
  sync(): Promise<void>;
}

/** What a training is given. */
export interface TrainOptions {
  readonly device: Device;
  readonly data: TrainingData;
  readonly config: TrainConfig;
  /** The network and its tasks, set up for the data. */
  readonly plan: Plan;
  /** What the weights after `step` steps say about themselves. */
  readonly describe: (step: number) => WeightsMetadata;
  readonly upgrade: Upgrade;
  readonly files: RunFiles;
  /** What the weights begin as; default (and null): as drawn. `gone`: a run that goes on no longer has them. */
  readonly init?: InitialWeights | 'gone' | null;
  /** Goes on from the run's last checkpoint, if it has one; otherwise the run's logs start anew. */
  readonly resume?: boolean;
  /** Profiles the training step once the run is over, into trace.json and a `profile` event. */
  readonly profile?: boolean;
  /** Where the winners of `config.tune` are kept for other runs; default: nowhere. */
  readonly cache?: RunFiles;
  /** Default: the logs alone. */
  readonly recorder?: Recorder;
  readonly onProgress?: (event: TrainEvent) => void;
  /** Awaited before the first step, once configuration, data and checkpoint are known to fit together. */
  readonly onAccepted?: () => Promise<void>;
  /** Awaited before the first step that is taken; not where none is left to take. */
  readonly onSteps?: () => Promise<void>;
  /** Awaited now and then between steps, with the network after `step` steps: for predictions on the way. */
  readonly onRest?: (network: HeadedNetwork, step: number) => Promise<void>;
  /** Stops the run at the next step boundary, with a checkpoint. */
  readonly signal?: AbortSignal;
  /**
   * With the other processes that train the same run, each with these options and a device of its own; default: none.
   * Files are rank 0's.
   */
  readonly comm?: Comm;
}

/** How a training ended. */
export interface TrainResult {
  /** Steps trained. */
  readonly step: number;
  /** Whether the signal stopped the run before its last step. */
  readonly stopped: boolean;
  /** Whether it ended before its last step for want of better validations. */
  readonly early: boolean;
  readonly best: Best | null;
  readonly split: Split;
}
