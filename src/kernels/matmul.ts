/** @file Matrix product and the linear layer, as 1×1 convolutions over a column of pixels: one set of kernels serves both. */

import { ShapeError } from '../base/errors.ts';
import type { Float } from '../tensor/dtype.ts';
import { formatShape } from '../tensor/shape.ts';
import { correlate } from './conv/correlate.ts';
import { gather } from './conv/gather.ts';
import { expectOperands } from './elements.ts';
import { Call, call, expectRank, expectShape, type Op } from './op.ts';

/** Sizes of a product of [rows, k] with [k, m] (or [m, k] transposed) as a gather. */
function productGather(dtype: Float, rows: number, k: number, m: number, transposed: boolean) {
  const shape = { dtype, batch: 1, inHeight: rows, inWidth: 1, outHeight: rows, outWidth: 1, k, m };
  const kernel = { kernelHeight: 1, kernelWidth: 1, stride: 1, dilation: 1, offsetY: 0, offsetX: 0, up: 1 };
  return { ...shape, ...kernel, transposed, relu: false };
}

/** x [n, k] · weight [k, m] + bias [m] → [n, m]. f32, or x, weight and result in f16. Bias may be null: a plain product. */
export const linear: Op<null> = {
  name: 'linear',
  inputs: ['x', 'weight', 'bias'],
  infer([input, matrix, bias]) {
    const x = expectRank('linear', 'x', input ?? null, 2, null);
    const weight = expectRank('linear', 'weight', matrix ?? null, 2, null);
    const dtype = expectOperands('linear', x, weight, bias ?? null);
    if (x.shape[1] !== weight.shape[0]) {
      const problem = `${formatShape(weight.shape)} does not follow ${formatShape(x.shape)}`;
      throw new ShapeError(
        'linear',
        'weight',
        problem,
        'Its rows must equal the columns of x: [n, k] · [k, m].',
      );
    }
    if (bias) expectShape('linear', 'bias', bias, [weight.shape[1]!]);
    return [{ shape: [x.shape[0]!, weight.shape[1]!], dtype }];
  },
  launch(device, [x, weight, bias], [y]) {
    const g = productGather(x!.dtype as Float, x!.shape[0]!, x!.shape[1]!, y!.shape[1]!, false);
    gather(device, 'linear', g, { x: x!, weight: weight!, bias: bias ?? null, y: y! });
  },
  grad({ inputs: [x, weight, bias], dy: [dy] }) {
    const gradients = new Call(linearWeightGrad, [x!, dy!], { bias: bias !== null && bias !== undefined });
    return [call(linearInputGrad, [dy!, weight!], null), gradients.at(0), bias ? gradients.at(1) : null];
  },
};

/** Gradients of weight and bias: xᵀ · dy, and the sum of dy's rows. */
const linearWeightGrad: Op<{ readonly bias: boolean }> = {
  name: 'linearWeightGrad',
  infer([x, dy], { bias }) {
    const [k, m] = [x!.shape[1]!, dy!.shape[1]!];
    const dw = { shape: [k, m], dtype: 'f32' as const };
    return bias ? [dw, { shape: [m], dtype: 'f32' }] : [dw];
  },
  launch(device, [x, dy], [dw, db]) {
    const [rows, a] = x!.shape as [number, number];
    const image = {
      dtype: x!.dtype as Float,
      batch: 1,
      smallHeight: rows,
      smallWidth: 1,
      largeHeight: rows,
      largeWidth: 1,
    };
    const kernel = { stride: 1, padding: 0, dilation: 1, kernelHeight: 1, kernelWidth: 1 };
    const bias = db && { dy: dy!, db };
    const tensors = { large: x!, small: dy!, dw: dw!, bias };
    correlate(device, 'conv2dWeightGrad', { ...image, a, b: dy!.shape[1]!, ...kernel }, tensors);
  },
};

/** dy [n, m] · weightᵀ → [n, k]. */
const linearInputGrad: Op<null> = {
  name: 'linearInputGrad',
  infer: ([dy, weight]) => [{ shape: [dy!.shape[0]!, weight!.shape[0]!], dtype: dy!.dtype }],
  launch(device, [dy, weight], [dx]) {
    const g = productGather(dy!.dtype as Float, dy!.shape[0]!, dy!.shape[1]!, dx!.shape[1]!, true);
    gather(device, 'linearInputGrad', g, { x: dy!, weight: weight!, bias: null, y: dx! });
  },
};
