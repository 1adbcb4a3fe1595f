/** @file Reshape: the same elements under another shape, without a launch. */
import { inferShape, type Shape } from '../tensor/shape.ts';
import { call, type Op } from './op.ts';

/** The same elements under another shape, of which one axis may be −1. @throws ShapeError if the counts differ */
export const reshape: Op<{ readonly shape: Shape }> = {
  name: 'reshape',
  inputs: ['x'],
  view: ([x], { shape }) => x!.view(inferShape('reshape', shape, x!.size)),
  infer: ([x], { shape }) => [{ shape: inferShape('reshape', shape, x!.size), dtype: x!.dtype }],
  launch() {},
  grad: ({ inputs: [x], dy }) => [call(reshape, [dy[0]!], { shape: x!.shape })],
};
