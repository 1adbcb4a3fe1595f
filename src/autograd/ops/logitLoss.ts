/** @file Losses of logits with probabilities, each element for itself: several classes may hold at once. */
import * as kernels from '../../kernels/index.ts';
import { expectOptions } from '../../kernels/options.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { applyFirst } from '../apply.ts';
import type { ElementLossOptions } from './loss.ts';

/** Of `bceWithLogits`; PyTorch’s BCEWithLogitsLoss has the same. */
export interface BceWithLogitsOptions extends ElementLossOptions {
  /** Factor on what is positive: a number from 0, or one for each place in the last axis, [C] f32; default 1. */
  readonly posWeight?: Tensor | number | undefined;
}

/** Of `sigmoidFocal` (Lin et al. 2017, eq. 5). */
export interface SigmoidFocalOptions extends ElementLossOptions {
  /** Weight of what is positive, 0 … 1, that of what is not being 1 − alpha; default 0.25. Null weighs both 1. */
  readonly alpha?: number | null | undefined;
  /** How much less counts what is right already, from 0; default 2. */
  readonly gamma?: number | undefined;
}

/**
 * Binary cross entropy of logits (f32 or f16) with targets 0 … 1 (f32), of one shape: the mean of −posWeight·t·log σ(x) −
 * (1 − t)·log(1 − σ(x)), without overflow. Shape [], f32. Both get a gradient.
 * @throws ShapeError for tensors or options that do not fit
 * @example
 * await ops.bceWithLogits(tensor(device, [0, 2], [2]), tensor(device, [1, 1], [2])).item(); // 0.410038
 */
export function bceWithLogits(logits: Tensor, targets: Tensor, options: BceWithLogitsOptions = {}): Tensor {
  expectOptions('bceWithLogits', options, ['mask', 'posWeight', 'reduction']);
  const { mask = null, posWeight = 1, reduction } = options;
  const single = typeof posWeight === 'number';
  const attrs = { fn: 'bceWithLogits', alpha: null, gamma: 0, reduction } as const;
  return applyFirst(
    kernels.logitLoss,
    [logits, targets, mask, single ? null : posWeight],
    { ...attrs, posWeight: single ? posWeight : 1 },
    { as: 'bceWithLogits' },
  );
}

/**
 * Focal loss of logits (f32 or f16) with targets 0 … 1 (f32), of one shape: binary cross entropy times a·m^gamma, m the
 * probability that is missing to the target, a its alpha (Lin et al. 2017, RetinaNet). The mean, of shape [], f32; the
 * paper divides the sum by the number of positive anchors. Both get a gradient.
 * @throws ShapeError for tensors or options that do not fit
 * @example
 * await ops.sigmoidFocal(tensor(device, [0], [1]), tensor(device, [1], [1])).item(); // 0.0433217
 */
export function sigmoidFocal(logits: Tensor, targets: Tensor, options: SigmoidFocalOptions = {}): Tensor {
  expectOptions('sigmoidFocal', options, ['alpha', 'gamma', 'mask', 'reduction']);
  const { alpha = 0.25, gamma = 2, mask = null, reduction } = options;
  const attrs = { fn: 'sigmoidFocal', posWeight: 1, alpha, gamma, reduction } as const;
  return applyFirst(kernels.logitLoss, [logits, targets, mask, null], attrs, { as: 'sigmoidFocal' });
}
