/** @file Checks of the operands of a call, and numbers in the place of tensors. */

import { ShapeError } from '../../base/errors.ts';
import { describe } from '../../kernels/checks.ts';
import type { Op } from '../../kernels/op.ts';
import type { PointwiseAttrs, PointwiseFunction } from '../../kernels/pointwise.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { apply } from '../apply.ts';

/** A tensor, or a number that stands for one element of the other operand's dtype. */
export type Operand = Tensor | number;

/** Throws ShapeError unless `x` is a tensor. */
export function expectTensor(call: string, argument: string, x: Tensor): Tensor {
  if (x instanceof Tensor) return x;
  throw new ShapeError(call, argument, `is ${describe(x)}`, 'A tensor is needed.');
}

/** Throws ShapeError unless `x` is a tensor or a number. */
export function expectOperand(call: string, argument: string, x: Operand): Operand {
  if (x instanceof Tensor || typeof x === 'number') return x;
  throw new ShapeError(call, argument, `is ${describe(x)}`, 'A tensor or a number is needed.');
}

/** f(a, b), named `as` in errors. @throws ShapeError where neither is a tensor */
export function pointwise<F extends PointwiseFunction>(
  op: Op<PointwiseAttrs<F>>,
  fn: F,
  a: Operand,
  b: Operand,
  as: string,
): Tensor {
  expectOperand(as, 'a', a);
  expectOperand(as, 'b', b);
  if (typeof a !== 'number' && typeof b !== 'number') return apply(op, [a, b], { fn }, { as });
  if (typeof a !== 'number') return apply(op, [a, null], { fn, scalar: b as number }, { as });
  if (typeof b !== 'number') return apply(op, [null, b], { fn, scalar: a }, { as });
  throw new ShapeError(as, 'a and b', 'are numbers', 'One of them must be a tensor.');
}
