/** @file Normalisation as differentiable functions. */

import { ShapeError } from '../../base/errors.ts';
import { describe, expectKnown } from '../../kernels/checks.ts';
import * as kernels from '../../kernels/index.ts';
import { filled } from '../../tensor/create.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { applyFirst } from '../apply.ts';
import { recomputing } from '../recompute.ts';

/** Of `batchNorm`. */
export interface BatchNormOptions {
  readonly runningMean: Tensor;
  readonly runningVariance: Tensor;
  /** Normalise by the statistics of x and update the running ones; otherwise normalise by the running ones. */
  readonly training: boolean;
  /** Weight of the batch in the running statistics, 0 … 1 (default 0.1). */
  readonly momentum?: number;
  /** Added to the variance, from 0 (default 1e-5). */
  readonly epsilon?: number;
  /** Apply max(·, 0) in the same pass (default false). */
  readonly relu?: boolean;
  /** Receives the result: see sideBySide. */
  readonly into?: Tensor | undefined;
}

const known = ['runningMean', 'runningVariance', 'training', 'momentum', 'epsilon', 'relu', 'into'];

/**
 * Batch norm over all axes but the last: x [..., C], f32 or f16; weight and bias, where there are, and the running
 * statistics [C], f32. In training the running statistics change in place, the variance unbiased as in torch.
 * Where x is not finite, the statistics of its channel are NaN, and with them its output and gradients. Without rows the
 * running statistics stay.
 * @throws ShapeError where shapes differ, options are out of range, or in training with one value per channel
 * @example
 * const [runningMean, runningVariance] = [zeros(device, [1]), filled(device, 1, [1])];
 * const options = { runningMean, runningVariance, training: true, epsilon: 0 };
 * const y = ops.batchNorm(tensor(device, [1, 3], [2, 1]), null, null, options);
 * [await y.read(), await runningMean.read(), await runningVariance.read()]; // [[-1, 1], [0.2], [1.1]]
 */
export function batchNorm(
  x: Tensor,
  weight: Tensor | null,
  bias: Tensor | null,
  options: BatchNormOptions,
): Tensor {
  if (typeof options !== 'object' || options === null)
    throw new ShapeError(
      'batchNorm',
      'options',
      `are ${describe(options)}`,
      'Pass runningMean, runningVariance, …',
    );
  expectKnown('batchNorm', options, known);
  const { runningMean, runningVariance, training, momentum = 0.1, epsilon = 1e-5 } = options;
  const { relu = false, into } = options;
  const attrs = { training, momentum: recomputing() ? 0 : momentum, epsilon, relu };
  using ones = weight === null ? rowOf(x, 1) : null;
  using zeros = bias === null ? rowOf(x, 0) : null;
  const inputs = [x, weight ?? ones, bias ?? zeros, runningMean, runningVariance];
  return applyFirst(kernels.batchNorm, inputs, attrs, { into });
}

/** What stands for a weight or bias that is left out. */
function rowOf(x: Tensor, value: number): Tensor | null {
  const channels = x instanceof Tensor ? x.shape.at(-1) : undefined;
  return channels === undefined ? null : filled(x.device, value, [channels]);
}
