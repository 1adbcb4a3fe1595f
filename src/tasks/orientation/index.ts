/** @file Orientation (paper §3): where the reference planes cut the image, as heatmaps of the lines. */
import * as ops from '../../autograd/ops.ts';
import { ConfigError } from '../../base/errors.ts';
import { listed } from '../../base/words.ts';
import { field } from '../../data/field.ts';
import { defaultSigmaMm } from '../../data/lines.ts';
import { viewName } from '../../data/viewnames.ts';
import { pixelHead } from '../../models/heads.ts';
import { oneOf, positive } from '../settings.ts';
import { defineTask } from '../task.ts';
import { meanLines } from './baseline.ts';
import { readMaps } from './heatmaps.ts';
import { LineJudge } from './judge.ts';

export interface OrientationSettings {
  /** σ of the line labels, mm. */
  readonly sigmaMm: number;
  /** Factor on the first weights of the heatmaps' 1×1 convolution. */
  readonly gain: number;
  /** What the heatmaps are of their last convolution: itself, or its sigmoid, as in the authors' ResNet-50 U-Net. */
  readonly output: 'linear' | 'sigmoid';
}

const NO_LINES =
  'Task orientation: no training image has a line: no reference view was found or mapped. Map the views, or leave the task out.';

/** Mean squared error of the heatmaps over pixels, views and images; the labels are rendered inside the loss. */
export const orientation = defineTask<OrientationSettings>({
  name: 'orientation',
  title: 'Orientation',
  about: 'Where the planes of the other views cut this image, as heatmaps of the intersecting lines.',
  lossTitle: 'Line heatmaps, mean squared error',
  settings: { sigmaMm: positive, gain: positive, output: oneOf(['linear', 'sigmoid']) },
  defaults: { sigmaMm: defaultSigmaMm, gain: 0.1, output: 'linear' },
  added: { output: 'linear' },
  setup({ referenceViews }, { sigmaMm, gain, output }, grid) {
    const views = referenceViews.length;
    if (views === 0) throw new ConfigError(NO_LINES);
    const lines = field('lines', { kind: 'lines', shape: [views, 3], labels: views });
    const heatmaps = pixelHead('final', views, { gain, sigmoid: output === 'sigmoid' });
    const sigma = sigmaMm / grid.spacingMm;
    const read = { heatmaps, referenceViews, grid, sigmaMm };
    return {
      fields: [lines],
      heads: [heatmaps],
      lineReader: {
        views: referenceViews,
        read: (outputs, count) => readMaps(read, outputs, count).map(({ found }) => found),
        usual: (training) => meanLines(training, views, grid.size),
      },
      series: referenceViews.map(viewName),
      tells: `where the ${listed(referenceViews.map(viewName))} planes cut an image`,
      channels: referenceViews.map(viewName),
      fill({ views: [first] }, row) {
        for (const [view, line] of first!.sample.lines.entries()) if (line) row.set(lines, line, view);
      },
      loss: (step) => ops.lineHeatmapMse(step.out(heatmaps), step.at(lines), step.mask(lines), { sigma }),
      judge: (training) => new LineJudge(read, training),
      check(training) {
        if (training.some((sample) => sample.lines.some((line) => line !== null))) return;
        throw new ConfigError(NO_LINES);
      },
    };
  },
});
