/** @file Normalisation as differentiable functions. */

import { ShapeError } from '../../base/errors.ts';
import { describe, expectKnown } from '../../kernels/checks.ts';
import * as kernels from '../../kernels/index.ts';
import type { Inputs } from '../../kernels/op.ts';
import { filled } from '../../tensor/create.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { applyAll, applyFirst, named } from '../apply.ts';
import { recomputing } from '../recompute.ts';
import { takeMoments } from './convolve.ts';
import { maxPool2d } from './pool.ts';

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
  return norm(x, [weight, bias], options, (inputs, attrs) =>
    applyFirst(kernels.batchNorm, inputs, attrs, { into: options.into }),
  );
}

type Launch<T> = (inputs: Inputs, attrs: kernels.BatchNormAttrs) => T;

/** Has `action` launch a batch norm of these options, ones and zeros in place of a weight and bias that are left out. */
function norm<T>(
  x: Tensor,
  [weight, bias]: readonly [Tensor | null, Tensor | null],
  options: BatchNormOptions,
  action: Launch<T>,
): T {
  if (typeof options !== 'object' || options === null)
    throw new ShapeError(
      'batchNorm',
      'options',
      `are ${describe(options)}`,
      'Pass runningMean, runningVariance, …',
    );
  expectKnown('batchNorm', options, known);
  const { runningMean, runningVariance, training, momentum = 0.1, epsilon = 1e-5 } = options;
  const { relu = false } = options;
  const attrs = { training, momentum: recomputing() ? 0 : momentum, epsilon, relu };
  using ones = weight === null ? rowOf(x, 1) : null;
  using zeros = bias === null ? rowOf(x, 0) : null;
  using moments = takeMoments(x);
  const rows = [weight ?? ones, bias ?? zeros, runningMean, runningVariance];
  const inputs = [x, ...rows, ...(moments ? [moments] : [])];
  return action(inputs, attrs);
}

/** A batch norm, and the maxima of its windows of 2×2 pixels. */
export interface NormAndMaxima {
  readonly y: Tensor;
  readonly pooled: Tensor;
}

/**
 * `batchNorm`, and `maxPool2d` of it with a kernel of 2: x [N, H, W, C]. On GPUs in one pass over the images, where they
 * have even sides and the norm, by the statistics of x, a ReLU; their gradients then in the two passes of the norm's.
 * @throws ShapeError as those
 * @example
 * const options = { runningMean: zeros(device, [1]), runningVariance: filled(device, 1, [1]), training: true, relu: true };
 * const x = tensor(device, [1, 1, 3, 3], [1, 2, 2, 1]);
 * const { y, pooled } = ops.batchNormPool(x, null, null, { ...options, epsilon: 0 });
 * [await y.read(), await pooled.read()]; // [[0, 0, 1, 1], [1]]
 */
export function batchNormPool(
  x: Tensor,
  weight: Tensor | null,
  bias: Tensor | null,
  options: BatchNormOptions,
): NormAndMaxima {
  return named('batchNormPool', () => pooledNorm(x, weight, bias, options));
}

function pooledNorm(
  x: Tensor,
  weight: Tensor | null,
  bias: Tensor | null,
  options: BatchNormOptions,
): NormAndMaxima {
  const inPass = options?.training === true && options.relu === true && x instanceof Tensor;
  if (!inPass || !kernels.poolsInPass(x)) {
    const y = batchNorm(x, weight, bias, options);
    return { y, pooled: maxPool2d(y, { kernel: 2 }) };
  }
  return norm(x, [weight, bias], options, (inputs, { momentum, epsilon }) => {
    const all = applyAll(kernels.batchNormPool, inputs, { momentum, epsilon }, { into: options.into });
    const [y, pooled, affine] = all as [Tensor, Tensor, Tensor];
    affine.dispose();
    return { y, pooled };
  });
}

/** What stands for a weight or bias that is left out. */
function rowOf(x: Tensor, value: number): Tensor | null {
  const channels = x instanceof Tensor ? x.shape.at(-1) : undefined;
  return channels === undefined ? null : filled(x.device, value, [channels]);
}
