/**
 * @file Arithmetic of two operands, element by element, of the shape both broadcast to (NumPy's rule). One may be a
 * number, of the other's dtype. f32, f16 where the device computes with it, i32 or u32 (which wrap), both of one dtype:
 * nothing is promoted. All throw ShapeError for other dtypes, shapes that do not broadcast, two numbers, and fractions
 * beside whole numbers.
 */

import { ShapeError } from '../../base/errors.ts';
import * as kernels from '../../kernels/index.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { apply } from '../apply.ts';
import { expectOperand, type Operand, pointwise } from './operands.ts';

const binary = (fn: kernels.BinaryFunction) => (a: Operand, b: Operand) =>
  pointwise(kernels.binary, fn, a, b, fn);

/**
 * a + b.
 * @example
 * await ops.add(tensor(device, [1, 2, 3, 4], [2, 2]), tensor(device, [10, 20], [2])).read(); // [11, 22, 13, 24]
 */
export const add = binary('add');
/**
 * a − b.
 * @example
 * await ops.subtract(1, tensor(device, [0.25, 3], [2])).read(); // [0.75, -2]
 */
export const subtract = binary('subtract');
/**
 * a·b.
 * @example
 * await ops.multiply(tensor(device, [1, 2], [2, 1]), tensor(device, [3, 4], [2])).read(); // [3, 4, 6, 8]
 */
export const multiply = binary('multiply');
/**
 * a/b. Whole numbers truncate towards 0, as torch.div(rounding_mode='trunc'); where b is 0 they give a.
 * @example
 * await ops.divide(tensor(device, [7, -7], [2], 'i32'), 2).read(); // [3, -3]
 */
export const divide = binary('divide');
/**
 * The smaller; NaN where one is NaN. Where both are equal each gets half of the gradient.
 * @example
 * await ops.minimum(tensor(device, [1, 5], [2]), 3).read(); // [1, 3]
 */
export const minimum = binary('minimum');
/**
 * The larger; as minimum.
 * @example
 * await ops.maximum(tensor(device, [1, 5], [2]), tensor(device, [4, 2], [2])).read(); // [4, 5]
 */
export const maximum = binary('maximum');

/**
 * What is left of a after whole b's, with b's sign, as torch.remainder; 0 where b is 0. i32 or u32, no gradient.
 * @example
 * await ops.remainder(tensor(device, [7, -7], [2], 'i32'), 3).read(); // [1, 2]
 */
export const remainder = binary('remainder');

/**
 * base to the power of exponent; one may be a number. f32 or f16. A negative base has powers with whole exponents only,
 * else NaN.
 * @example
 * await ops.pow(tensor(device, [2, 3], [2]), 2).read(); // [4, 9]
 */
export function pow(base: Operand, exponent: Operand): Tensor {
  expectOperand('pow', 'base', base);
  expectOperand('pow', 'exponent', exponent);
  if (typeof base === 'number' || typeof exponent !== 'number')
    return pointwise(kernels.binary, 'pow', base, exponent, 'pow');
  const attrs = exponent === 0.5 ? ({ fn: 'sqrt' } as const) : ({ fn: 'pow', alpha: exponent } as const);
  return apply(kernels.unary, [base], attrs, { as: 'pow' });
}

/**
 * a where the condition (bool) holds, else b; all three broadcast. a and b of one dtype, any; one may be a number.
 * @example
 * await ops.where(tensor(device, [1, 0], [2], 'bool'), tensor(device, [5, 6], [2]), 0).read(); // [5, 0]
 */
export function where(condition: Tensor, a: Operand, b: Operand): Tensor {
  expectOperand('where', 'a', a);
  expectOperand('where', 'b', b);
  if (typeof a === 'number' && typeof b === 'number')
    throw new ShapeError('where', 'a and b', 'are numbers', 'One of them must be a tensor.');
  if (typeof a === 'number') return apply(kernels.where, [condition, null, b as Tensor], { a });
  if (typeof b === 'number') return apply(kernels.where, [condition, a, null], { b });
  return apply(kernels.where, [condition, a, b], {});
}
