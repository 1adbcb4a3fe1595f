/** @file Augmentation on the device: images, their labels and their lines move by the same matrices. */
import * as kernels from '../../kernels/index.ts';
import { expectOptions } from '../../kernels/options.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { apply } from '../apply.ts';

/**
 * Affinely warped images, bilinear, 0 outside. Row (m0 … m5) of `matrices` [N, 6] takes output pixel (x, y) to input
 * point (m0·x + m1·y + m2, m3·x + m4·y + m5), pixel centres at integers. Row (gain, offset) of `gainOffset` [N, 2]
 * makes gain·v + offset of each input pixel v; what lies outside stays 0. x [N, H, W, C]. With a `displacement`
 * [N, H, W, 2], output pixel (x, y) reads that many pixels along x and y from the point that the matrix takes it to. Has
 * no gradient.
 * @throws ShapeError where shapes differ
 * @example
 * const matrix = tensor(device, [1, 0, 1, 0, 1, 0], [1, 6]); // reads one pixel to the right
 * const gainOffset = tensor(device, [10, 5], [1, 2]);
 * await ops.warp(tensor(device, [1, 2, 3], [1, 1, 3, 1]), matrix, gainOffset).read(); // [25, 35, 0]
 */
export function warp(x: Tensor, matrices: Tensor, gainOffset: Tensor, options: WarpOptions = {}): Tensor {
  expectOptions('warp', options, ['displacement']);
  const { displacement = null } = options;
  const inputs = [x, matrices, gainOffset];
  return apply(kernels.warp, displacement ? [...inputs, displacement] : inputs, null);
}

/** Of `warp`. */
export interface WarpOptions {
  /** [N, H, W, 2]: by output pixel, along x and y; default (and null): none. */
  readonly displacement?: Tensor | null | undefined;
}

/** Of `warpLabels`. */
export interface WarpLabelsOptions extends WarpOptions {
  /** Label of what lies outside the input: a whole number of 32 bits, default 0. */
  readonly outside?: number | undefined;
}

/**
 * Labels of pixels [N, H, W], i32 or u32, as they lie in the images that `warp` makes by `matrices` [N, 6] and
 * `displacement`: that of the input pixel whose centre is nearest, of equally near ones the later in column and row. Has
 * no gradient.
 * @throws ShapeError where shapes differ
 * @example
 * const matrix = tensor(device, [1, 0, 1, 0, 1, 0], [1, 6]); // reads one pixel to the right
 * await ops.warpLabels(tensor(device, [1, 2, 3], [1, 1, 3], 'i32'), matrix, { outside: -1 }).read(); // [2, 3, -1]
 */
export function warpLabels(labels: Tensor, matrices: Tensor, options: WarpLabelsOptions = {}): Tensor {
  expectOptions('warpLabels', options, ['outside', 'displacement']);
  const { outside = 0, displacement = null } = options;
  const inputs = [labels, matrices];
  return apply(kernels.warpLabels, displacement ? [...inputs, displacement] : inputs, { outside });
}

/**
 * Lines a·x + b·y + d = 0 of images, [N, V, 3], as they lie in the images that `warp` makes by `matrices` [N, 6],
 * scaled to a² + b² = 1; zeros where `mask` [N, V] is 0. Has no gradient.
 * @throws ShapeError where shapes differ
 * @example
 * const matrix = tensor(device, [1, 0, 1, 0, 1, 0], [1, 6]); // reads one pixel to the right
 * const line = tensor(device, [2, 0, -4], [1, 1, 3]); // x = 2
 * await ops.transformLines(line, filled(device, 1, [1, 1]), matrix).read(); // [1, 0, -1]
 */
export function transformLines(lines: Tensor, mask: Tensor, matrices: Tensor): Tensor {
  return apply(kernels.transformLines, [lines, mask, matrices], null);
}
