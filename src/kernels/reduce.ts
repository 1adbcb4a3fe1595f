/** @file Sum, mean and maximum over any axes, and expand, the gradient of the sum: fixed order, the same bits every run. */
import { empty } from '../tensor/create.ts';
import type { Device } from '../tensor/device.ts';
import { ShapeError } from '../tensor/errors.ts';
import {
  broadcastShapes,
  elementCount,
  formatShape,
  normalizeAxes,
  type Shape,
  sameShape,
} from '../tensor/shape.ts';
import type { Spec, Tensor } from '../tensor/tensor.ts';
import { cast } from './cast.ts';
import { elementAliases, expectFloat } from './elements.ts';
import { call, expectType, type Op, type Value } from './op.ts';
import { launch, linearGrid } from './queue.ts';
import { reshape } from './reshape.ts';
import * as shaders from './shaders.gen.ts';
import { broadcastStrides, walkOf } from './strides.ts';

export interface ReduceAttrs {
  readonly fn: 'sum' | 'mean' | 'max';
  /** Default all. */
  readonly axes?: readonly number[] | undefined;
  /** Reduced axes stay, with size 1 (default false). */
  readonly keepDims?: boolean | undefined;
}

/** x as [outer, reduced, inner]: one run of neighbouring axes that is reduced. */
export interface Column {
  readonly outer: number;
  readonly reduced: number;
  readonly inner: number;
}

function axesOf(shape: Shape, { axes }: ReduceAttrs): number[] {
  return normalizeAxes('reduce', axes ?? shape.map((_, axis) => axis), shape.length);
}

/** The shape with the reduced axes at size 1. */
function keptShape(shape: Shape, axes: readonly number[]): number[] {
  return shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
}

/** The runs of reduced axes, last first, each as it finds the tensor after those before it; at least one. */
function columnsOf(shape: Shape, axes: readonly number[]): Column[] {
  const columns: Column[] = [];
  let inner = 1;
  for (let end = shape.length; end > 0; ) {
    let start = end;
    while (start > 0 && (axes.includes(start - 1) || shape[start - 1] === 1)) start--;
    const reduced = elementCount(shape.slice(start, end));
    if (reduced > 1) columns.push({ outer: elementCount(shape.slice(0, start)), reduced, inner });
    end = start - 1;
    if (end >= 0) inner *= shape[end]!;
  }
  return columns.length ? columns : [{ outer: 1, reduced: 1, inner: elementCount(shape) }];
}

/**
 * sum or mean of f32, max of f32 or f16, over axes. Outputs: the result, and for max the offset into x of each result's first maximum
 * (u32, flat, row-major). max's gradient goes to that element alone. @throws ShapeError for an axis out of range
 */
