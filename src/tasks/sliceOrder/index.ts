/**
 * @file Slice ordering (Zhang, Wang and Zheng, ISBI 2017): which of two slices of a stack is nearer the apex. The paper's
 * abstract is all that we have; pairs and loss are our reading.
 */
import * as ops from '../../autograd/ops.ts';
import { ConfigError } from '../../base/errors.ts';
import { type Companions, haveStacks } from '../../data/companions.ts';
import { field } from '../../data/field.ts';
import { drawnOf, viewOf } from '../../data/input.ts';
import type { Sample } from '../../data/sample.ts';
import { stackEnds } from '../../data/viewnames.ts';
import { pooledHead } from '../../models/heads.ts';
import { number, whole } from '../settings.ts';
import { defineTask, type TaskInput } from '../task.ts';
import { OrderJudge } from './judge.ts';

export interface SliceOrderSettings {
  /** Width of the head's hidden layer. */
  readonly hidden: number;
  /** Of the hidden layer: from 0, below 1. */
  readonly dropout: number;
}

/** Places of the stack's other slices, by how many steps nearer the apex each is than the image. */
function othersOf(among: Companions, sample: Sample): { readonly other: Sample; readonly steps: number }[] {
  const stack = among.stackOf(sample);
  const own = stack.findIndex(({ index }) => index === sample.index);
  return stack.flatMap((other, place) => (place === own ? [] : [{ other, steps: place - own }]));
}

/** An image and any other slice of its stack in the same phase; drawn is by how many steps the other is nearer the apex. */
export const twoSlices: TaskInput = {
  name: 'two slices',
  views: 2,
  pick({ sample, among, draw, ...choice }) {
    const others = othersOf(among, sample);
    const { other, steps } = others.length > 0 ? drawnOf(others, draw) : { other: sample, steps: 0 };
    return { views: [sample, other].map((one, view) => viewOf(choice, one, view)), drawn: steps };
  },
};

export const sliceOrder = defineTask<SliceOrderSettings>({
  name: 'sliceOrder',
  title: 'Slice order',
  about: 'Which of two slices of a stack is further along it: in a heart, nearer the apex.',
  lossTitle: 'Slice order, cross entropy',
  settings: { hidden: whole({ from: 1, to: 4096 }), dropout: number({ from: 0, below: 1 }) },
  defaults: { hidden: 128, dropout: 0 },
  setup({ targetView }, { hidden, dropout }, { size }) {
    const order = field('order', { kind: 'value', shape: [1] });
    const ends = stackEnds(targetView);
    const head = pooledHead('order_layers', 1, { hidden, dropout });
    return {
      fields: [order],
      heads: [head],
      input: twoSlices,
      series: [],
      tells: `which of two slices is nearer the ${ends[1]}`,
      fill({ drawn }, row) {
        if (drawn !== 0) row.set(order, [Number(drawn > 0)]);
      },
      // −log σ(s_apical − s_basal), whichever of both comes first
      loss(step) {
        const [own, other] = ops.split(ops.reshape(step.out(head), [-1, 2]), 1);
        return ops.bceWithLogits(ops.subtract(other!, own!), step.at(order), { mask: step.mask(order) });
      },
      judge: () => new OrderJudge({ head, size, ends }),
      check(training) {
        if (haveStacks(training)) return;
        throw new ConfigError(
          'Task sliceOrder: no training image has another slice in its stack and phase. Map the views, or leave the task out.',
        );
      },
    };
  },
});
