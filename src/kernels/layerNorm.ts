/** @file Layer norm and root-mean-square norm over the last axes. */
import { ShapeError } from '../base/errors.ts';
import { elementCount, formatShape, type Shape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { describe, expectNumber } from './checks.ts';
import { type NormForm, neighbours } from './normForm.ts';
import { normOp } from './normOp.ts';
import type { Op } from './op.ts';
import { expectAxes } from './options.ts';

export interface LayerNormAttrs {
  /** The last axes, in any order; negative ones count from the last. */
  readonly axes: readonly number[];
  readonly epsilon: number;
}

/** The axis that the axes begin with. */
function firstAxis(call: string, shape: Shape, axes: readonly number[]): number {
  const rank = shape.length;
  const normal = expectAxes(call, axes, shape);
  if (normal.length > 0 && normal.length === rank - normal[0]!) return normal[0]!;
  const problem = `are ${describe(axes)}, of x with shape ${formatShape(shape)}`;
  throw new ShapeError(call, 'axes', problem, 'They must be the last ones: [-1], [-2, -1] and so on.');
}

function formOf(call: string, kind: 'centred' | 'rms') {
  return ({ shape }: Tensor, { axes, epsilon }: LayerNormAttrs) => {
    const first = firstAxis(call, shape, axes);
    const affine = shape.slice(first);
    expectNumber(call, 'epsilon', epsilon, { least: 0 });
    const outer = elementCount(shape.slice(0, first));
    const form: NormForm = { kind, outer, ...neighbours(elementCount(affine)), byRow: true, epsilon };
    return { form, affine };
  };
}

/**
 * (x − mean)/√(variance + epsilon)·weight + bias, mean and biased variance over the last axes (Ba, Kiros and Hinton
 * 2016). x f32 or f16; weight and bias of the shape of these axes, f32, or null.
 */
export const layerNorm: Op<LayerNormAttrs> = normOp('layerNorm', formOf('layerNorm', 'centred'));

/** x/√(mean of x² + epsilon)·weight over the last axes (Zhang and Sennrich 2019). */
export const rmsNorm: Op<LayerNormAttrs> = normOp('rmsNorm', formOf('rmsNorm', 'rms'));
