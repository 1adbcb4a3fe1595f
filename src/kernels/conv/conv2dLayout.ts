/** @file How the images of a convolution lie on each other: the problems that it, its adjoint and its weight's gradient are. */
import type { Float } from '../../tensor/dtype.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Correlation } from './correlationLayout.ts';
import type { Gather } from './gatherLayout.ts';

export interface Conv2dAttrs {
  /** Default 1. */
  readonly stride?: number;
  /** Zeros around the image, default 0. */
  readonly padding?: number;
  /** Default 1. */
  readonly dilation?: number;
  /** Applies ReLU to the result in the same launch. */
  readonly relu?: boolean;
}

/** How the pixels of the small image lie on the large one. */
export interface Steps {
  readonly stride: number;
  readonly padding: number;
  readonly dilation: number;
}

export function stepsOf({ stride = 1, padding = 0, dilation = 1 }: Conv2dAttrs): Steps {
  return { stride, padding, dilation };
}

/**
 * The stride as kernels take it: one longer than the large image with its padding reaches no second pixel, and would
 * overflow their indices.
 */
function strideWithin({ stride, padding }: Steps, [, height, width]: readonly number[]): number {
  return Math.min(stride, Math.max(height!, width!) + 2 * padding);
}

/** Steps of the gather that computes a convolution of `large` (its input) into `small` (its output). */
export function forwardGather(large: Tensor, small: Tensor, weight: Tensor, s: Steps, relu: boolean): Gather {
  const [batch, inHeight, inWidth, k] = large.shape as [number, number, number, number];
  const [, outHeight, outWidth, m] = small.shape as [number, number, number, number];
  const [kernelHeight, kernelWidth] = weight.shape as [number, number];
  const shape = { batch, inHeight, inWidth, outHeight, outWidth, k, m, kernelHeight, kernelWidth };
  const { dilation, padding } = s;
  const offsets = { offsetY: -padding, offsetX: -padding };
  return {
    dtype: large.dtype as Float,
    ...shape,
    stride: strideWithin(s, large.shape),
    dilation,
    ...offsets,
    up: 1,
    transposed: false,
    relu,
  };
}

/** Steps of the gather that computes the adjoint: from `small` back to `large`. */
export function adjointGather(small: Tensor, large: Tensor, weight: Tensor, s: Steps, relu: boolean): Gather {
  const [batch, inHeight, inWidth, k] = small.shape as [number, number, number, number];
  const [, outHeight, outWidth, m] = large.shape as [number, number, number, number];
  const [kernelHeight, kernelWidth] = weight.shape as [number, number];
  const shape = { batch, inHeight, inWidth, outHeight, outWidth, k, m, kernelHeight, kernelWidth };
  const { dilation, padding } = s;
  return {
    dtype: small.dtype as Float,
    ...shape,
    stride: 1,
    dilation: -dilation,
    offsetY: padding,
    offsetX: padding,
    up: strideWithin(s, large.shape),
    transposed: true,
    relu,
  };
}

/** Steps of the correlation that computes the gradient of `weight`. */
export function correlationOf(large: Tensor, small: Tensor, weight: Tensor, s: Steps): Correlation {
  const [batch, largeHeight, largeWidth, a] = large.shape as [number, number, number, number];
  const [, smallHeight, smallWidth, b] = small.shape as [number, number, number, number];
  const [kernelHeight, kernelWidth] = weight.shape as [number, number];
  const images = { batch, largeHeight, largeWidth, a, smallHeight, smallWidth, b };
  const { dilation, padding } = s;
  const stride = strideWithin(s, large.shape);
  return { dtype: large.dtype as Float, ...images, kernelHeight, kernelWidth, stride, dilation, padding };
}
