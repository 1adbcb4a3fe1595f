/** @file How large the experiment behind `npm start` is. The page shows it before it needs the experiment. */
import { embeddedDefault } from '../job.ts';

/** What of it may be smaller or larger. */
export interface EmbeddedSize {
  /** Hearts without labels, and steps of pretraining on them. */
  readonly hearts: number;
  readonly pretrainingSteps: number;
  /** Of fine-tuning. */
  readonly steps: number;
  readonly testHearts: number;
  /** Draws of five labelled hearts. */
  readonly seeds: readonly number[];
}

export const embeddedSize: EmbeddedSize = {
  hearts: embeddedDefault.phantom.subjects,
  pretrainingSteps: embeddedDefault.steps,
  steps: 180,
  testHearts: 20,
  seeds: [1, 2],
};
