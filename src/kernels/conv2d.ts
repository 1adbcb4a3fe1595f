/** @file Convolution and transposed convolution (NHWC, weight HWIO), with their gradients: each is the other's adjoint. */
import { ShapeError } from '../tensor/errors.ts';
import { formatShape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { correlate } from './correlate.ts';
import { expectOperands, type Float } from './elements.ts';
import { type Gather, gather } from './gather.ts';
import { Call, call, expectRank, expectShape, type Inputs, type Op, type Value } from './op.ts';
import { reluGrad } from './unary.ts';

export interface Conv2dAttrs {
  /** Default 1. */
  readonly stride?: number;
  /** Zeros around the image, default 0. */
  readonly padding?: number;
  /** Default 1. */
  readonly dilation?: number;
  /** Applies ReLU to the result in the same launch. */
  readonly relu?: boolean;
}

export interface ConvTranspose2dAttrs extends Conv2dAttrs {
  /** Rows and columns added at the end, for sizes that stride leaves open; default 0. */
  readonly outputPadding?: number;
}

interface Sizes {
  readonly stride: number;
  readonly padding: number;
  readonly dilation: number;
}

function sizes({ stride = 1, padding = 0, dilation = 1 }: Conv2dAttrs): Sizes {
  return { stride, padding, dilation };
}

function checkAttrs(op: string, attrs: ConvTranspose2dAttrs): void {
  const { stride, padding, dilation } = sizes(attrs);
  const whole = [stride, padding, dilation, attrs.outputPadding ?? 0].every(Number.isInteger);
  if (whole && stride >= 1 && padding >= 0 && dilation >= 1) return;
  throw new ShapeError(
    op,
    'attributes',
    `are stride ${stride}, padding ${padding}, dilation ${dilation}`,
    'Use whole numbers, stride and dilation from 1, padding from 0.',
  );
}

function checkChannels(op: string, x: Tensor, found: number, weight: Tensor): void {
  if (x.shape[3] === found) return;
  const problem = `${formatShape(weight.shape)} takes ${found} channels, but x ${formatShape(x.shape)} has ${x.shape[3]}`;
  throw new ShapeError(op, 'weight', problem, 'The channels must be equal (layout NHWC, weight HWIO).');
}

/** Sizes of the gather that computes a convolution of `large` (its input) into `small` (its output). */
function forwardGather(large: Tensor, small: Tensor, weight: Tensor, s: Sizes, relu: boolean): Gather {
  const [batch, inHeight, inWidth, k] = large.shape as [number, number, number, number];
  const [, outHeight, outWidth, m] = small.shape as [number, number, number, number];
  const [kernelHeight, kernelWidth] = weight.shape as [number, number];
  const shape = { batch, inHeight, inWidth, outHeight, outWidth, k, m, kernelHeight, kernelWidth };
  const { stride, dilation, padding } = s;
  const offsets = { offsetY: -padding, offsetX: -padding };
  return {
    dtype: large.dtype as Float,
    ...shape,
    stride,
    dilation,
    ...offsets,
    up: 1,
    transposed: false,
    relu,
  };
}

/** Sizes of the gather that computes the adjoint: from `small` back to `large`. */
function adjointGather(small: Tensor, large: Tensor, weight: Tensor, s: Sizes, relu: boolean): Gather {
  const [batch, inHeight, inWidth, k] = small.shape as [number, number, number, number];
  const [, outHeight, outWidth, m] = large.shape as [number, number, number, number];
  const [kernelHeight, kernelWidth] = weight.shape as [number, number];
  const shape = { batch, inHeight, inWidth, outHeight, outWidth, k, m, kernelHeight, kernelWidth };
  const { stride, dilation, padding } = s;
  return {
    dtype: small.dtype as Float,
    ...shape,
    stride: 1,
    dilation: -dilation,
    offsetY: padding,
    offsetX: padding,
    up: stride,
    transposed: true,
    relu,
  };
}

function outputGrad(attrs: Conv2dAttrs, y: Tensor, dy: Value): Value {
  return attrs.relu ? call(reluGrad, [y, dy], null) : dy;
}

/** y[n, i, j, o] = bias[o] + Σ x[n, i·stride + ky·dilation − padding, …, c] · weight[ky, kx, c, o]. f32, or x, weight and y in f16. */
export const conv2d: Op<Conv2dAttrs> = {
  name: 'conv2d',
  readsRuns: true,
  writesRuns: true,
  infer([input, kernel, bias], attrs) {
    const x = expectRank('conv2d', 'x', input ?? null, 4, null);
    const weight = expectRank('conv2d', 'weight', kernel ?? null, 4, null);
    const [kernelHeight, kernelWidth, channelsIn, channelsOut] = weight.shape as [
      number,
      number,
      number,
      number,
    ];
    const dtype = expectOperands('conv2d', x, weight, bias ?? null);
    checkAttrs('conv2d', attrs);
    checkChannels('conv2d', x, channelsIn, weight);
    if (bias) expectShape('conv2d', 'bias', bias, [channelsOut]);
    const { stride, padding, dilation } = sizes(attrs);
    const size = (side: number, taps: number) =>
      Math.floor((side + 2 * padding - dilation * (taps - 1) - 1) / stride) + 1;
    const [batch, height, width] = x.shape as [number, number, number];
    const [outHeight, outWidth] = [size(height, kernelHeight), size(width, kernelWidth)];
    if (outHeight < 1 || outWidth < 1) {
      const problem = `${formatShape(x.shape)} is smaller than the kernel ${formatShape(weight.shape)}`;
      throw new ShapeError('conv2d', 'x', problem, 'Use a larger image or more padding.');
    }
    return [{ shape: [batch, outHeight, outWidth, channelsOut], dtype }];
  },
  launch(device, [x, weight, bias], [y], attrs) {
    const g = forwardGather(x!, y!, weight!, sizes(attrs), attrs.relu ?? false);
    gather(device, 'conv2d', g, { x: x!, weight: weight!, bias: bias ?? null, y: y! });
  },
  grad({ inputs: [x, weight, bias], outputs: [y], dy, attrs }) {
    const d = outputGrad(attrs, y!, dy[0]!);
    const like = { ...sizes(attrs), height: x!.shape[1]!, width: x!.shape[2]! };
    const gradients = new Call(
      conv2dWeightGrad,
      [x!, d],
      weightGradAttrs(weight!, attrs, bias ? 'small' : null),
    );
    return [call(conv2dInputGrad, [d, weight!], like), gradients.at(0), bias ? gradients.at(1) : null];
  },
};

interface InputGradAttrs extends Sizes {
  readonly height: number;
  readonly width: number;
}

/** Gradient of conv2d's input: the adjoint of the convolution, applied to dy. */
const conv2dInputGrad: Op<InputGradAttrs> = {
  name: 'conv2dInputGrad',
  readsRuns: true,
  writesRuns: true,
  infer: ([dy, weight], { height, width }) => [
    { shape: [dy!.shape[0]!, height, width, weight!.shape[2]!], dtype: dy!.dtype },
  ],
  launch(device, [dy, weight], [dx], attrs) {
    const g = adjointGather(dy!, dx!, weight!, attrs, false);
    gather(device, 'conv2dInputGrad', g, { x: dy!, weight: weight!, bias: null, y: dx! });
  },
};

interface WeightGradAttrs extends Sizes {
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  /** Which image is the gradient of the output, if the bias's gradient is wanted too: its sum over the pixels. */
  readonly dy: 'large' | 'small' | null;
}

function weightGradAttrs(weight: Tensor, attrs: Conv2dAttrs, dy: WeightGradAttrs['dy']): WeightGradAttrs {
  return { ...sizes(attrs), kernelHeight: weight.shape[0]!, kernelWidth: weight.shape[1]!, dy };
}

/** Gradients of weight and bias from (large, small): (x, dy) of a convolution, (dy, x) of a transposed one. */
const conv2dWeightGrad: Op<WeightGradAttrs> = {
  name: 'conv2dWeightGrad',
  readsRuns: true,
  infer([large, small], { kernelHeight, kernelWidth, dy }) {
    const [a, b] = [large!.shape[3]!, small!.shape[3]!];
    const dw = { shape: [kernelHeight, kernelWidth, a, b], dtype: 'f32' as const };
    return dy ? [dw, { shape: [dy === 'large' ? a : b], dtype: 'f32' }] : [dw];
  },
  launch(device, [large, small], [dw, db], { stride, padding, dilation, kernelHeight, kernelWidth, dy }) {
    const [batch, largeHeight, largeWidth, a] = large!.shape as [number, number, number, number];
    const [, smallHeight, smallWidth, b] = small!.shape as [number, number, number, number];
    const shape = {
      batch,
      largeHeight,
      largeWidth,
      a,
      smallHeight,
      smallWidth,
      b,
      kernelHeight,
      kernelWidth,
    };
    const bias = db && { dy: dy === 'large' ? large! : small!, db };
    const tensors = { large: large!, small: small!, dw: dw!, bias };
    const sizes = { dtype: large!.dtype as Float, ...shape, stride, padding, dilation };
    correlate(device, 'conv2dWeightGrad', sizes, tensors);
  },
};

function transposedSide(side: number, taps: number, attrs: ConvTranspose2dAttrs): number {
  const { stride, padding, dilation } = sizes(attrs);
  return (side - 1) * stride - 2 * padding + dilation * (taps - 1) + (attrs.outputPadding ?? 0) + 1;
}

/**
 * Transposed convolution: the adjoint of conv2d with the same weight, which is [kernelHeight, kernelWidth, channelsOut,
 * channelsIn]. Output side: (side − 1)·stride − 2·padding + dilation·(kernel − 1) + outputPadding + 1. f32, or x,
 * weight and y in f16; sums, bias and the gradients of weight and bias are f32.
 */
export const conv2dTranspose: Op<ConvTranspose2dAttrs> = {
  name: 'conv2dTranspose',
  readsRuns: true,
  writesRuns: true,
  infer([input, kernel, bias]: Inputs, attrs) {
    const x = expectRank('conv2dTranspose', 'x', input ?? null, 4, null);
    const weight = expectRank('conv2dTranspose', 'weight', kernel ?? null, 4, null);
    const [kernelHeight, kernelWidth, channelsOut, channelsIn] = weight.shape as [
      number,
      number,
      number,
      number,
    ];
    const dtype = expectOperands('conv2dTranspose', x, weight, bias ?? null);
    checkAttrs('conv2dTranspose', attrs);
    checkChannels('conv2dTranspose', x, channelsIn, weight);
    if (bias) expectShape('conv2dTranspose', 'bias', bias, [channelsOut]);
    const [batch, height, width] = x.shape as [number, number, number];
    const outHeight = transposedSide(height, kernelHeight, attrs);
    const outWidth = transposedSide(width, kernelWidth, attrs);
    if (outHeight < 1 || outWidth < 1) {
      const problem = `${formatShape(x.shape)} gives ${outHeight}×${outWidth} pixels`;
      throw new ShapeError('conv2dTranspose', 'padding', problem, 'Use less padding.');
    }
    return [{ shape: [batch, outHeight, outWidth, channelsOut], dtype }];
  },
  launch(device, [x, weight, bias], [y], attrs) {
    const g = adjointGather(x!, y!, weight!, sizes(attrs), attrs.relu ?? false);
    gather(device, 'conv2dTranspose', g, { x: x!, weight: weight!, bias: bias ?? null, y: y! });
  },
  grad({ inputs: [x, weight, bias], outputs: [y], dy, attrs }) {
    const d = outputGrad(attrs, y!, dy[0]!);
    const like = { ...sizes(attrs), height: x!.shape[1]!, width: x!.shape[2]! };
    const gradients = new Call(
      conv2dWeightGrad,
      [d, x!],
      weightGradAttrs(weight!, attrs, bias ? 'large' : null),
    );
    return [
      call(conv2dTransposeInputGrad, [d, weight!], like),
      gradients.at(0),
      bias ? gradients.at(1) : null,
    ];
  },
};

/** Gradient of conv2dTranspose's input: the convolution it is the adjoint of. */
const conv2dTransposeInputGrad: Op<InputGradAttrs> = {
  name: 'conv2dTransposeInputGrad',
  readsRuns: true,
  writesRuns: true,
  infer: ([dy, weight], { height, width }) => [
    { shape: [dy!.shape[0]!, height, width, weight!.shape[3]!], dtype: dy!.dtype },
  ],
  launch(device, [dy, weight], [dx], attrs) {
    const g = forwardGather(dy!, dx!, weight!, attrs, false);
    gather(device, 'conv2dTransposeInputGrad', g, { x: dy!, weight: weight!, bias: null, y: dx! });
  },
};
