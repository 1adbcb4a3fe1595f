/**
 * @file Comparisons and logic, element by element, as bool of the shape both operands broadcast to; without a gradient.
 * Operands are of one dtype, any; one may be a number. All throw ShapeError for operands that do not fit.
 */
import { ShapeError } from '../../base/errors.ts';
import * as kernels from '../../kernels/index.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { apply } from '../apply.ts';
import { expectTensor, type Operand, pointwise } from './operands.ts';

const comparison = (fn: kernels.Comparison) => (a: Operand, b: Operand) =>
  pointwise(kernels.compare, fn, a, b, fn);
const logic = (fn: kernels.LogicFunction) => (a: Tensor, b: Tensor) =>
  pointwise(kernels.compare, fn, expectTensor(fn, 'a', a), expectTensor(fn, 'b', b), fn);

/**
 * a > b; false where one is NaN, as all comparisons but notEqual.
 * @example
 * await ops.greater(tensor(device, [1, 2, 3], [3]), 2).read(); // [0, 0, 1]
 */
export const greater = comparison('greater');
/**
 * a ≥ b.
 * @example
 * await ops.greaterEqual(tensor(device, [1, 2, 3], [3]), 2).read(); // [0, 1, 1]
 */
export const greaterEqual = comparison('greaterEqual');
/**
 * a < b.
 * @example
 * await ops.less(tensor(device, [1, 2, 3], [3]), 2).read(); // [1, 0, 0]
 */
export const less = comparison('less');
/**
 * a ≤ b.
 * @example
 * await ops.lessEqual(tensor(device, [1, 2, 3], [3]), 2).read(); // [1, 1, 0]
 */
export const lessEqual = comparison('lessEqual');
/**
 * a = b.
 * @example
 * await ops.equal(tensor(device, [1, 2, 3], [3], 'i32'), 2).read(); // [0, 1, 0]
 */
export const equal = comparison('equal');
/**
 * a ≠ b; true where one is NaN.
 * @example
 * await ops.notEqual(tensor(device, [1, 2, NaN], [3]), 2).read(); // [1, 0, 1]
 */
export const notEqual = comparison('notEqual');
/**
 * Whether both hold; of two tensors of bool, as the other two.
 * @example
 * const [a, b] = [tensor(device, [1, 1, 0], [3], 'bool'), tensor(device, [1, 0, 0], [3], 'bool')];
 * await ops.logicalAnd(a, b).read(); // [1, 0, 0]
 */
export const logicalAnd = logic('logicalAnd');
/**
 * Whether one of the two holds, or both.
 * @example
 * const [a, b] = [tensor(device, [1, 1, 0], [3], 'bool'), tensor(device, [1, 0, 0], [3], 'bool')];
 * await ops.logicalOr(a, b).read(); // [1, 1, 0]
 */
export const logicalOr = logic('logicalOr');
/**
 * Whether just one of the two holds.
 * @example
 * const [a, b] = [tensor(device, [1, 1, 0], [3], 'bool'), tensor(device, [1, 0, 0], [3], 'bool')];
 * await ops.logicalXor(a, b).read(); // [0, 1, 0]
 */
export const logicalXor = logic('logicalXor');

/**
 * Labels [..] (i32 or u32) → f32 [.., classes], 1 at each label and 0 elsewhere.
 * @throws ShapeError for other dtypes, or classes that are no whole number from 1; LabelError, at the next read or sync,
 * for a label that is no class
 * @example
 * await ops.oneHot(tensor(device, [2, 0], [2], 'i32'), 3).read(); // [0, 0, 1, 1, 0, 0]
 */
export function oneHot(labels: Tensor, classes: number): Tensor {
  return apply(kernels.oneHot, [labels], { classes });
}

const classify = (fn: 'isNaN' | 'isFinite') => (x: Tensor) =>
  apply(kernels.classify, [x], { fn }, { as: fn });

/**
 * Whether each element is NaN, as bool.
 * @example
 * await ops.isNaN(tensor(device, [1, Infinity, NaN], [3])).read(); // [0, 0, 1]
 */
const whereNaN = classify('isNaN');
/**
 * Whether each element is neither NaN nor infinite, as bool.
 * @example
 * await ops.isFinite(tensor(device, [1, Infinity, NaN], [3])).read(); // [1, 0, 0]
 */
const whereFinite = classify('isFinite');

export { whereFinite as isFinite, whereNaN as isNaN };

/**
 * The other truth of each element; bool.
 * @example
 * await ops.logicalNot(tensor(device, [1, 0], [2], 'bool')).read(); // [0, 1]
 */
export function logicalNot(x: Tensor): Tensor {
  const { dtype } = expectTensor('logicalNot', 'x', x);
  if (dtype !== 'bool') throw new ShapeError('logicalNot', 'x', `has dtype ${dtype}`, "Use cast(x, 'bool').");
  return apply(kernels.compare, [x, null], { fn: 'equal', scalar: 0 }, { as: 'logicalNot' });
}
