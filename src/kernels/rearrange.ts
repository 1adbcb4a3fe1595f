/** @file The elements in another order: axes permuted or turned around. Any dtype, on every device. */

import { ShapeError } from '../base/errors.ts';
import { byteSize } from '../tensor/dtype.ts';
import { elementCount, formatShape, type Shape, stridesOf } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type Grid, launch, linearGrid } from './launch/queue.ts';
import { call, type Op } from './op.ts';
import * as shaders from './shaders.gen.ts';
import { type Walk, walkOf } from './strides.ts';

/** Workgroups along one axis of a grid. */
const MAX_GRID = 65535;

/** A walk of one operand, innermost axis first, and where it begins. */
interface Path {
  readonly sizes: readonly number[];
  readonly strides: readonly number[];
  readonly start: number;
}

function pathOf({ sizes, strides }: Walk, start: number): Path {
  return { sizes: sizes.flat(), strides: strides[0]!.flat(), start };
}

const inFours = (lengths: readonly number[]): boolean => lengths.every((length) => length % 4 === 0);

/** A path as the shader takes it. */
function paramsOf({ sizes, strides, start }: Path) {
  const [sizes0, sizes1] = [sizes.slice(0, 4), sizes.slice(4)];
  return { start, sizes0, sizes1, strides0: strides.slice(0, 4), strides1: strides.slice(4) };
}

/** The path in units of four elements, where x and y have whole ones side by side. */
function inUnits({ sizes: [size, ...outer], strides: [stride, ...others], start }: Path): Path | undefined {
  if (stride !== 1 || !inFours([size!, start, ...others])) return undefined;
  return { sizes: [size! / 4, ...outer], strides: [1, ...others.map((each) => each / 4)], start: start / 4 };
}

/** The matrices that are transposed, in units of four, where the path is one of transposed matrices in whole units. */
function matricesOf({ sizes, strides, start }: Path) {
  const [columns, rows] = sizes as [number, number];
  const [pitch, along, ...others] = strides as [number, number, ...number[]];
  if (along !== 1 || rows === 1 || !inFours([columns, rows, pitch, start, ...others])) return undefined;
  const batch = { sizes: [...sizes.slice(2), 1, 1], strides: [...others.map((each) => each / 4), 0, 0] };
  const grid = [Math.ceil(columns / 32), Math.ceil(rows / 32), elementCount(sizes.slice(2))];
  if (grid.some((groups) => groups > MAX_GRID)) return undefined;
  const params = {
    rows,
    columns: columns / 4,
    pitch: pitch / 4,
    ...paramsOf({ ...batch, start: start / 4 }),
  };
  return { params, grid: grid as unknown as Grid };
}

type Entry = 'units' | 'gathered' | 'twoBytes';

/** Units of y by their way through x. */
function follow(
  entry: Entry,
  x: Tensor,
  y: Tensor,
  path: Path,
  aliases: Record<string, string>,
  label: string,
) {
  const { device } = y;
  const { workgroup, software } = device.caps;
  const each = { units: 4, gathered: 4, twoBytes: 2 }[entry];
  const invocations = Math.ceil(Math.ceil(y.size / each) / (software ? 8 : 1));
  const params = { count: entry === 'units' ? y.size / 4 : y.size, invocations, ...paramsOf(path) };
  const specialization = { overrides: { WORKGROUP: workgroup }, aliases };
  const tensors = { x, y, single: x, turned: y, halves: x, pairs: y };
  const grid = linearGrid(invocations, workgroup);
  launch(device, shaders.rearrange, entry, tensors, params, grid, specialization, label);
}

/** Writes y, whose element at coordinates c is x's at start + Σ c·strides. */
function rearrange(x: Tensor, y: Tensor, strides: readonly number[], start: number, label: string): void {
  if (y.size === 0) return;
  const { device } = y;
  const path = pathOf(walkOf(label, y.shape, [strides]), start);
  const half = byteSize(y.dtype) === 2;
  const units = inUnits(path);
  if (units) {
    follow('units', x, y, units, { U: half ? 'vec2<u32>' : 'vec4<u32>' }, label);
    return;
  }
  if (half && !device.caps.f16) {
    follow('twoBytes', x, y, path, {}, label);
    return;
  }
  const T = half ? 'f16' : 'u32';
  const matrices = matricesOf(path);
  if (!matrices) {
    follow('gathered', x, y, path, { T, T4: `vec4<${T}>` }, label);
    return;
  }
  const { params, grid } = matrices;
  const specialization = { aliases: { T, T4: `vec4<${T}>` } };
  launch(device, shaders.rearrange, 'blocks', { wide: x, turned: y }, params, grid, specialization, label);
}

/** Axes that have to be walked one by one are few enough. */
function expectWalk(op: string, shape: Shape, strides: readonly number[]): void {
  walkOf(op, shape, [strides]);
}

export interface AxesAttrs {
  /** From 0; of permute each axis of x once: axis i of the result is axis axes[i] of x. */
  readonly axes: readonly number[];
}

const permuted = (values: readonly number[], axes: readonly number[]): number[] =>
  axes.map((axis) => values[axis]!);

/** x with its axes in another order. Any dtype; a view where only axes of size 1 move. */
export const permute: Op<AxesAttrs> = {
  name: 'permute',
  inputs: ['x'],
  infer([x], { axes }) {
    const whole = axes.length === x!.shape.length && x!.shape.every((_, axis) => axes.includes(axis));
    if (!whole) {
      const problem = `are ${formatShape(axes)} for x ${formatShape(x!.shape)}`;
      throw new ShapeError('permute', 'axes', problem, 'Name every axis of x once.');
    }
    const shape = permuted(x!.shape, axes);
    expectWalk('permute', shape, permuted(stridesOf(x!.shape), axes));
    return [{ shape, dtype: x!.dtype }];
  },
  view([x], { axes }) {
    const moved = axes.filter((axis) => x!.shape[axis] !== 1);
    const inOrder = moved.every((axis, i) => i === 0 || axis > moved[i - 1]!);
    return inOrder ? x!.view(permuted(x!.shape, axes)) : undefined;
  },
  launch: (_device, [x], [y], { axes }) =>
    rearrange(x!, y!, permuted(stridesOf(x!.shape), axes), 0, 'permute'),
  grad: ({ dy, attrs: { axes } }) => [
    call(permute, [dy[0]!], { axes: axes.map((_, axis) => axes.indexOf(axis)) }),
  ],
};

/** x with the order of its elements along some axes turned around. Any dtype. */
export const flip: Op<AxesAttrs> = {
  name: 'flip',
  inputs: ['x'],
  infer([x], { axes }) {
    expectWalk('flip', x!.shape, turnedStrides(x!.shape, axes));
    return [{ shape: x!.shape, dtype: x!.dtype }];
  },
  launch(_device, [x], [y], { axes }) {
    const own = stridesOf(x!.shape);
    const start = axes.reduce((sum, axis) => sum + (x!.shape[axis]! - 1) * own[axis]!, 0);
    rearrange(x!, y!, turnedStrides(x!.shape, axes), start, 'flip');
  },
  grad: ({ dy, attrs }) => [call(flip, [dy[0]!], attrs)],
};

function turnedStrides(shape: Shape, axes: readonly number[]): number[] {
  return stridesOf(shape).map((stride, axis) => (axes.includes(axis) ? -stride : stride));
}
