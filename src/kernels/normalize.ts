/** @file Vectors along an axis brought to norm 1. */
import { elementCount } from '../tensor/shape.ts';
import { expectNumber, expectOneOf } from './checks.ts';
import { type NormForm, neighbours } from './normForm.ts';
import { normOp } from './normOp.ts';
import type { Op } from './op.ts';
import { expectAxis } from './options.ts';

export interface NormalizeAttrs {
  /** Of the norm: 1 sums magnitudes, 2 squares, Infinity takes the largest magnitude. */
  readonly p: number;
  readonly axis: number;
  /** Least norm to divide by. */
  readonly epsilon: number;
}

const kinds = new Map<number, NormForm['kind']>([
  [1, 'l1'],
  [2, 'l2'],
  [Number.POSITIVE_INFINITY, 'largest'],
]);

/** x/max(‖x‖, epsilon), the norm along one axis. f32 or f16. A largest magnitude that is there twice shares its gradient. */
export const normalize: Op<NormalizeAttrs> = normOp('normalize', ({ shape }, { p, axis, epsilon }) => {
  expectOneOf('normalize', 'p', p, [...kinds.keys()]);
  expectNumber('normalize', 'epsilon', epsilon, { least: 0 });
  const at = expectAxis('normalize', 'axis', axis, shape);
  const outer = elementCount(shape.slice(0, at));
  const inner = elementCount(shape.slice(at + 1));
  const layout = inner === 1 ? neighbours(shape[at]!) : { rows: shape[at]!, groups: inner, each: 1 };
  return { form: { kind: kinds.get(p)!, outer, ...layout, byRow: false, epsilon }, affine: [] };
});
