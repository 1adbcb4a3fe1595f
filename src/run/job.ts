/** @file Kinds of jobs, and the one that runs when nothing is asked for: sized for two processor cores and no GPU. */
import type { GivenConfig } from './config.ts';
import type { Preset } from './settings.ts';

/** What tells one kind of job from another: the same machinery runs all. */
export interface JobKind {
  /** Of its command and of its runs' folders. */
  readonly name: string;
  /** Of its reports. */
  readonly title: string;
  /** Where the settings come from that are not given. */
  readonly preset: Preset;
  /** Where they come from if the tasks learn groups of subjects and no masks. */
  readonly presetOfGroups: Preset;
}

export const pretraining: JobKind = {
  name: 'pretrain',
  title: 'Pretraining',
  preset: 'small',
  presetOfGroups: 'small',
};
export const fineTuning: JobKind = {
  name: 'finetune',
  title: 'Fine-tuning',
  preset: 'finetune',
  presetOfGroups: 'classify',
};

/**
 * A phantom cohort, multitask pretraining and evaluation in a few minutes on a software adapter. The heatmaps' loss is
 * the smaller and harder one, so it counts tenfold; how that was chosen: docs/decisions/planning.md.
 */
export const embeddedDefault = {
  preset: 'small',
  spacingMm: 6,
  taskSettings: { orientation: { weight: 10 } },
  phantom: { subjects: 300, difficulty: 'mid', phases: 2, size: 64, seed: 1 },
  model: { width: 8 },
  batch: 12,
  steps: 1000,
  learningRate: 4e-3,
  validateEvery: 100,
} satisfies GivenConfig;
