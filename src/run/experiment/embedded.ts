/** @file The experiment behind `npm start`: does pretraining help? Sized for two processor cores and no GPU. */
import { embeddedDefault } from '../job.ts';
import { parseExperiment } from './file.ts';
import type { Experiment } from './settings.ts';

/**
 * Multitask pretraining on 300 hearts without labels, then segmentation with five labelled ones, from its encoder and
 * from scratch, on test hearts of a cohort of their own. Chosen on other cohorts (seeds 42 and 43, three draws): the
 * learning rate that was best from scratch, and the encoder alone, for with 200 steps of so small a network the whole
 * of its weights did worse than none.
 */
export function embeddedExperiment(): Experiment {
  const { model, phantom } = embeddedDefault;
  return parseExperiment(
    {
      name: 'start',
      base: {
        preset: 'finetune',
        model,
        size: 32,
        spacingMm: 8,
        batch: 8,
        augmentation: { shiftPx: 2 },
        phantom: { ...phantom, subjects: 20, seed: 2 },
      },
      initialisations: {
        scratch: null,
        multitask: { pretraining: embeddedDefault, transfer: { initParts: 'encoder' } },
      },
      subjects: { test: { seed: 3, subjects: 20 } },
      labelled: [5],
      steps: [200],
      seeds: [1, 2],
    },
    'npm start',
  );
}
