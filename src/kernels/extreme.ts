/** @file Maxima and minima over columns with the places they lie at, and argmax: of equals, and of NaNs, the first. */

import { ShapeError } from '../base/errors.ts';
import type { Device } from '../tensor/device.ts';
import { formatShape, type Shape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type Column, columnsOf, reducedShape, type Stage, stagesOf, temporary } from './columns.ts';
import { expectFloat } from './elements.ts';
import { launch, linearGrid } from './launch/queue.ts';
import type { Op } from './op.ts';
import { expectAxis } from './options.ts';
import * as shaders from './shaders.gen.ts';

/** Throws where there is nothing to choose from, or the device cannot compare the elements. */
export function expectComparable(op: string, x: Tensor, axes: readonly number[]): Tensor {
  if (x.dtype === 'f16') expectFloat(op, 'x', x);
  const without = axes.filter((axis) => x.shape[axis] === 0);
  if (without.length === 0) return x;
  const problem = `has no elements along axes ${formatShape(without)} of ${formatShape(x.shape)}`;
  throw new ShapeError(op, 'x', problem, 'There is no extreme of nothing.');
}

/** Receives a stage's results. */
interface Found {
  readonly value: Tensor;
  /** Offsets into the whole input. */
  readonly origin: Tensor;
}

function launchStage(x: Tensor, from: Found | undefined, to: Found, stage: Stage, least: boolean): void {
  const { device } = x;
  const { workgroup } = device.caps;
  const { outer, parts, reduced, inner } = stage;
  const count = outer * parts * inner;
  const tensors = { x: from?.value ?? x, y: to.value, origin: to.origin };
  const params = { count, parts, reduced, inner };
  const grid = linearGrid(count, workgroup);
  const E = x.dtype === 'bool' ? 'u32' : x.dtype;
  const specialization = { overrides: { WORKGROUP: workgroup, LEAST: Number(least) }, aliases: { E } };
  if (!from) launch(device, shaders.max, 'first', tensors, params, grid, specialization);
  else {
    const given = { ...tensors, origins: from.origin };
    launch(device, shaders.max, 'later', given, params, grid, specialization);
  }
}

/** Maxima (or minima) of x's columns, which follow one another, and where in x each lies first. */
export function extremes(
  x: Tensor,
  y: Tensor,
  origin: Tensor,
  columns: readonly Column[],
  least: boolean,
): void {
  if (y.size === 0) return;
  const stages = columns.flatMap((column) => stagesOf(x.device, column, false));
  let from: Found | undefined;
  for (const [index, stage] of stages.entries()) {
    const last = index === stages.length - 1;
    const room = (like: Tensor) => (last ? like : temporary(x.device, like.dtype, stage));
    const to: Found = { value: room(y), origin: room(origin) };
    launchStage(x, from, to, stage, least);
    from?.value.dispose();
    from?.origin.dispose();
    from = to;
  }
}

export interface ArgmaxAttrs {
  /** Default: over all elements, in row-major order. */
  readonly axis?: number | undefined;
  /** The axis stays, with size 1 (default false). */
  readonly keepDims?: boolean | undefined;
  /** Of the minimum. */
  readonly least: boolean;
}

function axesOf(shape: Shape, axis: number | undefined): number[] {
  return axis === undefined ? shape.map((_, i) => i) : [expectAxis('argmax', 'axis', axis, shape)];
}

/** Where along the axis the maximum (or minimum) lies: i32. Of equals, and of NaNs, the first. No gradient. */
export const argmax: Op<ArgmaxAttrs> = {
  name: 'argmax',
  inputs: ['x'],
  infer([x], { axis, keepDims }) {
    const axes = axesOf(x!.shape, axis);
    expectComparable('argmax', x!, axes);
    return [{ shape: reducedShape(x!.shape, axes, keepDims), dtype: 'i32' }];
  },
  launch(device, [x], [y], { axis, least }) {
    if (y!.size === 0) return;
    const axes = axesOf(x!.shape, axis);
    const columns = columnsOf(x!.shape, axes);
    const stage = { outer: 1, parts: 1, reduced: 1, inner: y!.size };
    using value = temporary(device, x!.dtype, stage);
    using origin = temporary(device, 'u32', stage);
    extremes(x!, value, origin, columns, least);
    launchAlong(device, origin, y!, axis === undefined ? [x!.size, 1] : alongOf(x!.shape, axes[0]!));
  },
};

/** Size of an axis, and elements from one place along it to the next. */
function alongOf(shape: Shape, axis: number): readonly [size: number, stride: number] {
  return [shape[axis]!, shape.slice(axis + 1).reduce((product, size) => product * size, 1)];
}

function launchAlong(
  device: Device,
  origins: Tensor,
  indices: Tensor,
  [reduced, inner]: readonly [number, number],
): void {
  const { workgroup } = device.caps;
  const params = { count: indices.size, parts: 1, reduced, inner };
  const specialization = { overrides: { WORKGROUP: workgroup } };
  const grid = linearGrid(indices.size, workgroup);
  launch(device, shaders.max, 'along', { origins, indices }, params, grid, specialization);
}
