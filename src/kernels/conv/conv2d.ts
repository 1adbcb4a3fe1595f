/** @file Convolution and transposed convolution (NHWC, weight HWIO), each the other's adjoint. */
import { ShapeError } from '../../base/errors.ts';
import { formatShape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { describe, expectKnown, expectOneOf, expectWhole } from '../checks.ts';
import { expectOperands } from '../elements.ts';
import { expectRank, expectShape, type Inputs, type Op } from '../op.ts';
import { gradientsOf, transposedGradientsOf } from './conv2dGrad.ts';
import { adjointGather, type Conv2dAttrs, forwardGather, stepsOf } from './conv2dLayout.ts';
import { gather } from './gather.ts';
import { momentsShape } from './moments.ts';

export type { Conv2dAttrs } from './conv2dLayout.ts';

export interface ConvTranspose2dAttrs extends Conv2dAttrs {
  /** Rows and columns added at the end, for sizes that stride leaves open: less than stride or dilation; default 0. */
  readonly outputPadding?: number;
}

const options = ['stride', 'padding', 'dilation', 'relu'];

/**
 * Throws ShapeError unless these are attributes of a convolution: whole numbers, stride and dilation from 1, padding from
 * 0, and nothing that is not in `known`.
 */
function expectConv2dAttrs(call: string, attrs: Conv2dAttrs, known: readonly string[] = options): void {
  if (typeof attrs !== 'object' || attrs === null)
    throw new ShapeError(call, 'options', `are ${describe(attrs)}`, `Pass an object of ${known.join(', ')}.`);
  expectKnown(call, attrs, known);
  const { stride, padding, dilation } = stepsOf(attrs);
  expectWhole(call, 'stride', stride, 1);
  expectWhole(call, 'padding', padding);
  expectWhole(call, 'dilation', dilation, 1);
  const { relu = false } = attrs;
  expectOneOf(call, 'relu', relu, [true, false]);
}

/** As `expectConv2dAttrs`; the output padding must be less than the stride or the dilation, as in PyTorch. */
function expectConvTranspose2dAttrs(call: string, attrs: ConvTranspose2dAttrs): void {
  expectConv2dAttrs(call, attrs, [...options, 'outputPadding']);
  const { outputPadding = 0, stride = 1, dilation = 1 } = attrs;
  expectWhole(call, 'outputPadding', outputPadding);
  if (outputPadding < Math.max(stride, dilation)) return;
  const fix = `It must be less than the stride (${stride}) or the dilation (${dilation}).`;
  throw new ShapeError(call, 'outputPadding', `is ${outputPadding}`, fix);
}

/** Throws unless the images have pixels and the weight elements; only the batch may be empty. */
function checkExtents(op: string, x: Tensor, weight: Tensor): void {
  const [, height, width] = x.shape;
  if (!(height && width))
    throw new ShapeError(
      op,
      'x',
      `${formatShape(x.shape)} has no pixels`,
      'Height and width are needed from 1.',
    );
  if (weight.size > 0) return;
  throw new ShapeError(op, 'weight', `${formatShape(weight.shape)} is empty`, 'Every side is needed from 1.');
}

function checkChannels(op: string, x: Tensor, found: number, weight: Tensor): void {
  if (x.shape[3] === found) return;
  const problem = `${formatShape(weight.shape)} takes ${found} channels, but x ${formatShape(x.shape)} has ${x.shape[3]}`;
  throw new ShapeError(op, 'weight', problem, 'The channels must be equal (layout NHWC, weight HWIO).');
}

/** y[n, i, j, o] = bias[o] + Σ x[n, i·stride + ky·dilation − padding, …, c] · weight[ky, kx, c, o]. f32, or x, weight and y in f16. */
export const conv2d: Op<Conv2dAttrs> = {
  name: 'conv2d',
  inputs: ['x', 'weight', 'bias'],
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
    expectConv2dAttrs('conv2d', attrs);
    checkChannels('conv2d', x, channelsIn, weight);
    checkExtents('conv2d', x, weight);
    if (bias) expectShape('conv2d', 'bias', bias, [channelsOut]);
    const { stride, padding, dilation } = stepsOf(attrs);
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
    const g = forwardGather(x!, y!, weight!, stepsOf(attrs), attrs.relu ?? false);
    gather(device, 'conv2d', g, { x: x!, weight: weight!, bias: bias ?? null, y: y! });
  },
  endsInRelu: ({ relu }) => relu === true,
  grad: (context) => gradientsOf(context, context.attrs),
};

/** As conv2d; further output: the moments of its results (`momentsShape`), where the form takes them (`hasMoments`). */
export const conv2dMoments: Op<Conv2dAttrs> = {
  ...conv2d,
  infer(inputs, attrs) {
    const [y] = conv2d.infer(inputs, attrs);
    return [y!, { shape: momentsShape(y!.shape), dtype: 'f32' }];
  },
  launch(device, [x, weight, bias], [y, moments], attrs) {
    const g = forwardGather(x!, y!, weight!, stepsOf(attrs), attrs.relu ?? false);
    gather(device, 'conv2d', g, { x: x!, weight: weight!, bias: bias ?? null, y: y!, moments: moments! });
  },
};

function transposedSide(side: number, taps: number, attrs: ConvTranspose2dAttrs): number {
  const { stride, padding, dilation } = stepsOf(attrs);
  return (side - 1) * stride - 2 * padding + dilation * (taps - 1) + (attrs.outputPadding ?? 0) + 1;
}

/**
 * Transposed convolution: the adjoint of conv2d with the same weight, which is [kernelHeight, kernelWidth, channelsOut,
 * channelsIn]. Output side: (side − 1)·stride − 2·padding + dilation·(kernel − 1) + outputPadding + 1. f32, or x,
 * weight and y in f16; sums, bias and the gradients of weight and bias are f32.
 */
export const conv2dTranspose: Op<ConvTranspose2dAttrs> = {
  name: 'conv2dTranspose',
  inputs: ['x', 'weight', 'bias'],
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
    expectConvTranspose2dAttrs('conv2dTranspose', attrs);
    checkChannels('conv2dTranspose', x, channelsIn, weight);
    checkExtents('conv2dTranspose', x, weight);
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
    const g = adjointGather(x!, y!, weight!, stepsOf(attrs), attrs.relu ?? false);
    gather(device, 'conv2dTranspose', g, { x: x!, weight: weight!, bias: bias ?? null, y: y! });
  },
  endsInRelu: ({ relu }) => relu === true,
  grad: (context) => transposedGradientsOf(context, context.attrs),
};
