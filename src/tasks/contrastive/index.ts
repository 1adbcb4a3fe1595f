/**
 * @file Contrastive learning (SimCLR: Chen, Kornblith, Norouzi and Hinton, ICML 2020): two views of one image are alike,
 * those of different images are not.
 */
import * as ops from '../../autograd/ops.ts';
import { ConfigError } from '../../base/errors.ts';
import { field } from '../../data/field.ts';
import { pooledHead } from '../../models/heads.ts';
import { tensor } from '../../tensor/create.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type JitterSettings, jitterSettings } from '../jitter.ts';
import { positive, whole } from '../settings.ts';
import { defineTask } from '../task.ts';
import { twoViews } from './input.ts';
import { PairJudge } from './judge.ts';

/** The projection head reads the maximum over the map, as all heads here do, where SimCLR takes the mean. */
export interface ContrastiveSettings extends JitterSettings {
  /** That similarities are divided by. */
  readonly temperature: number;
  /** Width of the projection head's hidden layer. */
  readonly hidden: number;
  /** Numbers of an embedding. */
  readonly embedding: number;
}

/** Stands for −∞, which would make NaN of what is 0 times it. */
const NEVER = -1e9;

const ALONE =
  'Task contrastive: a batch of one image has no other to tell it from. Use a batch of 2 or more; more is better.';

/**
 * NT-Xent: mean over the views of −log softmax of the cosines to all other views, over the temperature, at the partner.
 * @param embeddings [2·N, D], both views of an image side by side
 * @param known [N, 1], f32: images that count; the others are nobody's partner and nobody's other
 */
export function contrastiveLoss(embeddings: Tensor, known: Tensor, temperature: number): Tensor {
  const { device, shape } = embeddings;
  const own = shape[0]!;
  const unit = ops.normalize(embeddings);
  const { all, first } = ops.acrossRanks(unit);
  const views = all.shape[0]!;
  if (views < 4) throw new ConfigError(ALONE);
  const similar = ops.affine(ops.matmul(unit, all, { transposeB: true }), 1 / temperature);
  const flagged = (flags: Tensor, count: number): Tensor =>
    ops.cast(ops.reshape(ops.expand(flags, [count / 2, 2]), [count]), 'bool');
  const numbers = (from: number, count: number) => Uint32Array.from({ length: count }, (_, i) => from + i);
  const others = ops.logicalAnd(
    ops.notEqual(
      tensor(device, numbers(first, own), [own, 1], 'u32'),
      tensor(device, numbers(0, views), [1, views], 'u32'),
    ),
    ops.reshape(flagged(ops.acrossRanks(known).all, views), [1, views]),
  );
  const partners = tensor(
    device,
    numbers(first, own).map((i) => i ^ 1),
    [own],
    'u32',
  );
  const labels = ops.where(flagged(known, own), partners, views);
  return ops.crossEntropy(ops.where(others, similar, NEVER), labels, { ignoreIndex: views });
}

export const contrastive = defineTask<ContrastiveSettings>({
  name: 'contrastive',
  title: 'Contrastive',
  about: 'Which two of many views are of one image.',
  lossTitle: 'Contrastive, cross entropy of the pairs',
  settings: {
    ...{
      temperature: positive,
      hidden: whole({ from: 1, to: 4096 }),
      embedding: whole({ from: 1, to: 4096 }),
    },
    ...jitterSettings,
  },
  defaults: {
    ...{ temperature: 0.1, hidden: 128, embedding: 64 },
    ...{ rotationDeg: 20, scale: [0.9, 1.4], shift: 0.08, flip: false, gain: [0.7, 1.4], offset: 0.3 },
  },
  setup(_facts, { temperature, hidden, embedding, ...views }, { size }) {
    const pairs = field('pairs', { kind: 'value', shape: [1] });
    const head = pooledHead('projection_layers', embedding, { hidden, dropout: 0 });
    return {
      fields: [pairs],
      heads: [head],
      input: twoViews(views),
      series: [],
      tells: 'which two views are of one image',
      fill: (_example, row) => row.set(pairs, [1]),
      loss: (step) => contrastiveLoss(step.out(head), step.mask(pairs), temperature),
      judge: () => new PairJudge(head, size),
      check() {},
    };
  },
});
