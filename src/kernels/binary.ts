/** @file Element-wise functions of two tensors: add, subtract, multiply, divide. */
import type { Tensor } from '../tensor/tensor.ts';
import { call, expectShape, type Op, type Value } from './op.ts';
import { launch, linearGrid } from './queue.ts';
import * as shaders from './shaders.gen.ts';
import { unary } from './unary.ts';

export const binaryFunctions = ['add', 'subtract', 'multiply', 'divide'] as const;
export type BinaryFunction = (typeof binaryFunctions)[number];

export interface BinaryAttrs {
  readonly fn: BinaryFunction;
}

/** f(a, b). f32. */
export const binary: Op<BinaryAttrs> = {
  name: 'binary',
  infer: ([a, b]) => {
    expectShape('binary', 'b', b!, a!.shape);
    return [{ shape: a!.shape, dtype: a!.dtype }];
  },
  launch(device, [a, b], [y], { fn }) {
    const { workgroup } = device.caps;
    const quads = Math.ceil(y!.size / 4);
    const overrides = { WORKGROUP: workgroup, FUNCTION: binaryFunctions.indexOf(fn) };
    const tensors = { a: a!, b: b!, y: y! };
    launch(
      device,
      shaders.binary,
      'same',
      tensors,
      { quads },
      linearGrid(quads, workgroup),
      { overrides },
      fn,
    );
  },
  grad: ({ inputs: [a, b], dy: [dy], attrs: { fn } }) => gradients[fn](dy!, a!, b!),
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

/** target += x, in place. Not differentiable: for gradients and running sums. */
export function accumulateInto(target: Tensor, x: Tensor): void {
  expectShape('accumulate', 'x', x, target.shape);
  const { device } = target;
  const { workgroup } = device.caps;
  const quads = Math.ceil(target.size / 4);
  const tensors = { a: x, y: target };
  const overrides = { WORKGROUP: workgroup };
  launch(device, shaders.binary, 'accumulate', tensors, { quads }, linearGrid(quads, workgroup), {
    overrides,
  });
}
