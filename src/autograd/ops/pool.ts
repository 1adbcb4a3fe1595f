/** @file Pooling as differentiable functions. */

import { ShapeError } from '../../base/errors.ts';
import { describe } from '../../kernels/checks.ts';
import * as kernels from '../../kernels/index.ts';
import { expectOptions, expectPair, type Pair } from '../../kernels/options.ts';
import type { Window } from '../../kernels/pool.ts';
import { formatShape } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { apply, applyFirst } from '../apply.ts';

/** Sizes in pixels, of both axes or as [y, x]. */
export interface PoolOptions {
  /** Of the window. */
  readonly kernel: Pair;
  /** From window to window, default the kernel. */
  readonly stride?: Pair;
  /** Around the image, at most half the kernel (default 0). */
  readonly padding?: Pair;
}

/** Of `avgPool2d`. */
export interface AvgPoolOptions extends PoolOptions {
  /** Padding counts, as zeros (default); otherwise a mean is over the pixels in the image alone. */
  readonly countIncludePad?: boolean;
}

/** The window as it is now: the gradient must not see what becomes of the caller's arrays. */
const windowOf = (call: string, { kernel, stride = kernel, padding = 0 }: PoolOptions): Window => ({
  kernel: expectPair(call, 'kernel', kernel, 1),
  stride: expectPair(call, 'stride', stride, 1),
  padding: expectPair(call, 'padding', padding, 0),
});

/**
 * Maxima of windows: x [N, H, W, C] → [N, H′, W′, C], H′ = ⌊(H + 2·padding − kernel)/stride⌋ + 1. Padding never wins,
 * NaN always does. The gradient goes to the first maximum (or NaN) of each window. f32 or f16.
 * @throws ShapeError for windows that do not fit or hold more than 256 pixels
 * @example
 * await ops.maxPool2d(tensor(device, [1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 4, 1]), { kernel: 2 }).read(); // [6, 8]
 */
export function maxPool2d(x: Tensor, options: PoolOptions): Tensor {
  expectOptions('maxPool2d', options, ['kernel', 'stride', 'padding']);
  return applyFirst(kernels.maxPool2d, [x], windowOf('maxPool2d', options));
}

/**
 * Means of windows: x [N, H, W, C] → [N, H′, W′, C], H′ = ⌊(H + 2·padding − kernel)/stride⌋ + 1. f32 or f16.
 * @throws ShapeError for windows that do not fit
 * @example
 * await ops.avgPool2d(tensor(device, [1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 4, 1]), { kernel: 2 }).read(); // [3.5, 5.5]
 */
export function avgPool2d(x: Tensor, options: AvgPoolOptions): Tensor {
  expectOptions('avgPool2d', options, ['kernel', 'stride', 'padding', 'countIncludePad']);
  const { countIncludePad = true, ...window } = options;
  return apply(kernels.avgPool2d, [x], { ...windowOf('avgPool2d', window), countIncludePad });
}

/** The axes between the first and the last. */
function axesWithin(call: string, x: Tensor): number[] {
  if (!(x instanceof Tensor)) throw new ShapeError(call, 'x', `is ${describe(x)}`, 'A tensor is needed.');
  if (x.shape.length < 3)
    throw new ShapeError(
      call,
      'x',
      `has shape ${formatShape(x.shape)}`,
      '[N, …, C] with axes between is needed.',
    );
  return x.shape.map((_, axis) => axis).slice(1, -1);
}

/**
 * Maximum over each image: x [N, …, C] → [N, C]. The gradient goes to the first maximum. f32 or f16.
 * @example
 * await ops.globalMaxPool(tensor(device, [1, 20, 3, 10], [1, 1, 2, 2])).read(); // [3, 20]
 */
export function globalMaxPool(x: Tensor): Tensor {
  const axes = axesWithin('globalMaxPool', x);
  return applyFirst(kernels.reduce, [x], { fn: 'max', axes }, { as: 'globalMaxPool' });
}

/**
 * Mean over each image: x [N, …, C] → [N, C]. f32 or f16.
 * @example
 * await ops.globalAvgPool(tensor(device, [1, 20, 3, 10], [1, 1, 2, 2])).read(); // [2, 15]
 */
export function globalAvgPool(x: Tensor): Tensor {
  const axes = axesWithin('globalAvgPool', x);
  return apply(kernels.reduce, [x], { fn: 'mean', axes }, { as: 'globalAvgPool' });
}
