/** @file Augmentation on the device beside `warp`: what changes intensities by rows of tables, and smooth displacements. */
import { ShapeError } from '../../base/errors.ts';
import { describe, expectWhole } from '../../kernels/checks.ts';
import * as kernels from '../../kernels/index.ts';
import { expectOptions } from '../../kernels/options.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { apply } from '../apply.ts';

/**
 * Images x [N, H, W, C] blurred by Gaussians of standard deviations `sigmas` [N], pixels: weights exp(−d²/2σ²) up to
 * ⌈3σ⌉ pixels (96 at most) that sum to 1, first along x and then along y; edge pixels repeat outside. An image of σ ≤ 0
 * stays as it is. Has no gradient.
 * @throws ShapeError where shapes differ
 * @example
 * const x = tensor(device, [0, 1, 0], [1, 1, 3, 1]);
 * await ops.gaussianBlur(x, tensor(device, [0.5], [1])).read(); // [0.106451, 0.786571, 0.106451]
 */
export function gaussianBlur(x: Tensor, sigmas: Tensor): Tensor {
  return apply(kernels.gaussianBlur, [apply(kernels.gaussianBlur, [x, sigmas], { axis: 'x' }), sigmas], {
    axis: 'y',
  });
}

/**
 * x [N, H, W, C] and normal noise of standard deviations `sigmas` [N]. Values 4i … 4i + 3 of an image get the normal
 * numbers (Box and Muller) of philox([i, 0, 0, 0], key), key a row of `keys` [N, 2], u32. Has no gradient.
 * @throws ShapeError where shapes differ
 * @example
 * const keys = tensor(device, [1, 0, 1, 1], [2, 2], 'u32');
 * await ops.addNoise(zeros(device, [2, 1, 1, 1]), tensor(device, [0, 1], [2]), keys).read(); // [0, 0.432029]
 */
export function addNoise(x: Tensor, sigmas: Tensor, keys: Tensor): Tensor {
  return apply(kernels.addNoise, [x, sigmas, keys], null);
}

/**
 * Images x [N, H, W, C] through what a row of `settings` [N, 7] says, one after the other; mean, min, max and standard
 * deviation are the image's before each. Numbers that change nothing leave the image as it is. A value that is not
 * finite stays that, and may spread in its image. Has no gradient.
 * - Bias field (a, b, c, d, e): min + (v − min) · exp(a·cos πs + b·cos πt + c·cos πs·cos πt + d·cos 2πs + e·cos 2πt), s
 *   and t the pixel's centre from 0 to 1 across and down the image; 0 each for none.
 * - Contrast k: mean + k·(v − mean), cut off at min and max; 1 for none (nnU-Net, Isensee et al. 2021).
 * - Gamma g: w = min + (max − min)·((v − min)/(max − min + 1e-7))^g, then mean and standard deviation as they were:
 *   mean + sd·(w − mean w)/(sd w + 1e-8); 1 for none (nnU-Net's, which keeps the statistics).
 * @throws ShapeError where shapes differ
 * @example
 * const settings = tensor(device, [0, 0, 0, 0, 0, 0.5, 1], [1, 7]); // half the contrast
 * await ops.adjustIntensity(tensor(device, [0, 2], [1, 1, 2, 1]), settings).read(); // [0.5, 1.5]
 */
export function adjustIntensity(x: Tensor, settings: Tensor): Tensor {
  return apply(kernels.adjustIntensity, [x, settings], null);
}

/** Of `splineImage`. */
export interface SplineImageOptions {
  /** Of the images, pixels. */
  readonly size: readonly [height: number, width: number];
}

/**
 * Images [N, height, width, C] of uniform cubic B-splines through control points x [N, G, F, C]: (G − 3)·(F − 3) equal
 * cells lie side by side across an image, and a pixel's centre takes the weighted mean of the 16 points around its cell.
 * No value lies outside those of its control points. Has no gradient.
 * @throws ShapeError for fewer than 4 control points along an axis
 * @example
 * const points = tensor(device, Array.from({ length: 16 }, (_, i) => i % 4), [1, 4, 4, 1]); // x = 0, 1, 2, 3
 * await ops.splineImage(points, { size: [1, 2] }).read(); // [1.25, 1.75]
 */
export function splineImage(x: Tensor, options: SplineImageOptions): Tensor {
  expectOptions('splineImage', options, ['size']);
  const { size } = options;
  if (!Array.isArray(size) || size.length !== 2)
    throw new ShapeError('splineImage', 'size', `is ${describe(size)}`, '[height, width] is needed.');
  const [height, width] = size as [number, number];
  expectWhole('splineImage', 'height', height, 1);
  expectWhole('splineImage', 'width', width, 1);
  return apply(kernels.splineImage, [x], { height, width });
}
