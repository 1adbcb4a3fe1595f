/** @file Sum, mean, maximum and minimum over any axes, and expand, the gradient of the sum: the same bits every run. */

import { ShapeError } from '../base/errors.ts';
import type { DType } from '../tensor/dtype.ts';
import { broadcastShapes, formatShape, type Shape, sameShape } from '../tensor/shape.ts';
import type { Spec, Tensor } from '../tensor/tensor.ts';
import { cast } from './cast.ts';
import { describe, expectOneOf } from './checks.ts';
import {
  type Column,
  columnsOf,
  keptShape,
  reducedShape,
  type Stage,
  stagesOf,
  temporary,
} from './columns.ts';
import { expectFloat } from './elements.ts';
import { expectComparable, extremes } from './extreme.ts';
import { launch, linearGrid } from './launch/queue.ts';
import { call, type Op, type Value } from './op.ts';
import { expectAxes } from './options.ts';
import { reshape } from './reshape.ts';
import * as shaders from './shaders.gen.ts';
import { repeat, spread, spreadToOrigin } from './spread.ts';

export interface ReduceAttrs {
  readonly fn: 'sum' | 'mean' | 'max' | 'min';
  /** Default all. */
  readonly axes?: readonly number[] | undefined;
  /** Reduced axes stay, with size 1 (default false). */
  readonly keepDims?: boolean | undefined;
  /** What a mean's sum is divided by; default the number of its terms. */
  readonly divisor?: number;
}

const isExtreme = ({ fn }: ReduceAttrs) => fn === 'max' || fn === 'min';

function expectReducible(x: Tensor, attrs: ReduceAttrs, axes: readonly number[]): void {
  if (isExtreme(attrs)) expectComparable('reduce', x, axes);
  else if (attrs.fn === 'mean' || x.dtype === 'f16') expectFloat('reduce', 'x', x);
  expectOneOf('reduce', 'keepDims', attrs.keepDims, [true, false, undefined]);
}

/** What the sum is multiplied by. */
function scaleOf({ fn, divisor }: ReduceAttrs, x: Spec & { size: number }, y: { size: number }): number {
  if (fn === 'sum') return 1;
  if (x.size === 0) return Number.NaN;
  return divisor === undefined ? y.size / x.size : 1 / divisor;
}

/**
 * sum, max or min of any dtype, mean of f32 or f16, over axes; a sum of bool counts, in i32, and sums of integers wrap
 * at 32 bits. The sum of no elements is 0, their mean NaN. Outputs: the result, and for max and min the offset into x
 * of each result's first extreme (u32, flat, row-major), the only element that gets its gradient.
 * @throws ShapeError for an axis out of range or named twice, and for an extreme of no elements
 */
export const reduce: Op<ReduceAttrs> = {
  name: 'reduce',
  inputs: ['x'],
  infer([x], attrs) {
    const axes = expectAxes('reduce', attrs.axes, x!.shape);
    expectReducible(x!, attrs, axes);
    const shape = reducedShape(x!.shape, axes, attrs.keepDims);
    if (isExtreme(attrs))
      return [
        { shape, dtype: x!.dtype },
        { shape, dtype: 'u32' },
      ];
    return [{ shape, dtype: x!.dtype === 'bool' ? 'i32' : x!.dtype }];
  },
  launch(_device, [x], [y, origin], attrs) {
    const columns = columnsOf(x!.shape, expectAxes('reduce', attrs.axes, x!.shape));
    if (origin) extremes(x!, y!, origin, columns, attrs.fn === 'min');
    else sumColumns(x!, y!, columns, scaleOf(attrs, x!, y!));
  },
  grad({ inputs: [x], outputs: [y, origin], dy: [dy], attrs }) {
    if (x!.dtype !== 'f32' && x!.dtype !== 'f16') return [null];
    const kept = keptShape(x!.shape, expectAxes('reduce', attrs.axes, x!.shape));
    if (origin) return [call(spreadToOrigin, [dy!, origin], { shape: x!.shape, kept, scale: 1 })];
    return [call(spread, [dy!], { shape: x!.shape, kept, scale: scaleOf(attrs, x!, y!) })];
  },
};

