/** @file The largest or smallest elements along an axis, in order, and where they lie. */
import { elementCount, stridesOf } from '../tensor/shape.ts';
import { expectOneOf, expectWhole } from './checks.ts';
import { expectTypeIn } from './elements.ts';
import { addAt } from './indexed.ts';
import { launch, linearGrid } from './launch/queue.ts';
import { call, type Op } from './op.ts';
import { expectAxis } from './options.ts';
import * as shaders from './shaders.gen.ts';

export interface TopKAttrs {
  readonly k: number;
  /** Negative counts from the last. */
  readonly axis: number;
  /** Otherwise the smallest. */
  readonly largest: boolean;
}

/**
 * Outputs: the k largest (smallest) elements of x along an axis, in falling (rising) order, and their places (i32). NaN is
 * above all numbers; of equals the first comes first. f32, f16, i32 or u32.
 */
export const topK: Op<TopKAttrs> = {
  name: 'topK',
  inputs: ['x'],
  infer([x], { k, axis, largest }) {
    const { shape, dtype } = expectTypeIn('topK', 'x', x!, ['f32', 'f16', 'i32', 'u32']);
    const at = expectAxis('topK', 'axis', axis, shape);
    expectOneOf('topK', 'largest', largest, [true, false]);
    const found = shape.with(at, expectWhole('topK', 'k', k, 0, shape[at]!));
    return [
      { shape: found, dtype },
      { shape: found, dtype: 'i32' },
    ];
  },
  launch(device, [x], [values, places], { k, axis, largest }) {
    if (values!.size === 0) return;
    const at = expectAxis('topK', 'axis', axis, x!.shape);
    const columns = elementCount(values!.shape) / k;
    const { workgroup } = device.caps;
    const params = { columns, size: x!.shape[at]!, inner: stridesOf(x!.shape)[at]!, k };
    const kind = { f32: 0, f16: 0, i32: 1, u32: 2, bool: 2 }[x!.dtype];
    const overrides = { WORKGROUP: workgroup, LEAST: Number(!largest), KIND: kind };
    const tensors = { x: x!, values: values!, places: places! };
    const specialization = { overrides, aliases: { E: x!.dtype } };
    launch(device, shaders.topK, 'main', tensors, params, linearGrid(columns, workgroup), specialization);
  },
  grad({ inputs: [x], outputs: [, places], dy, attrs: { axis } }) {
    if (x!.dtype !== 'f32' && x!.dtype !== 'f16') return [null];
    return [call(addAt, [dy[0]!, places!, null], { axis, each: true, call: 'topK', shape: x!.shape })];
  },
};
