/** @file Sums, means, extremes and softmax over axes as differentiable functions. */

import { expectNumber, expectOneOf } from '../../kernels/checks.ts';
import * as kernels from '../../kernels/index.ts';
import { expectAxes, expectOptions } from '../../kernels/options.ts';
import { scope } from '../../tensor/scope.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { apply, applyFirst } from '../apply.ts';

/** Over axes, default all; negative ones count from the last. */
export interface ReduceOptions {
  readonly axes?: readonly number[];
  /** Reduced axes stay, with size 1 (default false). */
  readonly keepDims?: boolean;
}

const reduction =
  (fn: kernels.ReduceAttrs['fn']) =>
  (x: Tensor, options: ReduceOptions = {}): Tensor => {
    expectOptions(fn, options, ['axes', 'keepDims']);
    const { axes, keepDims } = options;
    return applyFirst(kernels.reduce, [x], { fn, axes, keepDims }, { as: fn });
  };

/**
 * Σ x, in f32 (or, of i32 and u32, in integers that wrap; bool counts, in i32). The sum of nothing is 0.
 * @example
 * await ops.sum(tensor(device, [1, 2, 3, 4, 5, 6], [2, 3]), { axes: [1] }).read(); // [6, 15]
 */
export const sum = reduction('sum');
/**
 * Σ x over the number of terms; f32 or f16. The mean of nothing is NaN.
 * @example
 * await ops.mean(tensor(device, [1, 2, 3, 4, 5, 6], [2, 3]), { axes: [0] }).read(); // [2.5, 3.5, 4.5]
 */
export const mean = reduction('mean');
/**
 * The largest element, NaN where there is one. The gradient goes to the first maximum, or the first NaN.
 * @example
 * ops.max(tensor(device, [1, 5, 2, 7, 0, 3], [2, 3]), { axes: [-1], keepDims: true }).shape; // [2, 1]
 */
export const max = reduction('max');
/**
 * The smallest element, NaN where there is one. The gradient goes to the first minimum, or the first NaN.
 * @example
 * await ops.min(tensor(device, [1, 5, 2, 7, 0, 3], [2, 3])).item(); // 0
 */
export const min = reduction('min');

/** Of `variance`. */
export interface VarianceOptions extends ReduceOptions {
  /** Taken off the number of terms that the squares' sum is divided by (default 1: the unbiased estimate). */
  readonly correction?: number;
}

/**
 * Σ (x − mean)²/(terms − correction); f32 or f16, computed in f32. NaN where the divisor is 0 and so is the sum.
 * @example
 * await ops.variance(tensor(device, [1, 2, 3, 4], [4]), { correction: 0 }).item(); // 1.25
 */
export function variance(x: Tensor, options: VarianceOptions = {}): Tensor {
  expectOptions('variance', options, ['axes', 'keepDims', 'correction']);
  const { axes, keepDims, correction = 1 } = options;
  expectNumber('variance', 'correction', correction, { least: 0 });
  const named = { as: 'variance' };
  using inside = scope();
  const single =
    x instanceof Tensor && x.dtype === 'f16' ? apply(kernels.cast, [x], { dtype: 'f32' }, named) : x;
  const centre = applyFirst(kernels.reduce, [single], { fn: 'mean', axes, keepDims: true }, named);
  const distance = apply(kernels.binary, [single, centre], { fn: 'subtract' }, named);
  const squares = apply(kernels.binary, [distance, distance], { fn: 'multiply' }, named);
  const terms = expectAxes('variance', axes, x.shape).reduce((product, axis) => product * x.shape[axis]!, 1);
  const divisor = Math.max(0, terms - correction);
  const result = applyFirst(kernels.reduce, [squares], { fn: 'mean', axes, keepDims, divisor }, named);
  return inside.keep(x.dtype === 'f16' ? apply(kernels.cast, [result], { dtype: 'f16' }, named) : result);
}

/** Of `argmax` and `argmin`. */
export interface ArgmaxOptions {
  /** Default: over all elements, in row-major order; negative ones count from the last. */
  readonly axis?: number;
  /** The axis stays, with size 1 (default false). */
  readonly keepDims?: boolean;
}

const place =
  (as: string, least: boolean) =>
  (x: Tensor, options: ArgmaxOptions = {}): Tensor => {
    expectOptions(as, options, ['axis', 'keepDims']);
    expectOneOf(as, 'keepDims', options.keepDims, [true, false, undefined]);
    return apply(kernels.argmax, [x], { ...options, least }, { as });
  };

/**
 * Where the maximum lies along an axis, i32; of equals, and of NaNs, the first. Any dtype, no gradient.
 * @example
 * await ops.argmax(tensor(device, [1, 5, 2, 7, 0, 3], [2, 3]), { axis: -1 }).read(); // [1, 0]
 */
export const argmax = place('argmax', false);
/**
 * Where the minimum lies along an axis, i32; of equals, and of NaNs, the first. Any dtype, no gradient.
 * @example
 * await ops.argmin(tensor(device, [1, 5, 2, 7, 0, 3], [2, 3])).item(); // 4
 */
export const argmin = place('argmin', true);

/** Of `softmax` and `logSoftmax`: along which axis. */
export interface SoftmaxOptions {
  /** Default the last; negative ones count from the last. */
  readonly axis?: number;
}

const normalized =
  (as: string, log: boolean) =>
  (x: Tensor, options: SoftmaxOptions = {}): Tensor => {
    expectOptions(as, options, ['axis']);
    return apply(kernels.softmax, [x], { log, axis: options.axis }, { as });
  };

/**
 * exp(x)/Σ exp(x) over an axis; f32 or f16. Of a row with NaN or +∞, or of −∞ alone, all is NaN.
 * @example
 * await ops.softmax(tensor(device, [0, Math.log(3)], [2])).read(); // [0.25, 0.75]
 */
export const softmax = normalized('softmax', false);
/**
 * log(softmax(x)), without overflow.
 * @example
 * await ops.logSoftmax(tensor(device, [1000, 1000], [2])).read(); // [-0.693147, -0.693147]
 */
export const logSoftmax = normalized('logSoftmax', true);
