/** @file Convolution and transposed convolution (NHWC, weight HWIO), each the other's adjoint. */
import { ShapeError } from '../tensor/errors.ts';
import { formatShape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import {
  adjointGather,
  type Conv2dAttrs,
  forwardGather,
  gradientsOf,
  sizes,
  transposedGradientsOf,
} from './conv2dGrad.ts';
import { expectOperands } from './elements.ts';
import { gather } from './gather.ts';
import { expectRank, expectShape, type Inputs, type Op } from './op.ts';

export type { Conv2dAttrs } from './conv2dGrad.ts';

export interface ConvTranspose2dAttrs extends Conv2dAttrs {
  /** Rows and columns added at the end, for sizes that stride leaves open; default 0. */
  readonly outputPadding?: number;
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
  grad: (context) => gradientsOf(context, context.attrs),
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
  grad: (context) => transposedGradientsOf(context, context.attrs),
};
