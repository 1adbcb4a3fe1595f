/** @file Normalisation as differentiable functions. */
import * as kernels from '../../kernels/index.ts';
import { run } from '../../kernels/op.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { apply } from '../apply.ts';

export interface BatchNormOptions {
  readonly runningMean: Tensor;
  readonly runningVariance: Tensor;
  /** Normalise by the statistics of x and update the running ones; otherwise normalise by the running ones. */
  readonly training: boolean;
  /** Weight of the batch in the running statistics (default 0.1). */
  readonly momentum?: number;
  /** Added to the variance (default 1e-5). */
  readonly epsilon?: number;
  /** Apply max(·, 0) in the same pass (default false). */
  readonly relu?: boolean;
  /** Receives the result: see sideBySide. */
  readonly into?: Tensor | undefined;
}

/**
 * Batch norm over all axes but the last: x [..., C]; weight, bias and the running statistics [C]. In training the
 * running statistics change in place, the variance unbiased as in torch.
 * @throws ShapeError where shapes differ, or in training with one value per channel
 */
export function batchNorm(x: Tensor, weight: Tensor, bias: Tensor, options: BatchNormOptions): Tensor {
  const { runningMean, runningVariance, training, momentum = 0.1, epsilon = 1e-5 } = options;
  const { relu = false, into } = options;
  const statistics = training
    ? run(kernels.batchNormStatistics, [x, runningMean, runningVariance], { momentum })
    : [runningMean, runningVariance];
  const attrs = { training, epsilon, relu };
  const y = apply(kernels.batchNorm, [x, weight, bias, ...statistics], attrs, into);
  if (training) for (const statistic of statistics) statistic.dispose();
  return y;
}
