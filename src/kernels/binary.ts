/** @file Element-wise functions of two tensors with broadcasting: add, subtract, multiply, divide. */
import type { Device } from '../tensor/device.ts';
import { broadcastShapes, elementCount, type Shape, sameShape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { elementAliases, expectFloat } from './elements.ts';
import { call, expectShape, expectType, type Op, type Value } from './op.ts';
import { launch, linearGrid } from './queue.ts';
import { sumTo } from './reduce.ts';
import { denseOf } from './runs.ts';
import * as shaders from './shaders.gen.ts';
import { broadcastStrides, inQuads, walkOf } from './strides.ts';
import { unary } from './unary.ts';

export const binaryFunctions = ['add', 'subtract', 'multiply', 'divide'] as const;
export type BinaryFunction = (typeof binaryFunctions)[number];

export interface BinaryAttrs {
  readonly fn: BinaryFunction;
}

/** f(a, b), of the shape both broadcast to. f32, or f16 where the device computes with it. */
export const binary: Op<BinaryAttrs> = {
  name: 'binary',
  infer([a, b]) {
    expectType('binary', 'b', b!, expectFloat('binary', 'a', a!).dtype);
    return [{ shape: broadcastShapes('binary', a!.shape, b!.shape), dtype: a!.dtype }];
  },
  launch: (device, [a, b], [y], { fn }) => launchBinary(device, a!, b!, y!, fn),
  grad: ({ inputs: [a, b], dy: [dy], attrs: { fn } }) => {
    const [da, db] = gradients[fn](dy!, a!, b!);
    return [sumTo(da, dy!.spec, a!.shape), sumTo(db, dy!.spec, b!.shape)];
  },
};

const multiply = (a: Value, b: Value) => call(binary, [a, b], { fn: 'multiply' });
const divide = (a: Value, b: Value) => call(binary, [a, b], { fn: 'divide' });
const negative = (x: Value) => call(unary, [x], { fn: 'affine', alpha: -1 });

const gradients: Record<BinaryFunction, (dy: Value, a: Tensor, b: Tensor) => [Value, Value]> = {
  add: (dy) => [dy, dy],
  subtract: (dy) => [dy, negative(dy)],
  multiply: (dy, a, b) => [multiply(dy, b), multiply(dy, a)],
  divide: (dy, a, b) => [divide(dy, b), negative(divide(multiply(dy, divide(a, b)), b))],
};

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

function launchBinary(device: Device, a: Tensor, b: Tensor, y: Tensor, fn: BinaryFunction): void {
  const { workgroup } = device.caps;
  const { entry, params } = planOf(a, b, y);
  const overrides = { WORKGROUP: workgroup, FUNCTION: binaryFunctions.indexOf(fn) };
  const specialization = { overrides, aliases: elementAliases(y) };
  const grid = linearGrid(params.quads, workgroup);
  launch(device, shaders.binary, entry, { a, b, y }, params, grid, specialization, fn);
}

/**
 * target += x, in place. Not differentiable: for gradients and running sums.
 * @param before receives what target was
 */
export function accumulateInto(target: Tensor, x: Tensor, before?: Tensor): void {
  expectShape('accumulate', 'x', x, target.shape);
  expectType('accumulate', 'x', x, expectFloat('accumulate', 'target', target).dtype);
  const { device } = target;
  const { workgroup } = device.caps;
  const quads = Math.ceil(target.size / 4);
  const specialization = { overrides: { WORKGROUP: workgroup }, aliases: elementAliases(target) };
  using whole = x.run ? denseOf(x) : x.view();
  const tensors = { x: whole, y: target };
  const grid = linearGrid(quads, workgroup);
  if (!before) {
    launch(device, shaders.accumulate, 'main', tensors, { quads }, grid, specialization);
    return;
  }
  const given = { ...tensors, before };
  launch(device, shaders.accumulate, 'remembering', given, { quads }, grid, specialization);
}
