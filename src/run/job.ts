/** @file The job that runs when nothing is asked for: sized for two processor cores and no GPU. */
import type { GivenConfig } from './config.ts';

/** A phantom cohort, multitask pretraining and evaluation in a few minutes on a software adapter. */
export const embeddedDefault = {
  preset: 'small',
  phantom: { subjects: 300, difficulty: 'mid', phases: 2, size: 64, seed: 1 },
  model: { width: 8 },
  steps: 800,
  learningRate: 4e-3,
  validateEvery: 100,
} satisfies GivenConfig;
