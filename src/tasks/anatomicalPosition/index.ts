/**
 * @file Anatomical position prediction (Bai et al., MICCAI 2019): which of nine boxes on the lines of two views each
 * pixel lies in, as a segmentation. The paper's layout is a figure that we do not have; ours is a reading.
 */
import * as ops from '../../autograd/ops.ts';
import { ConfigError } from '../../base/errors.ts';
import { filtered } from '../../base/lazy.ts';
import { listed } from '../../base/words.ts';
import { field } from '../../data/field.ts';
import { evenly } from '../../data/lists.ts';
import type { Sample } from '../../data/sample.ts';
import { viewName } from '../../data/viewnames.ts';
import { pixelHead } from '../../models/heads.ts';
import { tensor } from '../../tensor/create.ts';
import { ClassWeights } from '../classWeights.ts';
import { positive } from '../settings.ts';
import { defineTask, type Grid } from '../task.ts';
import { type BoxSettings, framesOf, positionMap, STEPS } from './boxes.ts';
import { PositionJudge } from './judge.ts';
import { CLASSES, countsOf, truthOf } from './maps.ts';

/** Our reading: boxes of 10 mm at the crossing, and 20 and 40 mm from it along both lines. */
export type AnatomicalPositionSettings = BoxSettings;

const NO_LINES =
  'Task anatomicalPosition: no training image has the lines of two reference views that cross. Map the views, or leave the task out.';

/** Of how many training images the classes are counted. */
const MOST_COUNTED = 256;

function mapsOf(training: readonly Sample[], grid: Grid, settings: BoxSettings): Uint8Array[] {
  const known = filtered(training, (sample) => framesOf(sample, grid.spacingMm) !== null);
  return evenly(known, MOST_COUNTED).map((sample) => truthOf(sample, grid, settings)!);
}

/** What each box is called. */
const namesOf = (views: readonly string[], { stepMm }: BoxSettings): string[] => [
  'crossing',
  ...views.flatMap((view) =>
    STEPS.map((step) => `${viewName(view)} line, ${step < 0 ? '−' : '+'}${Math.abs(step) * stepMm} mm`),
  ),
];

export const anatomicalPosition = defineTask<AnatomicalPositionSettings>({
  name: 'anatomicalPosition',
  title: 'Anatomical position',
  about: 'Which of nine places on the lines of two other views each pixel is near to.',
  lossTitle: 'Anatomical positions, cross entropy',
  settings: { boxMm: positive, stepMm: positive },
  defaults: { boxMm: 10, stepMm: 20 },
  setup({ referenceViews }, settings, grid) {
    const views = referenceViews.slice(0, 2);
    if (views.length < 2) throw new ConfigError(NO_LINES);
    const { size, spacingMm } = grid;
    const positions = field('positions', { kind: 'placed', shape: [size, size], dtype: 'u32' });
    const head = pixelHead('final', CLASSES);
    const weights = new ClassWeights('anatomicalPosition', 'balanced', CLASSES, 'background first');
    return {
      fields: [positions],
      heads: [head],
      series: namesOf(views, settings),
      tells: `where places on the ${listed(views.map(viewName))} lines lie in an image`,
      channels: ['background', ...namesOf(views, settings)],
      fill({ views: [first] }, row) {
        const { sample, matrix } = first!;
        const frames = framesOf(sample, spacingMm);
        if (frames) row.set(positions, positionMap(frames, matrix, size, settings));
      },
      loss(step) {
        const mask = step.mask(positions);
        const known = ops.cast(ops.reshape(mask, [mask.shape[0]!, 1, 1]), 'bool');
        const logits = step.out(head);
        return ops.crossEntropy(logits, ops.where(known, step.at(positions), CLASSES), {
          ignoreIndex: CLASSES,
          classWeights: tensor(logits.device, weights.values!, [CLASSES]),
        });
      },
      judge: (training) => new PositionJudge({ head, grid, ...settings }, mapsOf(training, grid, settings)),
      check(training) {
        const maps = mapsOf(training, grid, settings);
        if (maps.length === 0) throw new ConfigError(NO_LINES);
        weights.learn(() => countsOf(maps, size ** 2).total);
      },
    };
  },
});
