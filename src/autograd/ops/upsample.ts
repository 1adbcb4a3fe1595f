/** @file Resizing as a differentiable function. */
import * as kernels from '../../kernels/index.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { apply } from '../apply.ts';

export interface UpsampleOptions {
  /** By how much height and width grow, if `size` is not given (default 2). */
  readonly scale?: number;
  /** Height and width of the output. */
  readonly size?: readonly [height: number, width: number];
  /** The corner pixels' centres coincide (default false: the images' outer edges do). */
  readonly alignCorners?: boolean;
}

/**
 * Bilinear resizing: x [N, H, W, C] → [N, H·scale, W·scale, C], or to `size`; edges repeat. Made for enlarging: where
 * it shrinks, input pixels between the samples are passed over.
 * @throws ShapeError for a size that is not whole
 */
export function upsampleBilinear2d(x: Tensor, options: UpsampleOptions = {}): Tensor {
  const { scale = 2, size, alignCorners = false } = options;
  const [height, width] = size ?? [x.shape[1]! * scale, x.shape[2]! * scale];
  return apply(kernels.upsampleBilinear2d, [x], { height, width, alignCorners });
}
