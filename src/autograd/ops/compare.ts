/**
 * @file Comparisons and logic, element by element, as bool of the shape both operands broadcast to; without a gradient.
 * Operands are of one dtype, any; one may be a number. All throw ShapeError for operands that do not fit.
 */
import * as kernels from '../../kernels/index.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { apply } from '../apply.ts';
import { expectTensor, type Operand, pointwise } from './operands.ts';

const comparison = (fn: kernels.Comparison) => (a: Operand, b: Operand) =>
  pointwise(kernels.compare, fn, a, b, fn);
const logic = (fn: kernels.LogicFunction) => (a: Tensor, b: Tensor) =>
  pointwise(kernels.compare, fn, expectTensor(fn, 'a', a), expectTensor(fn, 'b', b), fn);

/** a > b; false where one is NaN, as all comparisons but notEqual. */
export const greater = comparison('greater');
/** a ≥ b. */
export const greaterEqual = comparison('greaterEqual');
/** a < b. */
export const less = comparison('less');
/** a ≤ b. */
export const lessEqual = comparison('lessEqual');
/** a = b. */
export const equal = comparison('equal');
/** a ≠ b; true where one is NaN. */
export const notEqual = comparison('notEqual');
/** Of two tensors of bool, as the other two. */
export const logicalAnd = logic('logicalAnd');
/** Whether one of the two holds, or both. */
export const logicalOr = logic('logicalOr');
/** Whether just one of the two holds. */
export const logicalXor = logic('logicalXor');

/**
 * Labels [..] (i32 or u32) → f32 [.., classes], 1 at each label and 0 elsewhere.
 * @throws ShapeError for other dtypes, or classes that are no whole number from 1; LabelError, at the next read or sync,
 * for a label that is no class
 */
export function oneHot(labels: Tensor, classes: number): Tensor {
  return apply(kernels.oneHot, [labels], { classes });
}
