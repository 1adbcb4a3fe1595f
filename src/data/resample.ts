/** @file Resampling to isotropic pixels, centre crop or pad, and z-score. */

import { ConfigError } from '../base/errors.ts';
import { axesOf } from './axes.ts';
import type { PixelImage } from './dicom/pixels.ts';
import { isSpacing } from './geometry.ts';
import type { Affine, ImagePlane } from './types.ts';

/** Whether a file's word on its grid can be: images of at most 4096 × 4096 pixels, of a size that planes have. */
export const isGrid = (size: unknown, spacingMm: unknown): boolean =>
  Number.isInteger(size) && (size as number) >= 1 && (size as number) <= 4096 && isSpacing(spacingMm);

/** Throws ConfigError when `size` is not a positive integer or `spacingMm` not a positive number. */
export function checkGrid(size: number, spacingMm: number): void {
  if (!Number.isInteger(size) || size < 1)
    throw new ConfigError(`Image size ${size} is not a positive whole number of pixels.`);
  if (!Number.isFinite(spacingMm) || spacingMm <= 0)
    throw new ConfigError(`Pixel spacing ${spacingMm} mm is not a positive number.`);
}

/**
 * One axis of the map from native to prepared pixels: the native axis, resampled about its middle to
 * round(extent / spacing) pixels, of which the middle `size` are kept (of an odd surplus or
 * lack, the smaller half comes first): new = factor·old + offset.
 */
function axisMap(length: number, nativeMm: number, size: number, spacingMm: number): [number, number] {
  const factor = nativeMm / spacingMm;
  const resampled = Math.max(1, Math.round(length * factor));
  const cropped = Math.trunc((resampled - size) / 2);
  return [factor, (resampled - 1) / 2 - cropped - (factor * (length - 1)) / 2];
}

/**
 * The affine map from an image's native pixels to its prepared pixels (half-pixel correct: the physical middle of the
 * image is the middle of the resampled grid; an image already at `spacingMm` is moved by whole pixels only).
 * @example
 * const across = { position: [0, 0, 0], rowDirection: [1, 0, 0], columnDirection: [0, 1, 0] };
 * const plane = { ...across, spacingMm: [2, 2], rows: 64, columns: 96 };
 * data.cropMap(plane, 64, 2); // [1,0,-16,0,1,0]
 */
export function cropMap(plane: ImagePlane, size: number, spacingMm: number): Affine {
  const [fx, tx] = axisMap(plane.columns, plane.spacingMm[1], size, spacingMm);
  const [fy, ty] = axisMap(plane.rows, plane.spacingMm[0], size, spacingMm);
  return [fx, 0, tx, 0, fy, ty];
}

/** For each output pixel: first input pixel and the weights from there on; none outside the image. */
export interface Taps {
  readonly first: Int32Array;
  readonly weights: readonly Float64Array[];
}

/**
 * A triangle of half-width max(1, input pixels per output pixel), normalised over the pixels there are: linear
 * interpolation when enlarging, a weighted area average (no aliasing) when reducing, edge pixels repeated.
 */
export function axisTaps(length: number, size: number, factor: number, offset: number): Taps {
  const reach = Math.max(1, 1 / factor);
  const first = new Int32Array(size);
  const weights = Array.from({ length: size }, (_, i) => {
    const x = (i - offset) / factor;
    if (x < -0.5 - 1e-9 || x > length - 0.5 + 1e-9) return new Float64Array(0);
    const from = Math.max(0, Math.floor(x - reach) + 1);
    const to = Math.min(length - 1, Math.ceil(x + reach) - 1);
    first[i] = from;
    const taps = Float64Array.from({ length: to - from + 1 }, (_, k) => 1 - Math.abs(from + k - x) / reach);
    const sum = taps.reduce((a, b) => a + b, 0);
    return taps.map((w) => w / sum);
  });
  return { first, weights };
}

function weigh(values: ArrayLike<number>, start: number, stride: number, weights: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < weights.length; k++) sum += weights[k]! * values[start + k * stride]!;
  return sum;
}

