/** @file Predictions over a few held-out slices while a network trains, every few seconds. */

import { samplesOf } from '../../src/data/sample.ts';
import type { Split } from '../../src/data/split.ts';
import { imagesOf } from '../../src/data/split.ts';
import type { TrainingData } from '../../src/data/types.ts';
import type { HeadedNetwork } from '../../src/models/headed.ts';
import { windowed } from '../../src/report/windowing.ts';
import type { TrainConfig } from '../../src/run/config.ts';
import { planRun } from '../../src/run/plan.ts';
import { judgeImages } from '../../src/train/judge.ts';
import type { Plan } from '../../src/train/plan.ts';
import { shownImages } from '../../src/train/shown.ts';
import type { Events, PreviewItem } from '../protocol.ts';

/** Least time between two rounds, and the largest share of the run they may take. */
const EVERY_MS = 3000;
const SHARE = 0.04;
/** Subjects shown, and slices of each. */
const SHOWN = { subjects: 2, slices: 4 };

export class Previews {
  readonly #data: TrainingData;
  readonly #config: TrainConfig;
  readonly #plan: Plan;
  readonly #indices: readonly number[];
  readonly #heldOut: boolean;
  readonly #tell: (preview: Events['preview']) => void;
  #due = 0;

  constructor(
    data: TrainingData,
    split: Split,
    config: TrainConfig,
    tell: (preview: Events['preview']) => void,
  ) {
    this.#data = data;
    this.#config = config;
    this.#plan = planRun(config, data.manifest);
    const held = [...split.validation, ...split.test];
    this.#heldOut = held.length > 0;
    const samples = samplesOf(data, imagesOf(data, this.#heldOut ? held : split.train));
    this.#indices = shownImages(samples, SHOWN).map(({ index }) => index);
    this.#tell = tell;
  }

  /** Predicts and tells, when it is time; the last step is always shown. */
  async show(network: HeadedNetwork, step: number): Promise<void> {
    const began = performance.now();
    if (began < this.#due && step < this.#config.steps) return;
    const { shown } = await judgeImages(network, this.#data, this.#plan.tasks, this.#indices, {
      // what training has memory for
      batch: Math.min(this.#config.batch, this.#indices.length),
      training: () => [],
      show: this.#indices,
    });
    const { size } = this.#data.manifest;
    const items = shown.map(
      ({ sample, findings }): PreviewItem => ({
        caption: `${sample.subject}, slice ${sample.slice + 1}`,
        size,
        grey: windowed(sample.pixels()) as Uint8Array<ArrayBuffer>,
        findings,
      }),
    );
    this.#tell({ step, heldOut: this.#heldOut, items });
    const took = performance.now() - began;
    this.#due = performance.now() + Math.max(EVERY_MS, took / SHARE);
  }
}
