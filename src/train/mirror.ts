/** @file Predictions averaged over mirror images (test-time augmentation, as nnU-Net's), where labels are class maps. */
import * as ops from '../autograd/ops.ts';
import { ConfigError } from '../base/errors.ts';
import type { HeadedNetwork } from '../models/headed.ts';
import type { Head } from '../models/heads.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { PlannedTask } from './plan.ts';

/** Axes of [N, H, W, C] that are mirrored, but for none. */
const mirrors = [[2], [1], [1, 2]] as const;

/**
 * The heads of tasks whose outputs are the scores of classes that mirror as their images do.
 * @throws ConfigError for a task that has labels of another kind
 */
export function mirroredHeads(tasks: readonly PlannedTask[]): Head[] {
  for (const { task, part } of tasks) {
    const maps = part.fields.every(({ kind }) => kind === 'mask');
    if (maps && part.heads.every(({ tap }) => tap === 'pixels')) continue;
    throw new ConfigError(
      `mirror averages class maps over mirror images, but task ${task.name} predicts something else. Leave mirror out, or that task.`,
    );
  }
  return tasks.flatMap(({ part }) => part.heads);
}

/** Outputs of heads by their paths; those in `mirrored` are logarithms of class probabilities, whose mean is taken. */
export function outputsOf(
  network: HeadedNetwork,
  images: Tensor,
  heads: readonly Head[],
  mirrored: readonly Head[],
): Record<string, Tensor> {
  const mode = { training: false } as const;
  const { output } = network.run(images, mode, heads);
  const paths = new Set(mirrored.map(({ path }) => path));
  const averaged = heads.filter(({ path }) => paths.has(path));
  const sums = new Map(averaged.map((head) => [head, ops.softmax(output(head))] as const));
  for (const axes of averaged.length > 0 ? mirrors : []) {
    const { output: turned } = network.run(ops.flip(images, axes), mode, averaged);
    for (const [head, sum] of sums) sums.set(head, ops.add(sum, ops.flip(ops.softmax(turned(head)), axes)));
  }
  // so that scores remain scores: their softmax is the mean probability
  const scores = (sum: Tensor): Tensor => ops.log(ops.affine(sum, 1 / (mirrors.length + 1)));
  return Object.fromEntries(
    heads.map((head) => {
      const sum = sums.get(head);
      return [head.path, sum ? scores(sum) : output(head)];
    }),
  );
}