/**
 * The image under a map that scales, moves, mirrors and turns by quarters (native to prepared pixels, as `cropMap`
 * and `preparedMap` give), size × size, row-major; pixels whose centre lies outside the native image are 0.
 * Throws GeometryError for a map that does more.
 * @example
 * const image = { rows: 2, columns: 2, values: Float32Array.of(1, 2, 3, 4) };
 * // one pixel to the right
 * data.resample(image, [1, 0, 1, 0, 1, 0], 3); // [0,1,2,0,3,4,0,0,0]
 */
export function resample(image: PixelImage, map: Affine, size: number): Float32Array {
  const axes = axesOf(map, image);
  const across = axisTaps(axes.across.length, size, axes.across.factor, axes.across.offset);
  const down = axisTaps(axes.down.length, size, axes.down.factor, axes.down.offset);
  const middle = new Float64Array(axes.down.length * size);
  for (let y = 0; y < axes.down.length; y++)
    for (let x = 0; x < size; x++) {
      const first = axes.first + y * axes.down.step + across.first[x]! * axes.across.step;
      middle[y * size + x] = weigh(image.values, first, axes.across.step, across.weights[x]!);
    }
  const out = new Float32Array(size * size);
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++)
      out[y * size + x] = weigh(middle, down.first[y]! * size + x, size, down.weights[y]!);
  return out;
}

/**
 * (v − mean) / population standard deviation over the whole array, padding included as in [Z], in place; values of
 * `outside` do not count. Returns the deviation; a constant image, or one that is all outside, becomes zeros and returns 0, one that is not finite
 * is left and returns NaN.
 * @example
 * const values = Float32Array.of(10, 30);
 * const deviation = data.zScore(values);
 * [deviation, values]; // [10,[-1,1]]
 */
export function zScore(values: Float32Array, outside?: Uint8Array): number {
  const counted = outside ? values.filter((_, i) => outside[i] === 0) : values;
  if (counted.length === 0) {
    values.fill(0);
    return 0;
  }
  const mean = counted.reduce((sum, v) => sum + v, 0) / counted.length;
  const variance = counted.reduce((sum, v) => sum + (v - mean) ** 2, 0) / counted.length;
  const deviation = Math.sqrt(variance);
  if (!Number.isFinite(deviation)) return Number.NaN;
  // Below this the differences are rounding of a constant image.
  const constant = deviation <= 1e-6 * Math.abs(mean) || deviation < 1e-30;
  for (let i = 0; i < values.length; i++) values[i] = constant ? 0 : (values[i]! - mean) / deviation;
  return constant ? 0 : deviation;
}

/** Where less than half of a pixel's weight falls on image, it is padding. */
const mostlyImage = 0.5;

/** Resamples image and padding apart, so that no padding bleeds into the image; what is padding becomes 0. */
function resampleAround(image: PixelImage, padding: Uint8Array, map: Affine, size: number) {
  const { values, ...shape } = image;
  const inside = resample({ ...shape, values: Float32Array.from(padding, (p) => 1 - p) }, map, size);
  const pixels = resample({ ...shape, values: values.map((v, i) => (padding[i] ? 0 : v)) }, map, size);
  const whole = resample({ ...shape, values: new Float32Array(values.length).fill(1) }, map, size);
  const outside = Uint8Array.from(inside, (share, i) => Number(whole[i]! > 0 && share < mostlyImage));
  return { pixels: pixels.map((v, i) => (outside[i] || !inside[i] ? 0 : v / inside[i]!)), outside };
}

/**
 * An image as the network sees it: resampled, cropped or padded with 0, z-scored. Pixels that the scanner marked as
 * padding (PixelPaddingValue) are 0 before the z-score, as if outside the image, and do not count in it.
 * @example
 * const image = { rows: 2, columns: 2, values: Float32Array.of(10, 10, 30, 30) };
 * const { pixels, deviation } = data.onGrid(image, [1, 0, 0, 0, 1, 0], 2);
 * [pixels, deviation]; // [[-1,-1,1,1],10]
 */
export function onGrid(
  image: PixelImage,
  map: Affine,
  size: number,
): { pixels: Float32Array; deviation: number } {
  if (image.padding === undefined) {
    const pixels = resample(image, map, size);
    return { pixels, deviation: zScore(pixels) };
  }
  const { pixels, outside } = resampleAround(image, image.padding, map, size);
  return { pixels, deviation: zScore(pixels, outside) };
}
