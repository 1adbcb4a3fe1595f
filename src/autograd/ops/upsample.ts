/** @file Resizing as differentiable functions. */
import * as kernels from '../../kernels/index.ts';
import { expectOptions, type Pair } from '../../kernels/options.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { apply } from '../apply.ts';

/** Of `upsampleNearest2d`. */
export interface NearestOptions {
  /** By how much height and width grow, or [y, x], if `size` is not given (default 2). */
  readonly scale?: Pair;
  /** Height and width of the output. */
  readonly size?: readonly [height: number, width: number];
}

/** Of `upsampleBilinear2d`. */
export interface UpsampleOptions extends NearestOptions {
  /** The corner pixels' centres coincide (default false: the images' outer edges do). */
  readonly alignCorners?: boolean;
}

/**
 * Bilinear resizing: x [N, H, W, C] → [N, H·scale, W·scale, C], or to `size`; edges repeat. Made for enlarging: where
 * it shrinks, input pixels between the samples are passed over. f32 or f16.
 * @throws ShapeError for a size that is not whole
 * @example
 * await ops.upsampleBilinear2d(tensor(device, [0, 4], [1, 1, 2, 1]), { scale: [1, 2] }).read(); // [0, 1, 3, 4]
 */
export function upsampleBilinear2d(x: Tensor, options: UpsampleOptions = {}): Tensor {
  expectOptions('upsampleBilinear2d', options, ['scale', 'size', 'alignCorners']);
  const { scale, size, alignCorners = false } = options;
  return apply(kernels.upsampleBilinear2d, [x], { scale, size, alignCorners });
}

/**
 * Resizing by repeating (or, where it shrinks, leaving out) pixels: x [N, H, W, C] → [N, ⌊H·scale⌋, ⌊W·scale⌋, C], or
 * to `size`. Output pixel i is input pixel ⌊i·in/out⌋, or ⌊i/scale⌋ for a scale, as in PyTorch. f32 or f16.
 * @throws ShapeError for a size below 1
 * @example
 * await ops.upsampleNearest2d(tensor(device, [1, 2], [1, 1, 2, 1]), { size: [1, 4] }).read(); // [1, 1, 2, 2]
 */
export function upsampleNearest2d(x: Tensor, options: NearestOptions = {}): Tensor {
  expectOptions('upsampleNearest2d', options, ['scale', 'size']);
  return apply(kernels.upsampleNearest2d, [x], { scale: options.scale, size: options.size });
}
