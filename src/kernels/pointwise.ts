/** @file Launches of functions of two operands, tensors or a tensor and a number, broadcast to one shape. */

import { ShapeError } from '../base/errors.ts';
import type { DType } from '../tensor/dtype.ts';
import { broadcastShapes, elementCount, type Shape, sameShape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { bitsOf, computeAliases, expectSameType, expectScalar, expectTypeIn } from './elements.ts';
import { launch, linearGrid } from './launch/queue.ts';
import type { Inputs } from './op.ts';
import * as shaders from './shaders.gen.ts';
import { broadcastStrides, inQuads, walkOf } from './strides.ts';

/** In the order of shaders/binary.wgsl. */
const pointwiseFunctions = [
  'add',
  'subtract',
  'multiply',
  'divide',
  'minimum',
  'maximum',
  'pow',
  'remainder',
  'greater',
  'greaterEqual',
  'less',
  'lessEqual',
  'equal',
  'notEqual',
  'logicalAnd',
  'logicalOr',
  'logicalXor',
  'prelu',
] as const;
export type PointwiseFunction = (typeof pointwiseFunctions)[number];

export interface PointwiseAttrs<F extends PointwiseFunction = PointwiseFunction> {
  readonly fn: F;
  /** Stands for the operand that is null. */
  readonly scalar?: number | undefined;
}

/** More axes may have to be walked one by one than shaders can. */
const MAX_AXES = 8;

/** Shape and dtype of the operands: both tensors, or one and a number. @throws ShapeError where they do not fit */
export function inferPointwise(
  op: string,
  [a, b]: Inputs,
  { scalar }: PointwiseAttrs,
  types: readonly DType[],
) {
  const whole = a ?? b;
  if (!whole || (a && b) === undefined)
    throw new ShapeError(op, a ? 'b' : 'a', 'is missing', 'A tensor or a number is needed.');
  const { dtype } = expectTypeIn(op, a ? 'a' : 'b', whole, types);
  if (!a || !b) {
    expectScalar(op, a ? 'b' : 'a', scalar!, dtype);
    return { shape: whole.shape, dtype };
  }
  expectSameType(op, 'b', b, dtype);
  const shape = broadcastShapes(op, a.shape, b.shape);
  if (shape.length > MAX_AXES)
    walkOf(op, shape, [broadcastStrides(a.shape, shape), broadcastStrides(b.shape, shape)]);
  return { shape, dtype };
}

/** After how many vec4s an operand of shape `from` repeats, 0 for one element; undefined if it does otherwise. */
function period(from: Shape, shape: Shape): number | undefined {
  const size = elementCount(from);
  if (size === 1) return 0;
  const first = from.findIndex((axis) => axis !== 1);
  const trailing = from.slice(first);
  if (!sameShape(trailing, shape.slice(shape.length - trailing.length))) return undefined;
  if (size === elementCount(shape)) return Math.ceil(size / 4);
  return size % 4 === 0 ? size / 4 : undefined;
}

/** The entry point for these shapes and what it needs to know. */
function planOf(a: Tensor, b: Tensor, y: Tensor) {
  const quads = Math.ceil(y.size / 4);
  const [aPeriod, bPeriod] = [period(a.shape, y.shape), period(b.shape, y.shape)];
  const strides = [a, b].map((operand) => broadcastStrides(operand.shape, y.shape));
  const walk = walkOf('binary', y.shape, strides);
  const wide = inQuads(walk);
  const { sizes, strides: walked } = wide ?? walk;
  const [[a0, a1], [b0, b1]] = [walked[0]!, walked[1]!];
  const [aSingle, bSingle] = (wide?.single ?? [false, false]).map(Number);
  const same = a.size === y.size && b.size === y.size;
  const periodic = aPeriod !== undefined && bPeriod !== undefined;
  const entry = same ? 'same' : periodic ? 'periodic' : wide ? 'wide' : 'general';
  const periods = { aPeriod: aPeriod ?? 0, bPeriod: bPeriod ?? 0, aSingle: aSingle!, bSingle: bSingle! };
  const walks = { sizes0: sizes[0], sizes1: sizes[1], a0, a1, b0, b1 };
  return { entry, params: { quads, size: wide ? quads : y.size, ...periods, ...walks } } as const;
}

/** y = f(a, b). */
export function launchPointwise([a, b]: Inputs, y: Tensor, { fn, scalar }: PointwiseAttrs): void {
  if (y.size === 0) return;
  const whole = (a ?? b)!;
  const { device, dtype } = whole;
  const { workgroup } = device.caps;
  const overrides = { WORKGROUP: workgroup, FUNCTION: pointwiseFunctions.indexOf(fn) };
  const aliases = computeAliases(dtype, y.dtype);
  if (!a || !b) {
    const quads = Math.ceil(y.size / 4);
    const params = { quads, number: bitsOf(scalar!, dtype) };
    const specialization = { overrides: { ...overrides, SWAPPED: Number(!a) }, aliases };
    const grid = linearGrid(quads, workgroup);
    launch(device, shaders.binary, 'withNumber', { a: whole, y }, params, grid, specialization, fn);
    return;
  }
  const { entry, params } = planOf(a, b, y);
  const grid = linearGrid(params.quads, workgroup);
  launch(device, shaders.binary, entry, { a, b, y }, params, grid, { overrides, aliases }, fn);
}
