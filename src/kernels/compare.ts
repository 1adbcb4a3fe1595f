/** @file Comparisons of two operands, and logic of truths: bool, without a gradient. */
import type { DType } from '../tensor/dtype.ts';
import type { Op } from './op.ts';
import { inferPointwise, launchPointwise, type PointwiseAttrs } from './pointwise.ts';

const logicFunctions = ['logicalAnd', 'logicalOr', 'logicalXor'] as const;
export type LogicFunction = (typeof logicFunctions)[number];
export type Comparison = 'greater' | 'greaterEqual' | 'less' | 'lessEqual' | 'equal' | 'notEqual';

const anyType: readonly DType[] = ['f32', 'f16', 'i32', 'u32', 'bool'];

/**
 * a > b and the like as bool, of the shape both broadcast to; of two tensors of one dtype, or a tensor and a number.
 * Nothing compares with NaN but as not equal. Logic is of bools.
 */
export const compare: Op<PointwiseAttrs<Comparison | LogicFunction>> = {
  name: 'compare',
  scalars: true,
  inputs: ['a', 'b'],
  infer(inputs, attrs) {
    const logic = (logicFunctions as readonly string[]).includes(attrs.fn);
    const { shape } = inferPointwise('compare', inputs, attrs, logic ? ['bool'] : anyType);
    return [{ shape, dtype: 'bool' }];
  },
  launch: (_device, inputs, [y], attrs) => launchPointwise(inputs, y!, attrs),
};