export const reduce: Op<ReduceAttrs> = {
  name: 'reduce',
  infer([x], attrs) {
    const { dtype } =
      attrs.fn === 'max' ? expectFloat('reduce', 'x', x!) : expectType('reduce', 'x', x!, 'f32');
    const axes = axesOf(x!.shape, attrs);
    const shape = attrs.keepDims
      ? keptShape(x!.shape, axes)
      : x!.shape.filter((_, axis) => !axes.includes(axis));
    const value = { shape, dtype };
    return attrs.fn === 'max' ? [value, { shape, dtype: 'u32' }] : [value];
  },
  launch(_device, [x], [y, origin], attrs) {
    const columns = columnsOf(x!.shape, axesOf(x!.shape, attrs));
    if (origin) maxColumns(x!, y!, origin, columns);
    else sumColumns(x!, y!, columns, attrs.fn === 'mean' ? y!.size / x!.size : 1);
  },
  grad({ inputs: [x], outputs: [y, origin], dy: [dy], attrs }) {
    const kept = keptShape(x!.shape, axesOf(x!.shape, attrs));
    const scale = attrs.fn === 'mean' ? y!.size / x!.size : 1;
    const back = { shape: x!.shape, kept, scale };
    return [origin ? call(spreadToOrigin, [dy!, origin], back) : call(spread, [dy!], back)];
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

/** How many strips to cut columns into: enough to keep the device busy, long enough to be worth it; 1 ends the sum. */
function partsOf({ caps }: Device, { outer, reduced, inner }: Column): number {
  if (reduced <= (caps.software ? 1024 : 128)) return 1;
  const wanted = Math.ceil((caps.software ? 512 : 1 << 17) / (outer * inner));
  return Math.max(1, Math.min(wanted, Math.ceil(reduced / 64)));
}

/** One launch: strips of a column, each summed to one part. */
interface Stage extends Column {
  readonly parts: number;
}

/** The launches that reduce a column to one part. Rows of whole vec4s are cut into four columns first if `quads`. */
function stagesOf(device: Device, column: Column, quads: boolean): Stage[] {
  const parts = partsOf(device, column);
  const { outer, reduced, inner } = column;
  if (parts === 1) return [{ ...column, parts }];
  if (quads && inner === 1 && reduced % 4 === 0) {
    const stage = { outer, reduced: reduced / 4, inner: 4, parts: Math.ceil(parts / 4) };
    return [stage, ...stagesOf(device, { outer, reduced: 4 * stage.parts, inner: 1 }, quads)];
  }
  return [{ ...column, parts }, ...stagesOf(device, { outer, reduced: parts, inner }, quads)];
}

function temporary(like: Tensor, { outer, parts, inner }: Stage): Tensor {
  return empty(like.device, { shape: [outer * parts * inner], dtype: like.dtype }, 'strips');
}

/** y = scale · sums of x's columns, which follow one another; the last must leave y's elements. */
export function sumColumns(x: Tensor, y: Tensor, columns: readonly Column[], scale = 1): void {
  const stages = columns.flatMap((column) => stagesOf(x.device, column, true));
  let from = x;
  for (const [index, stage] of stages.entries()) {
    const last = index === stages.length - 1;
    const to = last ? y : temporary(y, stage);
    launchSum(from, to, stage, last ? scale : 1);
    if (from !== x) from.dispose();
    from = to;
  }
}

function launchSum(x: Tensor, y: Tensor, stage: Stage, scale: number): void {
  const { device } = x;
  const { workgroup } = device.caps;
  const wide = stage.inner % 4 === 0;
  const inner = wide ? stage.inner / 4 : stage.inner;
  const count = stage.outer * stage.parts * inner;
  const params = { count, parts: stage.parts, reduced: stage.reduced, inner, scale };
  const aliases = { T: wide ? 'vec4<f32>' : 'f32' };
  const specialization = { overrides: { WORKGROUP: workgroup }, aliases };
  launch(device, shaders.reduce, 'sum', { x, y }, params, linearGrid(count, workgroup), specialization);
}

function maxColumns(x: Tensor, y: Tensor, origin: Tensor, columns: readonly Column[]): void {
  const stages = columns.flatMap((column) => stagesOf(x.device, column, false));
  let from: { value: Tensor; origin: Tensor } | undefined;
  for (const [index, stage] of stages.entries()) {
    const last = index === stages.length - 1;
    const to = last ? { value: y, origin } : { value: temporary(y, stage), origin: temporary(origin, stage) };
    launchMax(from?.value ?? x, from?.origin, to, stage);
    from?.value.dispose();
    from?.origin.dispose();
    from = to;
  }
}

function launchMax(
  x: Tensor,
  origins: Tensor | undefined,
  to: { value: Tensor; origin: Tensor },
  { outer, parts, reduced, inner }: Stage,
): void {
  const { device } = x;
  const { workgroup } = device.caps;
  const count = outer * parts * inner;
  const tensors = { x, y: to.value, origin: to.origin };
  const params = { count, parts, reduced, inner };
  const grid = linearGrid(count, workgroup);
  const specialization = { overrides: { WORKGROUP: workgroup }, aliases: elementAliases(x) };
  if (origins) launch(device, shaders.max, 'later', { ...tensors, origins }, params, grid, specialization);
  else launch(device, shaders.max, 'first', tensors, params, grid, specialization);
}

interface SpreadAttrs {
  readonly shape: Shape;
  /** The input's shape as it broadcasts to `shape`. */
  readonly kept: Shape;
  readonly scale: number;
}

function spreadParams(size: number, { shape, kept, scale }: SpreadAttrs) {
  const { sizes, strides } = walkOf('expand', shape, [broadcastStrides(kept, shape)]);
  const [strides0, strides1] = strides[0]!;
  return { size, scale, sizes0: sizes[0], sizes1: sizes[1], strides0, strides1 };
}

/** y = scale · x, repeated. */
const spread: Op<SpreadAttrs> = {
  name: 'spread',
  infer: (_, { shape }) => [{ shape, dtype: 'f32' }],
  launch(device, [x], [y], attrs) {
    const { workgroup } = device.caps;
    const grid = linearGrid(Math.ceil(y!.size / 4), workgroup);
    const overrides = { WORKGROUP: workgroup };
    launch(device, shaders.expand, 'all', { x: x!, y: y! }, spreadParams(y!.size, attrs), grid, {
      overrides,
    });
  },
};

/** x where it came from, 0 elsewhere. */
const spreadToOrigin: Op<SpreadAttrs> = {
  name: 'spreadToOrigin',
  infer: ([x], { shape }) => [{ shape, dtype: x!.dtype }],
  launch(device, [x, origin], [y], attrs) {
    const { workgroup } = device.caps;
    const grid = linearGrid(Math.ceil(y!.size / 4), workgroup);
    const tensors = { x: x!, origin: origin!, y: y! };
    const params = spreadParams(y!.size, attrs);
    const specialization = { overrides: { WORKGROUP: workgroup }, aliases: elementAliases(x!) };
    launch(device, shaders.expand, 'toOrigin', tensors, params, grid, specialization);
  },
};

/** f32 x repeated to `shape` by NumPy's rule. @throws ShapeError if it does not broadcast to it */
export const expand: Op<{ readonly shape: Shape }> = {
  name: 'expand',
  infer([x], { shape }) {
    expectType('expand', 'x', x!, 'f32');
    if (!sameShape(broadcastShapes('expand', x!.shape, shape), shape)) {
      const problem = `${formatShape(shape)} is smaller than x, ${formatShape(x!.shape)}`;
      throw new ShapeError('expand', 'shape', problem, 'Axes must equal those of x, or be 1 in x.');
    }
    return [{ shape, dtype: 'f32' }];
  },
  launch: (device, [x], y, { shape }) => spread.launch(device, [x!], y, { shape, kept: x!.shape, scale: 1 }),
  grad: ({ inputs: [x], dy, attrs }) => [sumTo(dy[0]!, { shape: attrs.shape, dtype: 'f32' }, x!.shape)],
};
