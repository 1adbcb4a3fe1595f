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
  const views = shape[0]!;
  if (views < 4) throw new ConfigError(ALONE);
  const unit = ops.normalize(embeddings);
  const similar = ops.affine(ops.matmul(unit, unit, { transposeB: true }), 1 / temperature);
  const there = ops.cast(ops.reshape(ops.expand(known, [views / 2, 2]), [views]), 'bool');
  const places = Uint32Array.from({ length: views }, (_, i) => i);
  const own = (dims: readonly number[]): Tensor => tensor(device, places, dims, 'u32');
  const others = ops.logicalAnd(
    ops.notEqual(own([views, 1]), own([1, views])),
    ops.reshape(there, [1, views]),
  );
  const partners = tensor(
    device,
    places.map((i) => i ^ 1),
    [views],
    'u32',
  );
  const labels = ops.where(there, partners, views);
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
