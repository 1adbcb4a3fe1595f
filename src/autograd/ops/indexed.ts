/**
 * @file Elements by index, and sums at indices. Indices are i32 or u32, from 0; one beyond the axis raises an IndexError at
 * the next read or sync. All throw ShapeError for shapes and dtypes that do not fit.
 */

import { ShapeError } from '../../base/errors.ts';
import * as kernels from '../../kernels/index.ts';
import { expectOptions } from '../../kernels/options.ts';
import { formatShape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { apply, applyAll } from '../apply.ts';
import { expectTensor } from './operands.ts';

const taking = (as: string, each: boolean, x: Tensor, indices: Tensor, axis: number): Tensor => {
  expectTensor(as, 'x', x);
  expectTensor(as, 'indices', indices);
  return apply(kernels.take, [x, indices], { axis, each, call: as }, { as });
};

const adding = (as: string, each: boolean, [x, indices, source]: readonly Tensor[], axis: number): Tensor => {
  const { shape } = expectTensor(as, 'x', x!);
  expectTensor(as, 'indices', indices!);
  expectTensor(as, 'source', source!);
  return apply(kernels.addAt, [source!, indices!, x!], { axis, each, shape, call: as }, { as });
};

/**
 * Element [.., i, ..] of the result is x[.., indices[.., i, ..], ..] along an axis, by default the last: indices have x's
 * shape but along it, and the result has theirs. Any dtype.
 * @example
 * const indices = tensor(device, [2, 0, 1, 1], [2, 2], 'i32');
 * await ops.gather(tensor(device, [1, 2, 3, 4, 5, 6], [2, 3]), indices).read(); // [3, 1, 5, 5]
 */
export function gather(x: Tensor, indices: Tensor, axis = -1): Tensor {
  return taking('gather', true, x, indices, axis);
}

/**
 * Places `indices` [places] of an axis of x, by default the last: x's shape with as many along it. Any dtype.
 * @example
 * const indices = tensor(device, [2, 0], [2], 'i32');
 * await ops.indexSelect(tensor(device, [1, 2, 3, 4, 5, 6], [2, 3]), indices).read(); // [3, 1, 6, 4]
 */
export function indexSelect(x: Tensor, indices: Tensor, axis = -1): Tensor {
  return taking('indexSelect', false, x, indices, axis);
}

/**
 * Rows of a table [rows, ...row] by indices [..], of any shape: [.., ...row]. Any dtype: a table of permutations too.
 * @example
 * const table = tensor(device, [1, 2, 3, 4, 5, 6], [3, 2]);
 * await ops.embedding(table, tensor(device, [2, 0], [2], 'i32')).read(); // [5, 6, 1, 2]
 */
export function embedding(table: Tensor, indices: Tensor): Tensor {
  const as = 'embedding';
  const { shape } = expectTensor(as, 'table', table);
  expectTensor(as, 'indices', indices);
  if (shape.length === 0)
    throw new ShapeError(as, 'table', `has shape ${formatShape(shape)}`, '[rows, …] is needed.');
  using list = apply(kernels.reshape, [indices], { shape: [indices.size] }, { as });
  using rows = apply(kernels.take, [table, list], { axis: 0, each: false, call: as }, { as });
  return apply(kernels.reshape, [rows], { shape: [...indices.shape, ...shape.slice(1)] }, { as });
}

/**
 * x plus the elements of a source, each at its index along an axis, by default the last: indices and source are of one
 * shape, x's but along it. Added in their order, so that the same adapter gives the same bits. f32 or f16.
 * @example
 * const indices = tensor(device, [0, 2, 0], [3], 'i32');
 * await ops.scatterAdd(zeros(device, [3]), indices, tensor(device, [1, 2, 3], [3])).read(); // [4, 0, 2]
 */
export function scatterAdd(x: Tensor, indices: Tensor, source: Tensor, axis = -1): Tensor {
  return adding('scatterAdd', true, [x, indices, source], axis);
}

/**
 * As scatterAdd, but `indices` [places] are the same for all: source has x's shape but for as many along the axis.
 * @example
 * const source = tensor(device, [1, 2, 3, 4], [2, 2]);
 * await ops.indexAdd(zeros(device, [2, 3]), tensor(device, [2, 0], [2], 'i32'), source).read(); // [2, 0, 1, 4, 0, 3]
 */
export function indexAdd(x: Tensor, indices: Tensor, source: Tensor, axis = -1): Tensor {
  return adding('indexAdd', false, [x, indices, source], axis);
}

/** Of `topK`. */
export interface TopKOptions {
  /** Default the last; negative ones count from the last. */
  readonly axis?: number;
  /** Otherwise the smallest (default true). */
  readonly largest?: boolean;
}

/** What topK finds, both of x's shape but along the axis. */
export interface TopK {
  readonly values: Tensor;
  /** Places along the axis, i32. */
  readonly indices: Tensor;
}

/**
 * The k largest (smallest) elements along an axis in falling (rising) order; of equals the first comes first, NaN is above
 * all numbers. f32, f16, i32 or u32; values have a gradient. Made for small k: each costs a pass over the axis.
 * @example
 * const { values, indices } = ops.topK(tensor(device, [3, 1, 4, 1, 5], [5]), 2);
 * [await values.read(), await indices.read()]; // [[5, 4], [4, 2]]
 */
export function topK(x: Tensor, k: number, options: TopKOptions = {}): TopK {
  expectOptions('topK', options, ['axis', 'largest']);
  const { axis = -1, largest = true } = options;
  const [values, indices] = applyAll(kernels.topK, [x], { k, axis, largest });
  return { values: values!, indices: indices! };
}
