/** @file The experiment behind `npm start` and the page's: does pretraining help? Sized for two processor cores and no GPU. */
import { embeddedDefault } from '../job.ts';
import { type EmbeddedSize, embeddedSize } from './embeddedsize.ts';
import { parseExperiment } from './file.ts';
import type { Experiment } from './settings.ts';

/**
 * Multitask pretraining on hearts without labels, then segmentation with five labelled ones, from its encoder and from
 * scratch, on test hearts of a cohort of their own. Chosen on other cohorts: on seeds 42 and 43 (three draws) the
 * learning rate that was best from scratch, and the encoder alone, for with some 200 steps of so small a network the whole
 * of its weights did worse than none; the spacing and the pretraining's weights by planes planned on seed 5101
 * (docs/decisions/planning.md).
 */
export function embeddedExperiment(size: EmbeddedSize = embeddedSize): Experiment {
  const { model, phantom, spacingMm } = embeddedDefault;
  const { hearts, pretrainingSteps, steps, testHearts, seeds } = size;
  const pretraining = {
    ...embeddedDefault,
    steps: pretrainingSteps,
    phantom: { ...phantom, subjects: hearts },
  };
  return parseExperiment(
    {
      name: 'start',
      base: {
        preset: 'finetune',
        model,
        size: 32,
        spacingMm,
        batch: 8,
        augmentation: { shiftPx: 2 },
        phantom: { ...phantom, subjects: 20, seed: 2 },
      },
      initialisations: {
        scratch: null,
        multitask: { pretraining, transfer: { initParts: 'encoder' } },
      },
      subjects: { test: { seed: 3, subjects: testHearts } },
      labelled: [5],
      steps: [steps],
      seeds,
    },
    'npm start',
  );
}