/** The gradient `value`, a `from`, summed in f32 over the axes along which `shape` was broadcast to it. */
export function sumTo(value: Value, from: Spec, shape: Shape): Value {
  if (sameShape(from.shape, shape)) return value;
  if (from.dtype !== 'f32') {
    const sum = sumTo(call(cast, [value], { dtype: 'f32' }), { ...from, dtype: 'f32' }, shape);
    return call(cast, [sum], { dtype: from.dtype });
  }
  const missing = from.shape.length - shape.length;
  const repeats = (axis: number) => axis < missing || (shape[axis - missing] === 1 && from.shape[axis] !== 1);
  const axes = from.shape.map((_, axis) => axis).filter(repeats);
  const keepDims = missing === 0;
  const sum = call(reduce, [value], { fn: 'sum', axes, keepDims });
  const whole = keepDims || axes.length === missing;
  return whole ? sum : call(reshape, [sum], { shape });
}

/** What sums are added up in. */
const totals: Record<DType, 'f32' | 'i32' | 'u32'> = {
  f32: 'f32',
  f16: 'f32',
  i32: 'i32',
  u32: 'u32',
  bool: 'i32',
};

/** y = scale · sums of x's columns, which follow one another; the last must leave y's elements. */
export function sumColumns(x: Tensor, y: Tensor, columns: readonly Column[], scale = 1): void {
  if (y.size === 0) return;
  const total = totals[x.dtype];
  const stages = columns.flatMap((column) => stagesOf(x.device, column, true));
  let from = x;
  for (const [index, stage] of stages.entries()) {
    const last = index === stages.length - 1;
    const to = last ? y : temporary(x.device, total, stage);
    launchSum(from, to, stage, total, last ? scale : 1);
    if (from !== x) from.dispose();
    from = to;
  }
}

function launchSum(x: Tensor, y: Tensor, stage: Stage, total: string, scale: number): void {
  const { device } = x;
  const { workgroup } = device.caps;
  const wide = stage.inner % 4 === 0;
  const inner = wide ? stage.inner / 4 : stage.inner;
  const count = stage.outer * stage.parts * inner;
  const params = { count, parts: stage.parts, reduced: stage.reduced, inner, scale };
  const [S, X, Y] = [total, x.dtype === 'bool' ? 'u32' : x.dtype, y.dtype];
  const vector = (element: string) => (wide ? `vec4<${element}>` : element);
  const aliases = { S, T: vector(S), X: vector(X), Y: vector(Y) };
  const specialization = { overrides: { WORKGROUP: workgroup }, aliases };
  launch(device, shaders.reduce, 'sum', { x, y }, params, linearGrid(count, workgroup), specialization);
}

/**
 * x of any dtype repeated to `shape` by NumPy's rule; f32 and f16 have a gradient.
 * @throws ShapeError if it does not broadcast to it
 */
export const expand: Op<{ readonly shape: Shape }> = {
  name: 'expand',
  inputs: ['x'],
  infer([x], { shape }) {
    if (!Array.isArray(shape) || !shape.every((size) => Number.isInteger(size) && size >= 0))
      throw new ShapeError('expand', 'shape', `is ${describe(shape)}`, 'Whole numbers from 0 are needed.');
    if (x!.dtype === 'f16') expectFloat('expand', 'x', x!);
    if (!sameShape(broadcastShapes('expand', x!.shape, shape), shape)) {
      const problem = `${formatShape(shape)} is smaller than x, ${formatShape(x!.shape)}`;
      throw new ShapeError('expand', 'shape', problem, 'Axes must equal those of x, or be 1 in x.');
    }
    return [{ shape, dtype: x!.dtype }];
  },
  launch: (device, [x], [y], { shape }) => repeat(device, x!, y!, shape),
  grad: ({ inputs: [x], dy, attrs: { shape } }) => [sumTo(dy[0]!, { shape, dtype: x!.dtype }, x!.shape)],
};
