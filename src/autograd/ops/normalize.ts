/** @file Norms without running statistics as differentiable functions: of layers, groups, instances and vectors. */
import * as kernels from '../../kernels/index.ts';
import { expectOptions } from '../../kernels/options.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { applyFirst } from '../apply.ts';

/** What is added to a variance or a length before it divides. */
export interface EpsilonOptions {
  /** Added to the variance, from 0 (default 1e-5). */
  readonly epsilon?: number;
}

/** Of `layerNorm`. */
export interface LayerNormOptions extends EpsilonOptions {
  /** The last axes, which weight and bias have the shape of; default the last alone. */
  readonly axes?: readonly number[];
}

/**
 * (x − mean)/√(variance + epsilon)·weight + bias, with mean and biased variance over the last axes: x [.., ...axes], f32
 * or f16; weight and bias of the axes' shape, f32, or null (Ba, Kiros and Hinton 2016).
 * @throws ShapeError where shapes differ, or for axes that are not the last
 * @example
 * await ops.layerNorm(tensor(device, [10, 30, 2, 8], [2, 2])).read(); // [-1, 1, -1, 1]
 */
export function layerNorm(
  x: Tensor,
  weight: Tensor | null = null,
  bias: Tensor | null = null,
  options: LayerNormOptions = {},
): Tensor {
  expectOptions('layerNorm', options, ['axes', 'epsilon']);
  const { axes = [-1], epsilon = 1e-5 } = options;
  return applyFirst(kernels.layerNorm, [x, weight, bias], { axes, epsilon });
}

/**
 * x/√(mean of x² + epsilon)·weight over the last axes: x [.., ...axes], f32 or f16; weight of the axes' shape, f32, or
 * null; epsilon 2⁻²³ by default, as PyTorch's (Zhang and Sennrich 2019).
 * @throws ShapeError where shapes differ, or for axes that are not the last
 * @example
 * await ops.rmsNorm(tensor(device, [1, 7], [1, 2])).read(); // [0.2, 1.4]
 */
export function rmsNorm(x: Tensor, weight: Tensor | null = null, options: LayerNormOptions = {}): Tensor {
  expectOptions('rmsNorm', options, ['axes', 'epsilon']);
  const { axes = [-1], epsilon = 2 ** -23 } = options;
  return applyFirst(kernels.rmsNorm, [x, weight, null], { axes, epsilon });
}

/**
 * As layerNorm, but over the pixels and channels of each of `groups` groups of neighbouring channels: x [N, …, C], f32 or
 * f16; weight and bias [C], f32, or null (Wu and He 2018).
 * @throws ShapeError where shapes differ, or groups do not divide C
 * @example
 * await ops.groupNorm(tensor(device, [10, 30, 2, 8], [1, 1, 1, 4]), 2).read(); // [-1, 1, -1, 1]
 */
export function groupNorm(
  x: Tensor,
  groups: number,
  weight: Tensor | null = null,
  bias: Tensor | null = null,
  options: EpsilonOptions = {},
): Tensor {
  expectOptions('groupNorm', options, ['epsilon']);
  const { epsilon = 1e-5 } = options;
  return applyFirst(kernels.groupNorm, [x, weight, bias], { groups, epsilon });
}

/**
 * As layerNorm, but over the pixels of each image and channel: x [N, …, C] with two pixels or more, f32 or f16; weight
 * and bias [C], f32, or null (Ulyanov, Vedaldi and Lempitsky 2016).
 * @throws ShapeError where shapes differ, or for one pixel
 * @example
 * await ops.instanceNorm(tensor(device, [10, 2, 30, 8], [1, 1, 2, 2])).read(); // [-1, -1, 1, 1]
 */
export function instanceNorm(
  x: Tensor,
  weight: Tensor | null = null,
  bias: Tensor | null = null,
  options: EpsilonOptions = {},
): Tensor {
  expectOptions('instanceNorm', options, ['epsilon']);
  const { epsilon = 1e-5 } = options;
  return applyFirst(kernels.instanceNorm, [x, weight, bias], { epsilon });
}

/** Of `normalize`: vectors of length 1. */
export interface NormalizeOptions {
  /** Of the norm: 1, 2 (default) or Infinity. */
  readonly p?: number;
  /** Default the last; negative ones count from the last. */
  readonly axis?: number;
  /** Least norm to divide by (default 1e-12): shorter vectors stay shorter than 1, and zeros stay zeros. */
  readonly epsilon?: number;
}

/**
 * x/max(‖x‖, epsilon): vectors along an axis brought to norm 1. f32 or f16, the same shape.
 * @throws ShapeError for another p, or an axis out of range
 * @example
 * await ops.normalize(tensor(device, [3, 4, 0, 2], [2, 2])).read(); // [0.6, 0.8, 0, 1]
 */
export function normalize(x: Tensor, options: NormalizeOptions = {}): Tensor {
  expectOptions('normalize', options, ['p', 'axis', 'epsilon']);
  const { p = 2, axis = -1, epsilon = 1e-12 } = options;
  return applyFirst(kernels.normalize, [x, null, null], { p, axis, epsilon });
}
