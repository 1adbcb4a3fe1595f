/** @file Concat, stack, slice, split and pad along one axis. */

import { ShapeError } from '../../base/errors.ts';
import { describe, expectWhole } from '../../kernels/checks.ts';
import * as kernels from '../../kernels/index.ts';
import { expectShape } from '../../kernels/op.ts';
import { expectAxis } from '../../kernels/options.ts';
import { empty } from '../../tensor/create.ts';
import type { Device } from '../../tensor/device.ts';
import type { DType } from '../../tensor/dtype.ts';
import type { Shape } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { apply } from '../apply.ts';

/**
 * Places for tensors [...pixels, channels[i]] side by side in one buffer: ops that take `into` write them there, and
 * `concat` of them then copies nothing.
 * @example
 * const places = ops.sideBySide(device, [1, 4, 4], [8, 16]);
 * places.map((place) => place.shape); // [[1, 4, 4, 8], [1, 4, 4, 16]]
 */
export function sideBySide(
  device: Device,
  pixels: Shape,
  channels: readonly number[],
  dtype: DType = 'f32',
): Tensor[] {
  if (!Array.isArray(channels) || !channels.every((count) => Number.isInteger(count) && count > 0)) {
    const fix = 'Whole numbers from 1 are needed, one for each tensor.';
    throw new ShapeError('sideBySide', 'channels', `is ${describe(channels)}`, fix);
  }
  if (!Array.isArray(pixels))
    throw new ShapeError('sideBySide', 'pixels', `are ${describe(pixels)}`, 'An array of sizes is needed.');
  const width = channels.reduce((a: number, b: number) => a + b, 0);
  using whole = empty(device, { shape: [...pixels, width], dtype }, 'side by side');
  let end = 0;
  return channels.map((count) => {
    end += count;
    return whole.viewChannels(end - count, end);
  });
}

/** Throws unless `tensors` is a list of tensors with at least one. */
function expectTensors(call: string, tensors: readonly Tensor[]): void {
  if (!Array.isArray(tensors))
    throw new ShapeError(call, 'tensors', `is ${describe(tensors)}`, 'An array of tensors is needed.');
  if (tensors.length === 0)
    throw new ShapeError(call, 'tensors', 'is an empty list', 'At least one tensor is needed.');
  const wrong = tensors.findIndex((one) => !(one instanceof Tensor));
  if (wrong >= 0)
    throw new ShapeError(call, `tensors[${wrong}]`, `is ${describe(tensors[wrong])}`, 'A tensor is needed.');
}

/**
 * Tensors side by side along an axis, by default the channels; their other axes must be equal. Any dtype.
 * @example
 * await ops.concat([tensor(device, [1, 2], [2, 1]), tensor(device, [3, 4], [2, 1])]).read(); // [1, 3, 2, 4]
 */
export function concat(tensors: readonly Tensor[], axis = -1): Tensor {
  expectTensors('concat', tensors);
  return apply(kernels.concat, tensors, { axis });
}

/**
 * Tensors of one shape along a new axis, by default the first. Any dtype.
 * @example
 * await ops.stack([tensor(device, [1, 2], [2]), tensor(device, [3, 4], [2])], 1).read(); // [1, 3, 2, 4]
 */
export function stack(tensors: readonly Tensor[], axis = 0): Tensor {
  expectTensors('stack', tensors);
  const { shape } = tensors[0]!;
  for (const [i, one] of tensors.entries()) expectShape('stack', `tensors[${i}]`, one, shape);
  const at = expectAxis('stack', 'axis', axis, [...shape, 1]);
  const wider = [...shape.slice(0, at), 1, ...shape.slice(at)];
  const parts = tensors.map((one) => apply(kernels.reshape, [one], { shape: wider }, { as: 'stack' }));
  const joined = apply(kernels.concat, parts, { axis: at }, { as: 'stack' });
  for (const part of parts) part.dispose();
  return joined;
}

/**
 * Elements start … end−1 along an axis, by default of the channels; start and end may count from the end by negative
 * numbers. None where they are equal. Any dtype. @throws ShapeError for a range outside the axis
 * @example
 * await ops.slice(tensor(device, [1, 2, 3, 4, 5, 6], [2, 3]), 1, 3).read(); // [2, 3, 5, 6]
 */
export function slice(x: Tensor, start: number, end: number, axis = -1): Tensor {
  return apply(kernels.slice, [x], { axis, start, end });
}

/**
 * x in parts along an axis, by default the channels: of `sizes`, or of one size each, the last with what is left.
 * @throws ShapeError where the sizes do not add up to the axis
 * @example
 * const [first, rest] = ops.split(tensor(device, [1, 2, 3, 4, 5, 6], [2, 3]), [1, 2]);
 * [await first.read(), await rest.read()]; // [[1, 4], [2, 3, 5, 6]]
 */
export function split(x: Tensor, sizes: number | readonly number[], axis = -1): Tensor[] {
  if (!(x instanceof Tensor)) throw new ShapeError('split', 'x', `is ${describe(x)}`, 'A tensor is needed.');
  const at = expectAxis('split', 'axis', axis, x.shape);
  let start = 0;
  return partsOf(sizes, x.shape[at]!).map((size) => {
    start += size;
    return apply(kernels.slice, [x], { axis: at, start: start - size, end: start }, { as: 'split' });
  });
}

/** Sizes of the parts of an axis. */
function partsOf(sizes: number | readonly number[], whole: number): readonly number[] {
  if (!Array.isArray(sizes)) {
    const each = expectWhole('split', 'size', sizes as number, 1);
    const count = Math.max(1, Math.ceil(whole / each));
    return Array.from({ length: count }, (_, i) => Math.min(each, whole - i * each));
  }
  const sum = sizes.reduce((total: number, size, i) => total + expectWhole('split', `sizes[${i}]`, size), 0);
  if (sum === whole) return sizes;
  throw new ShapeError('split', 'sizes', `add up to ${sum}`, `They must add up to the axis, ${whole}.`);
}

/**
 * x with zeros before and after it along an axis, by default the channels. Any dtype.
 * @example
 * await ops.pad(tensor(device, [1, 2], [2]), 1, 2).read(); // [0, 1, 2, 0, 0]
 */
export function pad(x: Tensor, before: number, after: number, axis = -1): Tensor {
  return apply(kernels.pad, [x], { axis, before, after });
}

/**
 * x with elements before and after it along an axis, by default the channels, as mirrors at its ends show them; the ends
 * themselves are not repeated. Of images pad one axis after the other. f32 or f16.
 * @throws ShapeError for more than the axis has beside its end
 * @example
 * await ops.padReflect(tensor(device, [1, 2, 3], [3]), 2, 1).read(); // [3, 2, 1, 2, 3, 2]
 */
export function padReflect(x: Tensor, before: number, after: number, axis = -1): Tensor {
  return apply(kernels.padReflect, [x], { axis, before, after });
}
