/** @file Convolutions of one and two axes, their adjoints as differentiable functions. */

import {
  type Conv1dOptions,
  type Conv1dTransposeOptions,
  type Conv2dOptions,
  type Conv2dTransposeOptions,
  type ConvSettings,
  lifted,
  settingsOf,
} from '../../kernels/conv/convGeneralSettings.ts';
import { convSpec } from '../../kernels/conv/convGeneralShape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { named } from '../apply.ts';
import { convolve, convolveForNorm, expectPlace, type Operands } from './convolve.ts';

export type {
  Conv1dOptions,
  Conv1dTransposeOptions,
  Conv2dOptions,
  Conv2dTransposeOptions,
  Padding,
  PerAxis,
} from '../../kernels/conv/convGeneralSettings.ts';

/**
 * 2-D convolution: x [N, H, W, C], weight [kernelHeight, kernelWidth, C/groups, O], bias [O] or null → [N, H′, W′, O],
 * H′ = ⌊(H + top + bottom − dilation·(kernelHeight − 1) − 1)/stride⌋ + 1. Group g turns the g-th C/groups channels into
 * the g-th O/groups, as in PyTorch; with groups = C that is a depthwise convolution. f32, or x, weight and the result in
 * f16; bias and the gradients of weight and bias are f32. Without groups, and with one stride and dilation for both axes,
 * the fastest kernels run.
 * @throws ShapeError for tensors or options that do not fit
 * @example
 * const x = tensor(device, [1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 3, 3, 1]);
 * const weight = filled(device, 1, [2, 2, 1, 1]);
 * await ops.conv2d(x, weight, null, { padding: 1, stride: 2 }).read(); // [1, 5, 11, 28]
 */
export function conv2d(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null = null,
  options: Conv2dOptions = {},
): Tensor {
  return planar('conv2d', [x, weight, bias], settingsOf('conv2d', 2, weight, options));
}

/**
 * As conv2d, of which batchNorm in training comes next: on matrix units the launch takes the moments of its results too,
 * which batchNorm finds. The same results.
 * @example
 * const [x, weight] = [filled(device, 2, [1, 1, 1, 1]), filled(device, 3, [1, 1, 1, 1])];
 * await ops.conv2dForNorm(x, weight).read(); // [6]
 */
export function conv2dForNorm(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null = null,
  options: Conv2dOptions = {},
): Tensor {
  return named('conv2dForNorm', () => {
    const settings = settingsOf('conv2d', 2, weight, options);
    convSpec('conv2d', [x, weight, bias], settings);
    return convolveForNorm('conv2d', [x, weight, bias], settings);
  });
}

/**
 * The adjoint of conv2d with the same weight, which is [kernelHeight, kernelWidth, O/groups, C]: x [N, H, W, C], bias [O]
 * or null → [N, H′, W′, O], H′ = (H − 1)·stride − top − bottom + dilation·(kernelHeight − 1) + outputPadding + 1; in
 * `into` if given (see sideBySide). Groups, dtypes and errors as in conv2d.
 * @example
 * const [x, weight] = [tensor(device, [1, 2], [1, 1, 2, 1]), tensor(device, [1, 10], [1, 2, 1, 1])];
 * await ops.conv2dTranspose(x, weight, null, { stride: 2 }).read(); // [1, 10, 2, 20]
 */
export function conv2dTranspose(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null = null,
  options: Conv2dTransposeOptions = {},
  into?: Tensor,
): Tensor {
  const as = 'conv2dTranspose';
  return planar(as, [x, weight, bias], settingsOf(as, 2, weight, options, true), into);
}

/**
 * conv2d of every channel by itself: x [N, H, W, C], weight [kernelHeight, kernelWidth, 1, C·multiplier], bias
 * [C·multiplier] or null; channel c of x gives channels c·multiplier … of the result. Dtypes and errors as in conv2d.
 * @example
 * const weight = tensor(device, [1, 1, 1, -1], [1, 2, 1, 2]); // channel 0 is summed along x, channel 1 subtracted
 * await ops.depthwiseConv2d(tensor(device, [1, 10, 2, 20], [1, 1, 2, 2]), weight).read(); // [3, -10]
 */
export function depthwiseConv2d(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null = null,
  options: Omit<Conv2dOptions, 'groups'> = {},
): Tensor {
  const as = 'depthwiseConv2d';
  const settings = settingsOf(as, 2, weight, options, false, ['groups']);
  const channels = x instanceof Tensor ? x.shape.at(-1) : undefined;
  return planar(as, [x, weight, bias], { ...settings, groups: channels || 1 });
}

/**
 * 1-D convolution: x [N, L, C], weight [kernel, C/groups, O], bias [O] or null → [N, L′, O]; else as conv2d.
 * @throws ShapeError for tensors or options that do not fit
 * @example
 * const difference = tensor(device, [-1, 1], [2, 1, 1]);
 * await ops.conv1d(tensor(device, [1, 4, 9, 16], [1, 4, 1]), difference).read(); // [3, 5, 7]
 */
export function conv1d(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null = null,
  options: Conv1dOptions = {},
): Tensor {
  return inLine('conv1d', [x, weight, bias], settingsOf('conv1d', 1, weight, options));
}

/**
 * The adjoint of conv1d with the same weight, which is [kernel, O/groups, C]; else as conv2dTranspose.
 * @example
 * const weight = tensor(device, [1, 10], [2, 1, 1]);
 * await ops.conv1dTranspose(tensor(device, [1, 2], [1, 2, 1]), weight).read(); // [1, 12, 20]
 */
export function conv1dTranspose(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null = null,
  options: Conv1dTransposeOptions = {},
): Tensor {
  const as = 'conv1dTranspose';
  return inLine(as, [x, weight, bias], settingsOf(as, 1, weight, options, true));
}

function planar(as: string, operands: Operands, settings: ConvSettings, into?: Tensor): Tensor {
  const spec = convSpec(as, operands, settings);
  if (into !== undefined) expectPlace(as, into, spec);
  return convolve(as, operands, settings, into);
}

/** By a 2-D convolution of images with one row. */
function inLine(as: string, operands: Operands, settings: ConvSettings): Tensor {
  const { shape } = convSpec(as, operands, settings);
  const [x, weight, bias] = operands;
  const [batch, length, channels] = x.shape as [number, number, number];
  using image = x.reshape([batch, 1, length, channels]);
  using kernel = weight.reshape([1, ...weight.shape]);
  using y = convolve(as, [image, kernel, bias], lifted(settings));
  return y.reshape(shape);
}
