/** @file What running an experiment takes, tells and gives back. */
import type { Device } from '../../tensor/device.ts';
import type { RunConfig } from '../config.ts';
import type { JobConsole } from '../job.node.ts';
import type { Share } from './grid.ts';
import type { Experiment } from './settings.ts';

/** How an experiment talks to whoever started it. */
export interface ExperimentConsole extends JobConsole {
  /** A run begins. @param left seconds of all that is to do, null where nothing like it was measured */
  startRun(title: string, number: number, of: number, left: number | null): void;
}

export interface ExperimentOptions {
  readonly experiment: Experiment;
  /** Its folder. */
  readonly folder: string;
  readonly share: Share;
  readonly console: ExperimentConsole;
  readonly signal: AbortSignal;
  readonly onTraining?: (training: boolean) => void;
  /** What to compute on, instead of what the file says; it changes no setting that is compared. */
  readonly adapter?: NonNullable<RunConfig['adapter']>;
  /** Whether its runs have event files for TensorBoard; default false. */
  readonly tensorboard?: boolean;
  /** For threads; see `makeCohort`. */
  readonly worker: URL | null;
  /** Default: one that is opened here. */
  readonly device?: Device;
}

export interface ExperimentEnd {
  /** Whether it was stopped before its end. */
  readonly stopped: boolean;
  /** Runs that were due. */
  readonly due: number;
  /** Points that others are at, with who has them. */
  readonly elsewhere: readonly string[];
}
