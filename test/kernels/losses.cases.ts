/** @file Losses that the same is asked of. */
import * as ops from '../../src/autograd/ops.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

type Loss = (prediction: Tensor, target: Tensor) => Tensor;

/** Losses of elements, whose targets are of the prediction's shape. */
export const elementLosses: Record<string, Loss> = {
  mse: ops.mse,
  l1: ops.l1,
  smoothL1: (p, t) => ops.smoothL1(p, t, { beta: 0.3 }),
  huber: (p, t) => ops.huber(p, t, { delta: 0.3 }),
  bceWithLogits: (p, t) => ops.bceWithLogits(p, t, { posWeight: 2 }),
  sigmoidFocal: (p, t) => ops.sigmoidFocal(p, t, { gamma: 1.5 }),
};

/** The same, with a mask. */
export const maskedLosses: Record<string, (p: Tensor, t: Tensor, mask: Tensor) => Tensor> = {
  maskedMse: ops.maskedMse,
  mse: (p, t, mask) => ops.mse(p, t, { mask }),
  l1: (p, t, mask) => ops.l1(p, t, { mask }),
  smoothL1: (p, t, mask) => ops.smoothL1(p, t, { mask }),
  huber: (p, t, mask) => ops.huber(p, t, { mask }),
  bceWithLogits: (p, t, mask) => ops.bceWithLogits(p, t, { mask }),
  sigmoidFocal: (p, t, mask) => ops.sigmoidFocal(p, t, { mask }),
};

/** Losses of rows of logits with labels. */
export const classLosses: Record<string, Loss> = {
  crossEntropy: ops.crossEntropy,
  'crossEntropy, smoothed': (x, labels) => ops.crossEntropy(x, labels, { labelSmoothing: 0.1 }),
  softmaxFocal: ops.softmaxFocal,
  softDice: ops.softDice,
  'softDice, by image': (x, labels) => ops.softDice(x, labels, { perImage: true, background: false }),
};
