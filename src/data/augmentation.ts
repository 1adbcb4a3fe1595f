/** @file Random transformations of an image: the one matrix that moves both pixels and lines, and what else changes. */

import { drawsOf } from '../base/random.ts';
import { composeAffine, invertAffine, transformLine } from './affine.ts';
import {
  type Appearance,
  type AppearanceOptions,
  appearanceBy,
  between,
  changesOf,
  drawControls,
} from './appearance.ts';
import { purposes } from './purposes.ts';
import type { Affine, Line } from './types.ts';

/** What may vary from sample to sample; what is left out stays as it is. */
export interface AugmentationOptions extends AppearanceOptions {
  /** Rotation about the image centre, uniform in ±rotationDeg. */
  readonly rotationDeg?: number;
  /** Magnification, uniform in [least, most]. */
  readonly scale?: readonly [least: number, most: number];
  /** Shift along x and y, each uniform in ±shiftPx. */
  readonly shiftPx?: number;
  /** Mirror left-right in half of the samples. */
  readonly flipX?: boolean;
  /** Mirror top-bottom in half of the samples. */
  readonly flipY?: boolean;
  /** Factor on the z-scored intensity, uniform in [least, most]. */
  readonly gain?: readonly [least: number, most: number];
  /** Added to the z-scored intensity after the gain, uniform in ±offset. */
  readonly offset?: number;
  /** Smooth displacement along x and along y, up to so many pixels. */
  readonly elasticPx?: number;
}

/** How images are changed before each step; what is left out is not done. */
export interface Augmentation {
  /** Output pixel → input pixel: where the warp reads. */
  readonly matrix: Affine;
  readonly gain: number;
  readonly offset: number;
  /** What else changes of its intensities; none where it is left out. */
  readonly appearance?: Appearance;
  /** Control points of how it is bent, [CONTROLS, CONTROLS, 2]; none where it is left out. */
  readonly controls?: Float32Array;
}

/**
 * Matrix and brightness by the next eight numbers in [0, 1).
 * Input = centre + shift + scale⁻¹·R(angle)·flip·(output − centre), pixel centres at integers, centre (size − 1) / 2.
 * @param size side of the square image, pixels
 */
export function augmentationOf(next: () => number, options: AugmentationOptions, size: number): Augmentation {
  // Every number is drawn whatever the options, so that one option does not change the others' draws.
  const [turn, zoom, dx, dy, mirrorX, mirrorY, gain, offset] = Array.from({ length: 8 }, next) as number[];
  const angle = (between(turn!, [-1, 1]) * (options.rotationDeg ?? 0) * Math.PI) / 180;
  const inverse = 1 / between(zoom!, options.scale ?? [1, 1]);
  const shift = options.shiftPx ?? 0;
  const [sx, sy] = [options.flipX && mirrorX! < 0.5 ? -1 : 1, options.flipY && mirrorY! < 0.5 ? -1 : 1];
  const [cos, sin] = [Math.cos(angle) * inverse, Math.sin(angle) * inverse];
  const centre = (size - 1) / 2;
  const turned: Affine = [cos * sx, -sin * sy, centre, sin * sx, cos * sy, centre];
  const place: Affine = [1, 0, between(dx!, [-shift, shift]), 0, 1, between(dy!, [-shift, shift])];
  const matrix = composeAffine(place, composeAffine(turned, [1, 0, -centre, 0, 1, -centre]));
  const spread = options.offset ?? 0;
  return {
    matrix,
    gain: between(gain!, options.gain ?? [1, 1]),
    offset: between(offset!, [-spread, spread]),
  };
}

/**
 * The augmentation of one sample: depends on seed, counter and options only.
 * @param counter which sample of the run, integer from 0
 * @param size side of the square image, pixels
 * @example
 * data.drawAugmentation(1, 0, { flipX: true }, 64).matrix; // [-1,0,63,0,1,0]
 */
export function drawAugmentation(
  seed: number,
  counter: number,
  options: AugmentationOptions,
  size: number,
): Augmentation {
  const appearance = appearanceBy(seed, counter, options);
  return {
    ...augmentationOf(drawsOf(seed, purposes.augmentation, counter), options, size),
    ...(appearance && { appearance }),
    ...(changesOf(options).elastic && { controls: drawControls(seed, counter, options.elasticPx!) }),
  };
}

/** The second augmentation's matrix and brightness on top of what the first makes; a bend lies in the outer frame. */
export function composeAugmentations(first: Augmentation, second: Augmentation): Augmentation {
  return {
    ...first,
    matrix: composeAffine(first.matrix, second.matrix),
    gain: second.gain * first.gain,
    offset: second.gain * first.offset + second.offset,
  };
}

/**
 * A line of the input image in the warped (output) image.
 * @example
 * // output pixel (x, y) reads input pixel (x + 2, y), so the line x = 5 comes to x = 3
 * data.augmentLine([1, 0, -5], [1, 0, 2, 0, 1, 0]); // [1,0,-3]
 */
export function augmentLine(line: Line, matrix: Affine): Line {
  return transformLine(line, invertAffine(matrix));
}
