/**
 * @file Models Genesis (Zhou et al., MICCAI 2019), the slice form: the image is flipped, shuffled in small windows, given
 * other intensities and painted over; restore it. Order and chances are those of the authors' code.
 */
import { ConfigError } from '../../base/errors.ts';
import { pixelHead } from '../../models/heads.ts';
import { RestorationJudge } from '../restoration/judge.ts';
import { restoredMse } from '../restoration/loss.ts';
import { least0, number } from '../settings.ts';
import { defineTask } from '../task.ts';
import { alteredImage, LEAST_SIZE, type ModelsGenesisSettings } from './input.ts';

export type { ModelsGenesisSettings } from './input.ts';

const chance = number({ from: 0, to: 1 });

export const modelsGenesis = defineTask<ModelsGenesisSettings>({
  name: 'modelsGenesis',
  title: 'Models Genesis',
  about: 'The image as it was before it was shuffled, mapped to other intensities and painted over.',
  lossTitle: 'Models Genesis, mean squared error',
  settings: {
    ...{ flip: chance, shuffle: chance, windows: least0, curve: chance, paint: chance, inside: chance },
  },
  defaults: { flip: 0.4, shuffle: 0.5, windows: 1.9, curve: 0.9, paint: 0.9, inside: 0.2 },
  setup(_facts, settings, { size }) {
    if (size < LEAST_SIZE)
      throw new ConfigError(
        `Task modelsGenesis: boxes do not fit into images of ${size} px. Prepare them at ${LEAST_SIZE} px or more.`,
      );
    const { input, places } = alteredImage(settings, size);
    const head = pixelHead('final', 1);
    const result = { key: 'modelsGenesis.rmse', title: 'Models Genesis, error' };
    return {
      fields: [places],
      heads: [head],
      input,
      series: [],
      tells: 'what an image was like before it was distorted and painted over',
      fill() {}, // the image is its own label
      loss: (step) => restoredMse(step, head, places),
      judge: () => new RestorationJudge({ head, size, result }),
      check() {},
    };
  },
});
