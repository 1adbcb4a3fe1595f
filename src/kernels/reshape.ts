/** @file Reshape: the same elements under another shape, without a launch. */
import { ShapeError } from '../tensor/errors.ts';
import { elementCount, formatShape, type Shape } from '../tensor/shape.ts';
import { call, type Op } from './op.ts';

export const reshape: Op<{ readonly shape: Shape }> = {
  name: 'reshape',
  view: ([x], { shape }) => x!.view(shape),
  infer([x], { shape }) {
    if (elementCount(shape) !== x!.size) {
      const problem = `${formatShape(shape)} does not hold the ${x!.size} elements of ${formatShape(x!.shape)}`;
      throw new ShapeError('reshape', 'shape', problem, 'The element counts must be equal.');
    }
    return [{ shape, dtype: x!.dtype }];
  },
  launch() {},
  grad: ({ inputs: [x], dy }) => [call(reshape, [dy[0]!], { shape: x!.shape })],
};
