/** @file Losses as a run's log has them: a row a training step, a row a validation. */

/** A task's unweighted loss, `<task>Loss`; null where it is not finite. */
export type TaskLosses = { readonly [column: `${string}Loss`]: number | null };

/** The column of a task's loss. */
export const lossColumn = (task: string): `${string}Loss` => `${task}Loss`;

/** One training step. */
export interface StepMetrics extends TaskLosses {
  readonly step: number;
  /** Null where it is not finite. */
  readonly loss: number | null;
  /** In mixed precision: the loss scale, and how many steps were skipped since the run began, as the step leaves them. */
  readonly lossScale?: number;
  readonly skippedSteps?: number;
  readonly lr: number;
  /** Wall-clock throughput: with the two times below what differs between two runs of one seed. */
  readonly imagesPerSecond: number;
  /** Where ranks train together: ms of the step in sums over them, waiting for the slowest included. */
  readonly communicationMs?: number;
  /** Of that, while the device had nothing to do. */
  readonly communicationWaitMs?: number;
}

/** One pass over the validation images, with running batch statistics and without dropout. */
export interface ValidationMetrics extends TaskLosses {
  /** Steps trained so far. */
  readonly step: number;
  readonly loss: number;
  /** What the best weights are chosen by, where that is not the loss: a task's figure; null where there was none. */
  readonly figure?: number | null;
  /** Whether this is the best so far, by the figure or else the loss; the weights were then saved. */
  readonly best: boolean;
}
