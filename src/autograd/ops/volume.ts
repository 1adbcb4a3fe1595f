/** @file Pooling and resizing of volumes, within slices and then across them: maxima, means and samples come apart so. */

import { ShapeError } from '../../base/errors.ts';
import { describe, expectNumber, expectOneOf, expectWhole } from '../../kernels/checks.ts';
import * as kernels from '../../kernels/index.ts';
import { expectRank } from '../../kernels/op.ts';
import { expectOptions, expectTriple, type Triple } from '../../kernels/options.ts';
import type { Window } from '../../kernels/pool.ts';
import type { ResizeAttrs } from '../../kernels/resize.ts';
import { scope } from '../../tensor/scope.ts';
import { elementCount, formatShape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { apply, applyFirst } from '../apply.ts';
import { expectTensor } from './operands.ts';

/** Sizes in voxels, of all axes or as [z, y, x]. */
export interface Pool3dOptions {
  /** Of the window; 1 deep pools slices. */
  readonly kernel: Triple;
  /** From window to window, default the kernel. */
  readonly stride?: Triple;
  /** Around the volume, at most half the kernel (default 0). */
  readonly padding?: Triple;
}

/** Of `avgPool3d`; sizes are [z, y, x], or one for all. */
export interface AvgPool3dOptions extends Pool3dOptions {
  /** Padding counts, as zeros (default); otherwise a mean is over the voxels in the volume alone. */
  readonly countIncludePad?: boolean;
}

type Five = [number, number, number, number, number];

const expectVolume = (as: string, x: Tensor): Five =>
  expectRank(as, 'x', expectTensor(as, 'x', x), 5, null).shape as unknown as Five;

/** x with ops of images on its slices, then on all slices of an image's voxels as the rows of one column. */
function apart(
  as: string,
  x: Tensor,
  within: ((images: Tensor) => Tensor) | undefined,
  across: ((columns: Tensor) => Tensor) | undefined,
): Tensor {
  const [batch, depth, ...image] = x.shape;
  using inside = scope();
  const slices = within ? within(x.reshape([batch! * depth!, ...image])) : x;
  const [rows, columns, channels] = within ? slices.shape.slice(1) : image;
  const volume = slices.reshape([batch!, depth!, rows!, columns!, channels!]);
  if (!across) return inside.keep(volume);
  const shape = [batch!, depth!, 1, elementCount([rows!, columns!, channels!])];
  const y = across(apply(kernels.reshape, [volume], { shape }, { as }));
  return inside.keep(y.reshape([batch!, y.shape[1]!, rows!, columns!, channels!]));
}

type Sizes = readonly [z: number, y: number, x: number];

/** Whether a window is anything but the element itself, along any of these axes. */
const pools = (axes: readonly number[], sizes: readonly Sizes[], padding: Sizes) =>
  axes.some((axis) => sizes.some((size) => size[axis] !== 1) || padding[axis] !== 0);

function pooled(
  as: string,
  x: Tensor,
  { kernel, stride = kernel, padding = 0 }: Pool3dOptions,
  pool: (x: Tensor, window: Window) => Tensor,
): Tensor {
  const [, ...sides] = expectVolume(as, x);
  const sizes = expectTriple(as, 'kernel', kernel, 1);
  const steps = expectTriple(as, 'stride', stride, 1);
  const around = expectTriple(as, 'padding', padding, 0);
  for (const axis of [0, 1, 2] as const) {
    const [size, side] = [sizes[axis], sides[axis]!];
    if (around[axis] > size / 2) {
      const problem = `is ${around.join('×')}, the kernel ${sizes.join('×')}`;
      throw new ShapeError(as, 'padding', problem, 'At most half the kernel is needed.');
    }
    if (side >= 1 && side + 2 * around[axis] >= size) continue;
    const fix = `A ${sizes.join('×')} window needs more voxels.`;
    throw new ShapeError(as, 'x', `has shape ${formatShape(x.shape)}`, fix);
  }
  const window = (axis: number): Window => ({
    kernel: [sizes[axis]!, axis === 0 ? 1 : sizes[2]],
    stride: [steps[axis]!, axis === 0 ? 1 : steps[2]],
    padding: [around[axis]!, axis === 0 ? 0 : around[2]],
  });
  return apart(
    as,
    x,
    pools([1, 2], [sizes, steps], around) ? (images) => pool(images, window(1)) : undefined,
    pools([0], [sizes, steps], around) ? (columns) => pool(columns, window(0)) : undefined,
  );
}

/**
 * Maxima of windows: x [N, D, H, W, C] → [N, D′, H′, W′, C], D′ = ⌊(D + 2·padding − kernel)/stride⌋ + 1. Padding never
 * wins, NaN always does. The gradient goes to the first maximum (or NaN) of each window. f32 or f16.
 * @throws ShapeError for windows that do not fit
 * @example
 * await ops.maxPool3d(tensor(device, [1, 2, 3, 4], [1, 2, 1, 2, 1]), { kernel: [2, 1, 1] }).read(); // [3, 4]
 */
export function maxPool3d(x: Tensor, options: Pool3dOptions): Tensor {
  const as = 'maxPool3d';
  expectOptions(as, options, ['kernel', 'stride', 'padding']);
  return pooled(as, x, options, (from, window) => applyFirst(kernels.maxPool2d, [from], window, { as }));
}

/**
 * Means of windows: x [N, D, H, W, C] → [N, D′, H′, W′, C], D′ = ⌊(D + 2·padding − kernel)/stride⌋ + 1. f32 or f16.
 * @throws ShapeError for windows that do not fit
 * @example
 * await ops.avgPool3d(tensor(device, [1, 2, 3, 4], [1, 2, 1, 2, 1]), { kernel: [2, 1, 1] }).read(); // [2, 3]
 */
export function avgPool3d(x: Tensor, options: AvgPool3dOptions): Tensor {
  const as = 'avgPool3d';
  expectOptions(as, options, ['kernel', 'stride', 'padding', 'countIncludePad']);
  const { countIncludePad = true, ...window } = options;
  expectOneOf(as, 'countIncludePad', countIncludePad, [true, false]);
  return pooled(as, x, window, (from, sizes) =>
    apply(kernels.avgPool2d, [from], { ...sizes, countIncludePad }, { as }),
  );
}

/** Of `upsampleNearest3d`. */
export interface Nearest3dOptions {
  /** By how much depth, height and width grow, or [z, y, x], if `size` is not given (default 2). */
  readonly scale?: Triple;
  /** Depth, height and width of the output. */
  readonly size?: readonly [depth: number, height: number, width: number];
}

/** Of `upsampleTrilinear3d`. */
export interface Upsample3dOptions extends Nearest3dOptions {
  /** The corner voxels' centres coincide (default false: the volumes' outer edges do). */
  readonly alignCorners?: boolean;
}

/** Size or scale of the output within slices, and across them. */
function targets(as: string, x: Tensor, { scale, size }: Nearest3dOptions) {
  const sides = expectVolume(as, x).slice(1, 4);
  if (sides.some((side) => side < 1))
    throw new ShapeError(
      as,
      'x',
      `has shape ${formatShape(x.shape)}`,
      'Volumes of at least one voxel are needed.',
    );
  if (size !== undefined) {
    if (scale !== undefined)
      throw new ShapeError(as, 'size', 'and scale are both given', 'Pass one of them.');
    if (!Array.isArray(size) || size.length !== 3)
      throw new ShapeError(as, 'size', `is ${describe(size)}`, '[depth, height, width] is needed.');
    for (const side of size) expectWhole(as, 'size', side, 1);
    const [depth, height, width] = size as Sizes;
    return { within: { size: [height, width] }, across: { size: [depth, 1] } } as const;
  }
  const by = scale ?? 2;
  const scales = typeof by === 'number' ? [by, by, by] : by;
  if (!Array.isArray(scales) || scales.length !== 3)
    throw new ShapeError(as, 'scale', `is ${describe(scale)}`, 'A number or [z, y, x] is needed.');
  for (const one of scales) expectNumber(as, 'scale', one, { above: 0 });
  const [z, vertical, horizontal] = scales as unknown as Sizes;
  return { within: { scale: [vertical, horizontal] }, across: { scale: [z, 1] } } as const;
}

/**
 * Resizing by repeating voxels: x [N, D, H, W, C] → [N, ⌊D·scale⌋, ⌊H·scale⌋, ⌊W·scale⌋, C], or to `size`, as
 * upsampleNearest2d. f32 or f16.
 * @throws ShapeError for a size below 1
 * @example
 * await ops.upsampleNearest3d(tensor(device, [1, 2], [1, 2, 1, 1, 1]), { scale: [2, 1, 1] }).read(); // [1, 1, 2, 2]
 */
export function upsampleNearest3d(x: Tensor, options: Nearest3dOptions = {}): Tensor {
  const as = 'upsampleNearest3d';
  expectOptions(as, options, ['scale', 'size']);
  const { within, across } = targets(as, x, options);
  const resize = (to: ResizeAttrs) => (from: Tensor) => apply(kernels.upsampleNearest2d, [from], to, { as });
  return apart(as, x, resize(within), resize(across));
}

/**
 * Trilinear resizing: x [N, D, H, W, C] → [N, D·scale, H·scale, W·scale, C], or to `size`, as upsampleBilinear2d. f32 or
 * f16, which is rounded within slices and across them.
 * @throws ShapeError for a size that is not whole
 * @example
 * await ops.upsampleTrilinear3d(tensor(device, [0, 4], [1, 2, 1, 1, 1]), { scale: [2, 1, 1] }).read(); // [0, 1, 3, 4]
 */
export function upsampleTrilinear3d(x: Tensor, options: Upsample3dOptions = {}): Tensor {
  const as = 'upsampleTrilinear3d';
  expectOptions(as, options, ['scale', 'size', 'alignCorners']);
  const { alignCorners = false } = options;
  const { within, across } = targets(as, x, options);
  const resize = (to: ResizeAttrs) => (from: Tensor) =>
    apply(kernels.upsampleBilinear2d, [from], { ...to, alignCorners }, { as });
  return apart(as, x, resize(within), resize(across));
}
