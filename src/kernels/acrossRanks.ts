/** @file The rows that every rank has of a batch, on each of them. */
import { ShapeError } from '../base/errors.ts';
import { empty } from '../tensor/create.ts';
import { formatShape, type Shape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { pad, slice } from './copy.ts';
import { type Share, shareOf, sumOverRanks } from './launch/share.ts';
import { call, expectType, type Op } from './op.ts';

/** Rows of x before its own among all ranks', its own, and all. */
export interface RankRows {
  readonly first: number;
  readonly own: number;
  readonly all: number;
}

/** Where the rows of x are, of which each example of the batch has as many. */
export function rankRowsOf({ device, shape }: Pick<Tensor, 'device' | 'shape'>): RankRows {
  const own = shape[0] ?? 0;
  const share: Pick<Share, 'first' | 'count' | 'total'> = shareOf(device) ?? { first: 0, count: 1, total: 1 };
  const each = own / share.count;
  if (Number.isInteger(each)) return { first: each * share.first, own, all: each * share.total };
  const problem = `of shape ${formatShape(shape)} has other rows than those of ${share.count} examples`;
  throw new ShapeError('acrossRanks', 'x', problem, 'Each example needs as many.');
}

/**
 * x [rows, ...], f32, of this rank between those of the ranks before and after it: [all rows, ...]. The gradient of a row
 * is the sum of what all ranks make of it. Outside a step that ranks share it is a copy.
 */
export const acrossRanks: Op<RankRows> = {
  name: 'acrossRanks',
  inputs: ['x'],
  infer([x], { all }) {
    expectType('acrossRanks', 'x', x!, 'f32');
    return [{ shape: [all, ...x!.shape.slice(1)], dtype: 'f32' }];
  },
  launch(device, [x], [y], { first, own, all }) {
    pad.launch(device, [x!], [y!], { axis: 0, before: first, after: all - first - own });
    sumOverRanks(y!);
  },
  grad: ({ dy, attrs }) => [call(ownRows, [dy[0]!], attrs)],
};

const rowsShape = (shape: Shape, rows: number): Shape => [rows, ...shape.slice(1)];

/** This rank's rows of the sum over ranks. */
const ownRows: Op<RankRows> = {
  name: 'ownRows',
  infer: ([dy], { own }) => [{ shape: rowsShape(dy!.shape, own), dtype: 'f32' }],
  launch(device, [dy], [dx], { first, own }) {
    using sum = empty(device, { shape: dy!.shape, dtype: 'f32' }, 'gradient of all rows');
    pad.launch(device, [dy!], [sum], { axis: 0, before: 0, after: 0 });
    sumOverRanks(sum);
    slice.launch(device, [sum], [dx!], { axis: 0, start: first, end: first + own });
  },
};
