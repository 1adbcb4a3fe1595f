/**
 * @file Masked image modelling with a U-Net, as de Mooij et al. 2024 (arXiv 2409.18100) compare it: most patches are
 * hidden; tell what is there.
 */
import * as ops from '../autograd/ops.ts';
import { permutation } from '../base/random.ts';
import { field } from '../data/field.ts';
import { pixelHead } from '../models/heads.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { RestorationJudge } from './restoration/judge.ts';
import { restoredMse } from './restoration/loss.ts';
import { number, whole } from './settings.ts';
import { defineTask, type TaskInput } from './task.ts';

/** Theirs are patches of 32 px, three in four hidden. Our reading: at 224 px, hidden ones filled with the image's mean, 0. */
export interface MaskedImageSettings {
  /** Patches along each side of the image. */
  readonly patches: number;
  /** Share of the patches that is hidden, rounded to a whole number of them, at least one. */
  readonly ratio: number;
}

/** [patches, patches]: 1 where a patch is hidden, each choice of so many with equal chance. */
export function hiddenPatches(patches: number, ratio: number, draw: () => number): Float32Array {
  const count = Math.max(1, Math.round(ratio * patches ** 2));
  const hidden = new Float32Array(patches ** 2);
  for (const patch of permutation(patches ** 2, draw).subarray(0, count)) hidden[patch] = 1;
  return hidden;
}

export const maskedImage = defineTask<MaskedImageSettings>({
  name: 'maskedImage',
  title: 'Masked image',
  about: 'What is in the patches of the image that are hidden.',
  lossTitle: 'Masked image, mean squared error where hidden',
  settings: { patches: whole({ from: 2, to: 64 }), ratio: number({ above: 0, to: 1 }) },
  defaults: { patches: 7, ratio: 0.75 },
  setup(_facts, { patches, ratio }, { size }) {
    const hidden = field('hidden patches', { kind: 'value', shape: [patches, patches, 1] });
    const head = pixelHead('final', 1);
    /** Pixel x lies in patch ⌊x·patches/size⌋, so patches need not divide the image. */
    const pixels = (at: (table: typeof hidden) => Tensor) =>
      ops.upsampleNearest2d(at(hidden), { size: [size, size] });
    const input: TaskInput = {
      ...{ name: 'hidden patches', views: 1, tables: [hidden] },
      pick: ({ sample, change, draw }) => ({
        ...{ views: [{ sample, ...change }], drawn: 0 },
        tables: new Map([[hidden, hiddenPatches(patches, ratio, draw)]]),
      }),
      alter: (images, at) => ops.where(ops.greater(pixels(at), 0), 0, images),
    };
    const result = { key: 'maskedImage.rmse', title: 'Masked image, error' };
    return {
      fields: [hidden],
      heads: [head],
      input,
      series: [],
      tells: 'what is in the hidden patches of an image',
      fill() {}, // the image is its own label
      loss: (step) => restoredMse(step, head, hidden, pixels(step.at)),
      judge: () => new RestorationJudge({ head, size, result }),
      check() {},
    };
  },
});
