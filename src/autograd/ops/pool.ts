/** @file Pooling as differentiable functions. */
import * as kernels from '../../kernels/index.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { apply, applyFirst } from '../apply.ts';

export interface PoolOptions {
  /** Side of the square window, 1..16 pixels. */
  readonly kernel: number;
  /** Pixels from window to window, default the kernel. */
  readonly stride?: number;
}

/**
 * Maxima of square windows: x [N, H, W, C] → [N, H′, W′, C], H′ = ⌊(H + 2·padding − kernel)/stride⌋ + 1. Padding
 * (default 0) never wins. The gradient goes to the first maximum of each window.
 */
export function maxPool2d(x: Tensor, options: PoolOptions & { readonly padding?: number }): Tensor {
  const { kernel, stride = kernel, padding = 0 } = options;
  return applyFirst(kernels.maxPool2d, [x], { kernel, stride, padding });
}

/** Means of square windows: x [N, H, W, C] → [N, H′, W′, C], H′ = ⌊(H − kernel)/stride⌋ + 1. */
export function avgPool2d(x: Tensor, { kernel, stride = kernel }: PoolOptions): Tensor {
  return apply(kernels.avgPool2d, [x], { kernel, stride });
}

/** Maximum over each image: x [N, H, W, C] → [N, C]. The gradient goes to the first maximum. */
export function globalMaxPool(x: Tensor): Tensor {
  return applyFirst(kernels.reduce, [x], { fn: 'max', axes: [1, 2] }, { as: 'globalMaxPool' });
}

/** Mean over each image: x [N, H, W, C] → [N, C]. */
export function globalAvgPool(x: Tensor): Tensor {
  return apply(kernels.reduce, [x], { fn: 'mean', axes: [1, 2] }, { as: 'globalAvgPool' });
}
