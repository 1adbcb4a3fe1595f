/** @file Images altered on the device: pixels from other places, intensities by a curve, noise. */
import { ShapeError } from '../../base/errors.ts';
import { describe } from '../../kernels/checks.ts';
import * as kernels from '../../kernels/index.ts';
import type { Shape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { apply } from '../apply.ts';

/**
 * Images whose pixels come from other places: x [N, H, W, C] and places [N, H′, W′], u32 → [N, H′, W′, C]. Pixel p takes
 * all channels of pixel places[p] of its image, counted row by row from 0; where that is H·W or more it is 0. Has no
 * gradient.
 * @throws ShapeError where shapes or dtypes differ
 * @example
 * const places = tensor(device, [3, 0, 9], [1, 1, 3], 'u32'); // pixel 9 lies outside
 * await ops.gatherPixels(tensor(device, [1, 2, 3, 4], [1, 2, 2, 1]), places).read(); // [4, 1, 0]
 */
export function gatherPixels(x: Tensor, places: Tensor): Tensor {
  return apply(kernels.gatherPixels, [x, places], null);
}

/**
 * Intensities of x [N, H, W, C] as a curve of each image maps them: the K ≥ 2 values of `curve` [N, K] are those at
 * evenly spaced intensities from low to high, `range` [N, 2], linear in between; what lies outside takes the value of
 * the end. NaN stays, and so does an image whose low is not below its high. Has no gradient.
 * @throws ShapeError where shapes or dtypes differ
 * @example
 * const [range, curve] = [tensor(device, [0, 10], [1, 2]), tensor(device, [100, 200], [1, 2])];
 * await ops.mapIntensity(tensor(device, [0, 5, 20], [1, 1, 3, 1]), range, curve).read(); // [100, 150, 200]
 */
export function mapIntensity(x: Tensor, range: Tensor, curve: Tensor): Tensor {
  return apply(kernels.mapIntensity, [x, range, curve], null);
}

/**
 * Uniform numbers in [0, 1), 24 bits each: [N, ...shape] of seeds [N, 2], u32 (low and high word), by Philox 4×32-10.
 * An example's numbers depend on its own seed alone, and are the same on every adapter.
 * @throws ShapeError for seeds of another shape or dtype, or a shape that is none
 * @example
 * await ops.uniformNoise(tensor(device, [7, 0], [1, 2], 'u32'), [2]).read(); // [0.954597, 0.750152]
 */
export function uniformNoise(seeds: Tensor, shape: Shape): Tensor {
  if (!Array.isArray(shape))
    throw new ShapeError('uniformNoise', 'shape', `is ${describe(shape)}`, 'An array of sizes is needed.');
  return apply(kernels.uniformNoise, [seeds], { shape });
}
