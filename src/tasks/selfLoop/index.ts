/**
 * @file Self-loop uncertainty (Li et al., MICCAI 2020): segmentation from few masks, where the image with its tiles
 * permuted in several ways says what an image without a mask is. The abstract is all that we have; the losses are our reading.
 */
import * as ops from '../../autograd/ops.ts';
import { ConfigError } from '../../base/errors.ts';
import { fnv1a } from '../../base/hash.ts';
import { permutation } from '../../base/random.ts';
import { listed } from '../../base/words.ts';
import { field } from '../../data/field.ts';
import { isLabelled, type Sample } from '../../data/sample.ts';
import { gridHead, pixelHead } from '../../models/heads.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { classesOf } from '../segmentation/classes.ts';
import { VolumeJudge } from '../segmentation/judge.ts';
import { labelsOf, lossOf } from '../segmentation/loss.ts';
import { least0, whole } from '../settings.ts';
import { defineTask, type Grid, type TaskInput } from '../task.ts';
import { mostOrders, tileOrders } from '../tiles/permutations.ts';
import { CELLS, permutedPlaces, pseudoLabels, rampOf, returningPlaces, uncertaintyLoss } from './loss.ts';

export interface SelfLoopSettings {
  /** Training subjects whose masks are used, by a draw from their names; 0: all. The others' images have none. */
  readonly labelledSubjects: number;
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

function expectSides({ size, sideStep = 1 }: Grid): void {
  const step = CELLS * sideStep;
  if (size % step === 0) return;
  const near = Math.max(step, step * Math.round(size / step));
  throw new ConfigError(
    `Task selfLoop: images of ${size} px do not fall into ${CELLS} × ${CELLS} tiles that this network takes. Prepare images of a multiple of ${step} px, such as ${near} (size), or take a network of fewer levels (model.depth).`,
  );
}

/** Subjects with masks, in an order that follows from their names. */
const drawnSubjects = (training: readonly Sample[]): string[] =>
  [...new Set(training.filter(isLabelled).map(({ subject }) => subject))].sort(
    (a, b) => fnv1a(a) - fnv1a(b) || (a < b ? -1 : 1),
  );

export const selfLoop = defineTask<SelfLoopSettings>({
  name: 'selfLoop',
  title: 'Self-loop uncertainty',
  about: 'Which class each pixel belongs to, from few masks and from what permuted images say.',
  lossTitle: 'Self-loop: segmentation, pseudo-labels and order of tiles',
  learnsFrom: 'masks',
  settings: {
    labelledSubjects: whole({ from: 0 }),
    permutations: whole({ from: 1, to: 16 }),
    orders: whole({ from: 16, to: mostOrders[TILES] }),
    uncertainty: least0,
    rampSteps: whole({ from: 1 }),
    features: whole({ from: 1, to: 4096 }),
    hidden: whole({ from: 1, to: 4096 }),
  },
  defaults: {
    ...{ labelledSubjects: 0, permutations: 4, orders: 100, uncertainty: 0.1, rampSteps: 500 },
    ...{ features: 64, hidden: 256 },
  },
  setup(facts, settings, grid) {
    const { permutations, uncertainty, rampSteps, labelledSubjects } = settings;
    const classes = classesOf('selfLoop', facts);
    expectSides(grid);
    const { size } = grid;
    const shown = 1 + permutations;
    const orders = tileOrders(TILES, settings.orders);
    const places = field('permuted tiles', { kind: 'value', shape: [shown * size, size], dtype: 'u32' });
    const back = field('tiles put back', { kind: 'value', shape: [permutations * size, size], dtype: 'u32' });
    const order = field('orders', { kind: 'value', shape: [permutations], dtype: 'u32' });
    const mask = field('classes', { kind: 'mask', shape: [size, size], dtype: 'u32' });
    const maps = pixelHead('final', classes.length);
    const sizes = { cells: CELLS, width: settings.features, hidden: settings.hidden, dropout: 0 };
    const orderHead = gridHead('self_loop_order', orders.length, sizes);
    /** Training subjects whose masks are not looked at. */
    let hidden: ReadonlySet<string> = new Set();
    const input: TaskInput = {
      ...{ name: 'self loop', views: 1, tables: [places, back, order] },
      pick({ sample, change, draw }) {
        const drawn = [...permutation(orders.length, draw).subarray(0, permutations)];
        const area = size * size;
        const [to, from] = [new Uint32Array(shown * area), new Uint32Array(permutations * area)];
        for (let i = 0; i < area; i++) to[i] = i;
        for (const [i, own] of drawn.entries()) {
          const permuted = permutedPlaces(orders[own]!, size);
          to.set(permuted, (i + 1) * area);
          from.set(
            returningPlaces(permuted).map((place) => (i + 1) * area + place),
            i * area,
          );
        }
        const tables = new Map<typeof places, ArrayLike<number>>([
          [places, to],
          [back, from],
          [order, drawn],
        ]);
        return { views: [{ sample, ...change }], drawn: 0, tables };
      },
      alter(images, at) {
        const all = ops.gatherPixels(images, at(places));
        return ops.reshape(all, [images.shape[0]! * shown, size, size, 1]);
      },
    };
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
      fill({ views: [first] }, row) {
        const { sample } = first!;
        if (isLabelled(sample) && !hidden.has(sample.subject)) row.set(mask, sample.mask()!);
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
      judge(training) {
        const seen = training.filter(({ subject }) => !hidden.has(subject));
        const chambers = ['left ventricle', 'right ventricle'];
        const judge = new VolumeJudge({ head: maps, classes, chambers, grid }, seen);
        const each = size ** 2 * classes.length;
        return {
          add: (outputs, samples) =>
            judge.add((head) => {
              const values = outputs(head);
              const own = new Float32Array(samples.length * each);
              for (const row of samples.keys())
                own.set(values.subarray(row * shown * each, (row * shown + 1) * each), row * each);
              return own;
            }, samples),
          marks: (row) => judge.marks(row),
          done: () => judge.done(),
        };
      },
      check(training) {
        const subjects = drawnSubjects(training);
        if (subjects.length < Math.max(1, labelledSubjects))
          throw new ConfigError(
            `Task selfLoop: ${subjects.length} training subjects have masks, and ${Math.max(1, labelledSubjects)} are needed. Give images with masks, set tasks.selfLoop.labelledSubjects lower, or leave the task out.`,
          );
        hidden = new Set(labelledSubjects > 0 ? subjects.slice(labelledSubjects) : []);
      },
      notice(training) {
        const without = training.filter((sample) => !isLabelled(sample) || hidden.has(sample.subject)).length;
        return `Task selfLoop: ${without} of ${training.length} training images count as without a mask.`;
      },
    };
  },
});
