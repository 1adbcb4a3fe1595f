/** @file Convolutions of images as checked settings ask for, by the kernels that serve them best. */

import { ShapeError } from '../../base/errors.ts';
import { describe } from '../../kernels/checks.ts';
import { equalForm } from '../../kernels/conv/convGeneralForm.ts';
import type { ConvSettings } from '../../kernels/conv/convGeneralSettings.ts';
import * as kernels from '../../kernels/index.ts';
import { formatShape, sameShape } from '../../tensor/shape.ts';
import { type Spec, Tensor } from '../../tensor/tensor.ts';
import { apply, applyAll } from '../apply.ts';

/** x, weight and bias. */
export type Operands = readonly [x: Tensor, weight: Tensor, bias: Tensor | null];

/** Moments of results that a batch norm is to follow, where the launch that made them may have taken them. */
const moments = new WeakMap<Tensor, { readonly taken: Tensor; readonly clock: number }>();

/** The moments of x, if there are any and it is what it was: a tensor of the caller's, which no tape follows. */
export function takeMoments(x: Tensor): Tensor | undefined {
  const { taken, clock } = moments.get(x) ?? {};
  moments.delete(x);
  if (!taken || clock === undefined || taken.disposed) return undefined;
  const view = x.storage.writtenSince(x.region, clock) ? undefined : taken.view();
  taken.dispose();
  return view;
}

/** A convolution that a batch norm by the statistics of its results is to follow (`takeMoments`). */
export function convolveForNorm(as: string, operands: Operands, settings: ConvSettings): Tensor {
  const { attrs, rest } = equalForm(settings, operands[0], operands[1]) ?? {};
  const exact = rest?.every(([before, after]) => before === 0 && after === 0);
  if (!attrs || !exact || settings.transposed || !kernels.mayTakeMoments(operands[0]))
    return convolve(as, operands, settings);
  const [y, own] = applyAll(kernels.conv2dMoments, operands, attrs, { as }) as [Tensor, Tensor];
  moments.set(y, { taken: own, clock: y.storage.clock });
  return y;
}

/** By the fast kernels where they serve, else by the general one. */
export function convolve(as: string, operands: Operands, settings: ConvSettings, into?: Tensor): Tensor {
  const [x, weight, bias] = operands;
  const { attrs, rest } = equalForm(settings, x, weight) ?? {};
  const exact = rest?.every(([before, after]) => before === 0 && after === 0);
  if (!attrs || !rest || (into && !exact))
    return apply(kernels.convGeneral, operands, settings, { as, into });
  const op = settings.transposed ? kernels.conv2dTranspose : kernels.conv2d;
  if (exact) return apply(op, operands, attrs, { as, into });
  if (!settings.transposed) {
    using padded = padAround(as, x, rest);
    return apply(op, [padded, weight, bias], attrs, { as });
  }
  using whole = apply(op, operands, attrs, { as });
  return cutAround(as, whole, rest);
}

type Sides = readonly (readonly [before: number, after: number])[];

/** x with zeros around it; a tensor of its own. */
function padAround(as: string, x: Tensor, sides: Sides): Tensor {
  return onAxes(x, sides, (y, axis, [before, after]) =>
    apply(kernels.pad, [y], { axis, before, after }, { as }),
  );
}

/** x without its border; a tensor of its own. */
function cutAround(as: string, x: Tensor, sides: Sides): Tensor {
  return onAxes(x, sides, (y, axis, [start, after]) =>
    apply(kernels.slice, [y], { axis, start, end: y.shape[axis]! - after }, { as }),
  );
}

/** Changes the axes that have something to change, one after the other. */
function onAxes(
  x: Tensor,
  sides: Sides,
  change: (y: Tensor, axis: number, sides: readonly [number, number]) => Tensor,
): Tensor {
  return sides.reduce((y, [before, after], i) => {
    if (before === 0 && after === 0) return y;
    const changed = change(y, i + 1, [before, after]);
    if (y !== x) y.dispose();
    return changed;
  }, x);
}

/** Throws unless `into` can take the result. */
export function expectPlace(as: string, into: Tensor, { shape, dtype }: Spec): void {
  const fits = into instanceof Tensor && sameShape(into.shape, shape) && into.dtype === dtype;
  if (fits) return;
  const found = into instanceof Tensor ? `${into.dtype} ${formatShape(into.shape)}` : describe(into);
  throw new ShapeError(as, 'into', `is ${found}`, `${dtype} ${formatShape(shape)} is needed.`);
}
