/** @file The experiment of `npm start`: no heart of one part is in another, and both arms have the same budget. */
import { describe, expect, it } from 'vitest';
import { pointConfig, pretrainingConfig } from '../../../src/run/experiment/configs.ts';
import { embeddedExperiment } from '../../../src/run/experiment/embedded.ts';
import { gridOf } from '../../../src/run/experiment/grid.ts';

describe('the embedded experiment', () => {
  const experiment = embeddedExperiment();
  const { pretrainings, points } = gridOf(experiment, null);

  it('pretrains, fine-tunes and tests on cohorts of their own', () => {
    const { test } = experiment.subjects;
    const seeds = [
      pretrainingConfig(experiment, pretrainings[0]!).phantom.seed,
      experiment.base.phantom!.seed,
    ];
    expect(new Set([...seeds, (test as { seed: number }).seed]).size).toBe(3);
  });

  it('gives scratch what the pretrained weights get', () => {
    const [scratch, pretrained] = [null, pretrainings[0]].map((made) =>
      points.filter(({ pretraining }) => (pretraining?.name ?? null) === (made?.name ?? null)),
    );
    expect(scratch!.length).toBe(pretrained!.length);
    for (const [i, point] of scratch!.entries()) {
      const { initParts: _, ...own } = pointConfig(experiment, pretrained![i]!);
      expect(own).toEqual(pointConfig(experiment, point));
    }
  });
});
