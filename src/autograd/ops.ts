/** @file Every op as a differentiable function: `ops.relu(x)` launches, and the active tape records. */
import * as kernels from '../kernels/index.ts';
import { type Inputs, type Op, run } from '../kernels/op.ts';
import type { Shape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { activeTape } from './tape.ts';

/** Runs any op record, a user's own included, and records it if a tape is active. */
export function applyAll<A>(op: Op<A>, inputs: Inputs, attrs: A): Tensor[] {
  const outputs = run(op, inputs, attrs);
  activeTape()?.record(op, inputs, outputs, attrs);
  return outputs;
}

/** As applyAll, for ops with one output. */
export function apply<A>(op: Op<A>, inputs: Inputs, attrs: A): Tensor {
  return applyAll(op, inputs, attrs)[0]!;
}

const unary = (fn: kernels.UnaryFunction) => (x: Tensor) => apply(kernels.unary, [x], { fn });
const binary = (fn: kernels.BinaryFunction) => (a: Tensor, b: Tensor) =>
  apply(kernels.binary, [a, b], { fn });

export const relu = unary('relu');
export const sigmoid = unary('sigmoid');
export const exp = unary('exp');
export const log = unary('log');
export const sqrt = unary('sqrt');
export const abs = unary('abs');
export const square = unary('square');
export const tanh = unary('tanh');

export const add = binary('add');
export const subtract = binary('subtract');
export const multiply = binary('multiply');
export const divide = binary('divide');

/** alpha·x + beta with constant alpha and beta. */
export function affine(x: Tensor, alpha: number, beta = 0): Tensor {
  return apply(kernels.unary, [x], { fn: 'affine', alpha, beta });
}

export function reshape(x: Tensor, shape: Shape): Tensor {
  return apply(kernels.reshape, [x], { shape });
}
