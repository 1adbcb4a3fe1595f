/**
 * @file Reconstruction, one of the three schemes of surrogate supervision (Tajbakhsh et al., ISBI 2019): the image as it is,
 * from the deepest features alone, by an autoencoder without skips. The others are rotation and colourisation.
 */
import { field } from '../data/field.ts';
import { decodedHead } from '../models/decodedHead.ts';
import { MapJudge, usualOf } from './maps/judge.ts';
import { restoredMse } from './restoration/loss.ts';
import { whole } from './settings.ts';
import { defineTask } from './task.ts';

export interface ReconstructionSettings {
  /** In which the deepest features are brought to the image's size: see `decodedHead`. */
  readonly steps: number;
}

const NOTE =
  'Errors of reconstruction are root mean squares over all pixels, in standard deviations of the image. The trivial answer is the mean of training images at each place, or that of the image everywhere, whichever is nearer.';

export const reconstruction = defineTask<ReconstructionSettings>({
  name: 'reconstruction',
  title: 'Reconstruction',
  about: 'The image as it is, from the deepest features alone.',
  lossTitle: 'Reconstruction, mean squared error',
  settings: { steps: whole({ from: 1, to: 8 }) },
  defaults: { steps: 4 },
  setup(_facts, { steps }, { size }) {
    const counts = field('image', { kind: 'value', shape: [1] });
    const head = decodedHead('decoded', 1, { size, steps });
    return {
      fields: [counts],
      heads: [head],
      series: [],
      tells: 'what an image looks like, from the deepest features alone',
      fill: (_, row) => row.set(counts, [1]), // the image is its own label
      loss: (step) => restoredMse(step, head, counts),
      judge(training) {
        const usual = usualOf(training, size ** 2, (sample) => sample.pixels());
        const flat = new Float64Array(size ** 2);
        return new MapJudge({
          ...{ head, size, task: 'reconstruction', error: 'squared', note: NOTE },
          maps: [{ key: 'rmse', title: 'reconstruction' }],
          truthOf: (sample) => sample.pixels(),
          otherwise: [() => usual, () => flat],
        });
      },
      check() {},
    };
  },
});
