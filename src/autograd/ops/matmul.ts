/** @file Matrix products and the linear layer. f32, or f16 where the device computes with it; sums are in f32. */

import { ShapeError } from '../../base/errors.ts';
import { inferProduct } from '../../kernels/batchMatmul.ts';
import { expectOneOf } from '../../kernels/checks.ts';
import * as kernels from '../../kernels/index.ts';
import { expectShape } from '../../kernels/op.ts';
import { expectOptions } from '../../kernels/options.ts';
import { formatShape, type Shape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { apply } from '../apply.ts';
import { expectTensor } from './operands.ts';
import { reshape, transpose } from './shape.ts';

/** Of `matmul`: which operand is transposed. */
export interface MatmulOptions {
  /** The matrices of a (of b) with their last two axes exchanged (default false). */
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

/**
 * a [.., n, k] · b [.., k, m] → [.., n, m], leading axes broadcast by NumPy's rule, as torch.matmul. Both f32 or both
 * f16.
 * @throws ShapeError for vectors, sizes that do not fit, and other or different dtypes
 * @example
 * const [a, b] = [tensor(device, [1, 2, 3, 4], [2, 2]), tensor(device, [5, 6], [1, 2])];
 * await ops.matmul(a, b, { transposeB: true }).read(); // [17, 39]
 */
export function matmul(a: Tensor, b: Tensor, options: MatmulOptions = {}): Tensor {
  expectOptions('matmul', options, ['transposeA', 'transposeB']);
  const { transposeA = false, transposeB = false } = options;
  expectOneOf('matmul', 'transposeA', transposeA, [true, false]);
  expectOneOf('matmul', 'transposeB', transposeB, [true, false]);
  const attrs = { transposeA, transposeB };
  const { shape } = inferProduct(
    'matmul',
    expectTensor('matmul', 'a', a),
    expectTensor('matmul', 'b', b),
    attrs,
  );
  const single = b.shape.length === 2 && a.size > 0 && b.size > 0;
  if (!single) return apply(kernels.batchMatmul, [a, b], attrs, { as: 'matmul' });
  using left = transposeA ? transpose(a) : undefined;
  using right = transposeB ? transpose(b) : undefined;
  return product(left ?? a, right ?? b, null, shape, 'matmul');
}

/** All rows of x times one matrix, by the kernels of convolutions. */
function product(x: Tensor, weight: Tensor, bias: Tensor | null, shape: Shape, as: string): Tensor {
  if (x.shape.length === 2) return apply(kernels.linear, [x, weight, bias], null, { as });
  using rows = reshape(x, [-1, x.shape.at(-1)!]);
  using y = apply(kernels.linear, [rows, weight, bias], null, { as });
  return reshape(y, shape);
}

/**
 * x [.., k] · weight [k, m] + bias [m] → [.., m]. f32, or x, weight and result in f16; the bias, which may be null, is
 * f32.
 * @throws ShapeError for other ranks, sizes or dtypes
 * @example
 * const [weight, bias] = [tensor(device, [1, 2, 3, 4], [2, 2]), tensor(device, [10, 20], [2])];
 * await ops.linear(tensor(device, [1, 2], [1, 2]), weight, bias).read(); // [17, 30]
 */
export function linear(x: Tensor, weight: Tensor, bias: Tensor | null = null): Tensor {
  const leading = expectTensor('linear', 'x', x).shape.slice(0, -1);
  const { shape } = expectTensor('linear', 'weight', weight);
  const fits = x.shape.length >= 2 && shape.length === 2 && x.shape.at(-1) === shape[0];
  if (!fits) {
    const problem = `${formatShape(shape)} does not follow x, ${formatShape(x.shape)}`;
    throw new ShapeError('linear', 'weight', problem, 'x must be [.., k] of rank 2 or more, weight [k, m].');
  }
  if (bias !== null) expectShape('linear', 'bias', expectTensor('linear', 'bias', bias), [shape[1]!]);
  if (x.size > 0 && weight.size > 0) return product(x, weight, bias, [...leading, shape[1]!], 'linear');
  const y = apply(
    kernels.batchMatmul,
    [x, weight],
    { transposeA: false, transposeB: false },
    { as: 'linear' },
  );
  if (!bias) return y;
  using sum = y;
  return apply(kernels.binary, [sum, bias], { fn: 'add' }, { as: 'linear' });
}
