/** @file Every op as a differentiable function: `ops.relu(x)` launches, and the active tape records. */
import * as kernels from '../kernels/index.ts';
import type { DType } from '../tensor/dtype.ts';
import { broadcastShapes, type Shape, sameShape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { apply, applyFirst } from './apply.ts';

export { apply, applyAll } from './apply.ts';
export * from './ops/conv.ts';
export * from './ops/copy.ts';
export * from './ops/dropout.ts';
export * from './ops/loss.ts';
export * from './ops/norm.ts';
export * from './ops/pool.ts';
export * from './ops/upsample.ts';
export * from './ops/warp.ts';
export { recompute } from './recompute.ts';

const unary = (fn: kernels.UnaryFunction) => (x: Tensor) => apply(kernels.unary, [x], { fn }, { as: fn });
const binary = (fn: kernels.BinaryFunction) => (a: Tensor, b: Tensor) =>
  apply(kernels.binary, [a, b], { fn }, { as: fn });

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
  return apply(kernels.unary, [x], { fn: 'affine', alpha, beta }, { as: 'affine' });
}

export function reshape(x: Tensor, shape: Shape): Tensor {
  return apply(kernels.reshape, [x], { shape });
}

/** Over axes, default all; negative ones count from the last. */
export interface ReduceOptions {
  readonly axes?: readonly number[];
  /** Reduced axes stay, with size 1 (default false). */
  readonly keepDims?: boolean;
}

const reduction =
  (fn: kernels.ReduceAttrs['fn']) =>
  (x: Tensor, { axes, keepDims }: ReduceOptions = {}) =>
    applyFirst(kernels.reduce, [x], { fn, axes, keepDims }, { as: fn });

export const sum = reduction('sum');
export const mean = reduction('mean');
/** The gradient goes to the first maximum. */
export const max = reduction('max');

/** x repeated to `shape` by NumPy's rule. */
export function expand(x: Tensor, shape: Shape): Tensor {
  return apply(kernels.expand, [x], { shape });
}

/** exp(x)/Σ exp(x) over the last axis. */
export function softmax(x: Tensor): Tensor {
  return apply(kernels.softmax, [x], { log: false });
}

/** log(softmax(x)), without overflow. */
export function logSoftmax(x: Tensor): Tensor {
  return apply(kernels.softmax, [x], { log: true }, { as: 'logSoftmax' });
}

/** x as another dtype; the gradient passes between f32 and f16. */
export function cast(x: Tensor, dtype: DType): Tensor {
  return apply(kernels.cast, [x], { dtype });
}

/** a > b as bool, of the shape both broadcast to. f32; no gradient. */
export function greater(a: Tensor, b: Tensor): Tensor {
  const shape = broadcastShapes('greater', a.shape, b.shape);
  return apply(kernels.greater, [broadcast(a, shape), broadcast(b, shape)], null);
}

/** a where the condition (bool) holds, else b; both broadcast to the condition's shape. f32. */
export function where(condition: Tensor, a: Tensor, b: Tensor): Tensor {
  const { shape } = condition;
  return apply(kernels.where, [condition, broadcast(a, shape), broadcast(b, shape)], null);
}

function broadcast(x: Tensor, shape: Shape): Tensor {
  return sameShape(x.shape, shape) ? x : expand(x, shape);
}
