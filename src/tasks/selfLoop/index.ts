/**
 * @file Self-loop uncertainty (Li et al., MICCAI 2020): segmentation from few masks, where the image with its tiles
 * permuted in several ways says what an image without a mask is. The abstract is all that we have; the losses are our reading.
 */
import * as ops from '../../autograd/ops.ts';
import { ConfigError } from '../../base/errors.ts';
import { counted } from '../../base/lazy.ts';
import { listed } from '../../base/words.ts';
import { field } from '../../data/field.ts';
import { isLabelled } from '../../data/sample.ts';
import { gridHead, pixelHead } from '../../models/heads.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { classesOf } from '../segmentation/classes.ts';
import { pooledDice } from '../segmentation/figure.ts';
import { VolumeJudge } from '../segmentation/judge.ts';
import { labelsOf, lossOf } from '../segmentation/loss.ts';
import { least0, whole } from '../settings.ts';
import { defineTask, type Grid } from '../task.ts';
import { mostOrders, tileOrders } from '../tiles/permutations.ts';
import { loopInput } from './input.ts';
import { figureOfFirst, SelfLoopJudge } from './judge.ts';
import { CELLS, pseudoLabels, rampOf, uncertaintyLoss } from './loss.ts';

export interface SelfLoopSettings {
  /** Ways in which an image is permuted. */
  readonly permutations: number;
  /** Orders that these are drawn from, and told apart. */
  readonly orders: number;
  /** Weight of the pseudo-labels' loss at the end of the ramp. */
  readonly uncertainty: number;
  /** Steps over which it grows. */
  readonly rampSteps: number;
  /** Numbers that each tile is brought to. */
  readonly features: number;
  /** Width of the hidden layer that looks at all tiles. */
  readonly hidden: number;
}

const TILES = 9;

/** Whose ejection fraction is measured where they are among the classes. */
const chambers = ['left ventricle', 'right ventricle'];

function expectSides({ size, sideStep = 1 }: Grid): void {
  const step = CELLS * sideStep;
  if (size % step === 0) return;
  const near = Math.max(step, step * Math.round(size / step));
  throw new ConfigError(
    `Task selfLoop: images of ${size} px do not fall into ${CELLS} × ${CELLS} tiles that this network takes. Prepare images of a multiple of ${step} px, such as ${near} (size), or take a network of fewer levels (model.depth).`,
  );
}

export const selfLoop = defineTask<SelfLoopSettings>({
  name: 'selfLoop',
  title: 'Self-loop uncertainty',
  about: 'Which class each pixel belongs to, from few masks and from what permuted images say.',
  lossTitle: 'Self-loop: segmentation, pseudo-labels and order of tiles',
  learnsFrom: 'masks',
  semiSupervised: true,
  settings: {
    permutations: whole({ from: 1, to: 16 }),
    orders: whole({ from: 16, to: mostOrders[TILES] }),
    uncertainty: least0,
    rampSteps: whole({ from: 1 }),
    features: whole({ from: 1, to: 4096 }),
    hidden: whole({ from: 1, to: 4096 }),
  },
  defaults: {
    ...{ permutations: 4, orders: 100, uncertainty: 0.1, rampSteps: 500 },
    ...{ features: 64, hidden: 256 },
  },
  setup(facts, settings, grid) {
    const { permutations, uncertainty, rampSteps } = settings;
    const classes = classesOf('selfLoop', facts);
    expectSides(grid);
    const { size } = grid;
    const shown = 1 + permutations;
    const orders = tileOrders(TILES, settings.orders);
    const mask = field('classes', { kind: 'mask', shape: [size, size], dtype: 'u32' });
    const maps = pixelHead('final', classes.length);
    const sizes = { cells: CELLS, width: settings.features, hidden: settings.hidden, dropout: 0 };
    const orderHead = gridHead('self_loop_order', orders.length, sizes);
    const input = loopInput(orders, { size, permutations });
    const [, back, order] = input.tables;
    /** Of each example's images the first, or the others. */
    const some = (values: Tensor, first: number, last: number): Tensor => {
      const [images, ...shape] = values.shape as [number, ...number[]];
      const apart = ops.reshape(values, [images / shown, shown, ...shape]);
      return ops.reshape(ops.slice(apart, first, last, 1), [(images / shown) * (last - first), ...shape]);
    };
    return {
      fields: [mask],
      heads: [maps, orderHead],
      input,
      series: classes.slice(1),
      tells: `where ${listed(classes.slice(1))} lie in an image`,
      channels: classes,
      labelled: isLabelled,
      fill({ views: [first] }, row) {
        const { sample } = first!;
        if (isLabelled(sample)) row.set(mask, sample.mask()!);
      },
      loss(step) {
        const scores = some(step.out(maps), 0, 1);
        const labelled = lossOf(scores, labelsOf(step, mask), { crossEntropy: 1, dice: 1 }, null);
        const counts = step.mask(order);
        const told = ops.cast(ops.expand(counts, [counts.shape[0]!, permutations]), 'bool');
        const truth = ops.reshape(ops.where(told, step.at(order), orders.length), [-1]);
        const tiles = ops.crossEntropy(some(step.out(orderHead), 1, shown), truth, {
          ignoreIndex: orders.length,
        });
        const without = ops.multiply(counts, ops.affine(step.mask(mask), -1, 1));
        const pseudo = pseudoLabels(step.out(maps), step.at(back));
        const unsure = ops.affine(uncertaintyLoss(scores, pseudo, without), uncertainty);
        const number = step.number();
        const ramped = number ? ops.multiply(unsure, ops.reshape(rampOf(number, rampSteps), [])) : unsure;
        return ops.add(ops.add(labelled, tiles), ramped);
      },
      figure: figureOfFirst(pooledDice(maps, size), shown),
      judge(training) {
        const volumes = new VolumeJudge({ head: maps, classes, chambers, grid }, training);
        return new SelfLoopJudge(volumes, { orderHead, order, permutations });
      },
      check(training) {
        if (!training.some(isLabelled))
          throw new ConfigError(
            'Task selfLoop: no training image has a mask. Give images with masks, or leave the task out.',
          );
      },
      notice(training) {
        const without = counted(training, (sample) => !isLabelled(sample));
        return `Task selfLoop: ${without} of ${training.length} training images count as without a mask.`;
      },
    };
  },
});
