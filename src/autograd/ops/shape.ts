/** @file Shapes of tensors of any dtype: views of the same elements, and their elements in another order. */

import { ShapeError } from '../../base/errors.ts';
import { describe, expectWhole } from '../../kernels/checks.ts';
import * as kernels from '../../kernels/index.ts';
import { expectRank } from '../../kernels/op.ts';
import { expectAxes, expectAxis } from '../../kernels/options.ts';
import { elementCount, formatShape, inferShape, type Shape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { apply } from '../apply.ts';
import { expectTensor } from './operands.ts';

const reshaped = (x: Tensor, shape: Shape, as: string) => apply(kernels.reshape, [x], { shape }, { as });

/**
 * The same elements under another shape, one axis of which may be −1: what is left for it. A view.
 * @example
 * ops.reshape(zeros(device, [2, 6]), [3, -1]).shape; // [3, 4]
 */
export function reshape(x: Tensor, shape: Shape): Tensor {
  return reshaped(x, inferShape('reshape', shape, expectTensor('reshape', 'x', x).size), 'reshape');
}

/**
 * Axes start … end (both included, default all) as one. A view.
 * @example
 * ops.flatten(zeros(device, [2, 3, 4]), 1).shape; // [2, 12]
 */
export function flatten(x: Tensor, start = 0, end = -1): Tensor {
  const { shape } = expectTensor('flatten', 'x', x);
  if (shape.length === 0) return reshaped(x, [1], 'flatten');
  const [first, last] = [
    expectAxis('flatten', 'start', start, shape),
    expectAxis('flatten', 'end', end, shape),
  ];
  if (first > last) {
    const problem = `is ${start}, after end, ${end}, in ${formatShape(shape)}`;
    throw new ShapeError('flatten', 'start', problem, 'It must not come after end.');
  }
  const [before, after] = [shape.slice(0, first), shape.slice(last + 1)];
  const merged = elementCount(shape.slice(first, last + 1));
  return reshaped(x, [...before, merged, ...after], 'flatten');
}

/**
 * Without an axis of size 1; or without all of them where none is named. A view.
 * @example
 * ops.squeeze(zeros(device, [1, 3, 1]), 0).shape; // [3, 1]
 */
export function squeeze(x: Tensor, axis?: number): Tensor {
  const { shape } = expectTensor('squeeze', 'x', x);
  if (axis === undefined)
    return reshaped(
      x,
      shape.filter((size) => size !== 1),
      'squeeze',
    );
  const at = expectAxis('squeeze', 'axis', axis, shape);
  if (shape[at] !== 1) {
    const problem = `${axis} of ${formatShape(shape)} has size ${shape[at]}`;
    throw new ShapeError('squeeze', 'axis', problem, 'Only axes of size 1 can be left out.');
  }
  return reshaped(x, shape.toSpliced(at, 1), 'squeeze');
}

/**
 * With an axis of size 1, which is the axis of that number then. A view.
 * @example
 * ops.unsqueeze(zeros(device, [2, 3]), -1).shape; // [2, 3, 1]
 */
export function unsqueeze(x: Tensor, axis: number): Tensor {
  const { shape } = expectTensor('unsqueeze', 'x', x);
  const at = expectAxis('unsqueeze', 'axis', axis, [...shape, 1]);
  return reshaped(x, shape.toSpliced(at, 0, 1), 'unsqueeze');
}

/**
 * x repeated to `shape` by NumPy's rule; where an axis is −1 it stays as it is. Gradients are summed.
 * @example
 * await ops.expand(tensor(device, [1, 2], [2, 1]), [-1, 3]).read(); // [1, 1, 1, 2, 2, 2]
 */
export function expand(x: Tensor, shape: Shape): Tensor {
  const own = expectTensor('expand', 'x', x).shape;
  const valid = Array.isArray(shape) && shape.every((size) => Number.isInteger(size) && size >= -1);
  const missing = valid ? shape.length - own.length : 0;
  const whole = valid ? shape.map((size, axis) => (size === -1 ? own[axis - missing] : size)) : undefined;
  if (whole?.every((size) => size !== undefined))
    return apply(kernels.expand, [x], { shape: whole as number[] });
  const fix = 'Whole numbers from 0 are needed, or −1 for an axis of x that stays.';
  throw new ShapeError('expand', 'shape', `is ${describe(shape)}, of x ${formatShape(own)}`, fix);
}

/**
 * Axis i of the result is axis axes[i] of x; negative ones count from the last. A view where only axes of size 1 move.
 * @example
 * ops.permute(zeros(device, [1, 4, 5, 3]), [0, 3, 1, 2]).shape; // [1, 3, 4, 5]
 */
export function permute(x: Tensor, axes: readonly number[]): Tensor {
  const { shape } = expectTensor('permute', 'x', x);
  if (!Array.isArray(axes))
    throw new ShapeError('permute', 'axes', `is ${describe(axes)}`, 'An array of axes is needed.');
  const normal = axes.map((axis: number) => expectAxis('permute', 'axes', axis, shape));
  return apply(kernels.permute, [x], { axes: normal });
}

/**
 * x with two axes exchanged, by default the last two.
 * @example
 * await ops.transpose(tensor(device, [1, 2, 3, 4, 5, 6], [2, 3])).read(); // [1, 4, 2, 5, 3, 6]
 */
export function transpose(x: Tensor, a = -2, b = -1): Tensor {
  const { shape } = expectTensor('transpose', 'x', x);
  const [first, second] = [expectAxis('transpose', 'a', a, shape), expectAxis('transpose', 'b', b, shape)];
  const other = (axis: number) => (axis === first ? second : axis === second ? first : axis);
  return apply(kernels.permute, [x], { axes: shape.map((_, axis) => other(axis)) }, { as: 'transpose' });
}

/**
 * The order of the elements along some axes (default all) turned around.
 * @example
 * await ops.flip(tensor(device, [1, 2, 3, 4], [2, 2]), [1]).read(); // [2, 1, 4, 3]
 */
export function flip(x: Tensor, axes?: readonly number[]): Tensor {
  const { shape } = expectTensor('flip', 'x', x);
  return apply(kernels.flip, [x], { axes: expectAxes('flip', axes, shape) });
}

/**
 * Channels to pixels: x [N, H, W, C·factor²] → [N, H·factor, W·factor, C]; channel (c·factor + i)·factor + j goes to row i
 * and column j of its pixel's factor×factor, as in PyTorch (Shi et al. 2016). Any dtype.
 * @throws ShapeError for channels that factor² does not divide
 * @example
 * const x = tensor(device, [1, 2, 3, 4, 5, 6, 7, 8], [1, 1, 2, 4]);
 * await ops.pixelShuffle(x, 2).read(); // [1, 2, 5, 6, 3, 4, 7, 8]
 */
export function pixelShuffle(x: Tensor, factor: number): Tensor {
  const as = 'pixelShuffle';
  const [batch, height, width, channels] = imageShape(as, x, factor);
  const area = factor * factor;
  if (channels % area !== 0)
    throw new ShapeError(as, 'x', `has ${channels} channels`, `A multiple of ${area} is needed.`);
  const apart = [batch, height, width, channels / area, factor, factor];
  const shape = [batch, height * factor, width * factor, channels / area];
  return movedAxes(x, apart, [0, 1, 4, 2, 5, 3], shape, as);
}

/**
 * Pixels to channels, the inverse of pixelShuffle: x [N, H·factor, W·factor, C] → [N, H, W, C·factor²]. Any dtype.
 * @throws ShapeError for sides that factor does not divide
 * @example
 * const x = tensor(device, [1, 2, 5, 6, 3, 4, 7, 8], [1, 2, 4, 1]);
 * await ops.pixelUnshuffle(x, 2).read(); // [1, 2, 3, 4, 5, 6, 7, 8]
 */
export function pixelUnshuffle(x: Tensor, factor: number): Tensor {
  const as = 'pixelUnshuffle';
  const [batch, height, width, channels] = imageShape(as, x, factor);
  if (height % factor !== 0 || width % factor !== 0)
    throw new ShapeError(as, 'x', `has ${height}×${width} pixels`, `Multiples of ${factor} are needed.`);
  const [rows, columns] = [height / factor, width / factor];
  const apart = [batch, rows, factor, columns, factor, channels];
  return movedAxes(x, apart, [0, 1, 3, 5, 2, 4], [batch, rows, columns, channels * factor * factor], as);
}

function imageShape(as: string, x: Tensor, factor: number): readonly [number, number, number, number] {
  const { shape } = expectRank(as, 'x', expectTensor(as, 'x', x), 4, null);
  expectWhole(as, 'factor', factor, 1);
  return shape as unknown as readonly [number, number, number, number];
}

/** x seen as `apart`, with its axes in another order, seen as `shape`. */
function movedAxes(x: Tensor, apart: Shape, axes: readonly number[], shape: Shape, as: string): Tensor {
  using split = reshaped(x, apart, as);
  using moved = apply(kernels.permute, [split], { axes }, { as });
  return reshaped(moved, shape, as);
}

/**
 * A second handle on the same elements that no tape follows: as a constant. Dispose both.
 * @example
 * const [tape, x] = [new Tape(), Object.assign(tensor(device, [3], [1]), { requiresGrad: true })];
 * tape.backward(ops.multiply(x, ops.detach(x)));
 * tape.dispose();
 * await x.grad.read(); // [3]
 */
export function detach(x: Tensor): Tensor {
  return expectTensor('detach', 'x', x).view();
}
