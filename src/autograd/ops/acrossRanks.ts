/** @file The rows of a batch that other ranks have, as a differentiable function. */
import * as kernels from '../../kernels/index.ts';
import { expectType } from '../../kernels/op.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { apply } from '../apply.ts';
import { expectTensor } from './operands.ts';

/**
 * Inside a step that ranks share (see `capture`), x [rows, ...], f32, of all of them, in their order, for losses that
 * compare the examples of a batch with one another; else x itself.
 * @returns `all`: [all rows, ...]; `first`: the place of this rank's first row there
 * @throws ShapeError for what is no f32 tensor, and where the rows are not as many of each example
 * @example
 * const { all, first } = ops.acrossRanks(tensor(device, [1, 2], [2, 1])); // outside such a step
 * [await all.read(), first]; // [[1, 2], 0]
 */
export function acrossRanks(x: Tensor): { readonly all: Tensor; readonly first: number } {
  expectType('acrossRanks', 'x', expectTensor('acrossRanks', 'x', x), 'f32');
  const rows = kernels.rankRowsOf(x);
  const all = rows.all === rows.own ? x : apply(kernels.acrossRanks, [x], rows);
  return { all, first: rows.first };
}
