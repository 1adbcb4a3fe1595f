/**
 * @file Convolution of volumes and its adjoint, by those of images: neighbouring slices lie side by side as channels, so
 * that the fast kernels, their gradients and choices serve volumes too (docs/decisions/volumes.md).
 */
import {
  type Conv3dOptions,
  type Conv3dTransposeOptions,
  type ConvSettings,
  settingsOf,
} from '../../kernels/conv/convGeneralSettings.ts';
import { convSpec } from '../../kernels/conv/convGeneralShape.ts';
import * as kernels from '../../kernels/index.ts';
import { scope } from '../../tensor/scope.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { apply } from '../apply.ts';
import { convolve, expectPlace } from './convolve.ts';

export type {
  Conv3dOptions,
  Conv3dTransposeOptions,
  Padding3d,
  PerAxis3d,
} from '../../kernels/conv/convGeneralSettings.ts';

type Five = [number, number, number, number, number];

/** Axes of a weight [depth, height, width, …] as the images' kernel has them: depth beside the channels. */
const DEPTH_INWARD = [1, 2, 0, 3, 4];

/** The settings within slices. */
function plane({ stride, padding, dilation, outputPadding, ...rest }: ConvSettings): ConvSettings {
  const [, ...strides] = stride;
  const [, ...paddings] = padding;
  const [, ...dilations] = dilation;
  const [, ...outputPaddings] = outputPadding;
  return { ...rest, stride: strides, padding: paddings, dilation: dilations, outputPadding: outputPaddings };
}

/** Which slices meet; undefined where each is by itself. */
function meeting(
  s: ConvSettings,
  kernel: number,
  depth: number,
  slices: number,
): kernels.NeighboursAttrs | undefined {
  const [stride, dilation, [before]] = [s.stride[0]!, s.dilation[0]!, s.padding[0]!];
  if (kernel === 1 && stride === 1 && before === 0 && depth === slices) return undefined;
  // A longer one meets no second slice, and would overflow the kernels' indices.
  const most = depth + 2 * before + kernel;
  return {
    kernel,
    stride: Math.min(stride, most),
    dilation: Math.min(dilation, most),
    before,
    depth,
    slices,
  };
}

/** A weight as the kernel of images with neighbours side by side. */
function kernelOf(as: string, weight: Tensor): Tensor {
  const [deep, height, width, first, second] = weight.shape as Five;
  const moved = apply(kernels.permute, [weight], { axes: DEPTH_INWARD }, { as });
  return moved.reshape([height, width, deep * first, second]);
}

/**
 * 3-D convolution: x [N, D, H, W, C], weight [kernelDepth, kernelHeight, kernelWidth, C, O], bias [O] or null → [N, D′, H′,
 * W′, O], each side as in conv2d; a kernel that is 1 deep convolves slices. f32, or x, weight and the result in f16.
 * Costs a copy of x kernelDepth times as wide, for as long as it runs.
 * @throws ShapeError for tensors or options that do not fit
 * @example
 * const weight = tensor(device, [1, 10], [2, 1, 1, 1, 1]); // two slices deep
 * await ops.conv3d(tensor(device, [1, 2, 3], [1, 3, 1, 1, 1]), weight).read(); // [21, 32]
 */
export function conv3d(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null = null,
  options: Conv3dOptions = {},
): Tensor {
  const as = 'conv3d';
  const s = settingsOf(as, 3, weight, options, false, ['groups']);
  const { shape } = convSpec(as, [x, weight, bias], s);
  const [batch, depth, height, width, channels] = x.shape as Five;
  const [deep, slices] = [weight.shape[0]!, shape[1]!];
  using inside = scope();
  const attrs = meeting(s, deep, depth, slices);
  const images = attrs
    ? apply(kernels.neighbours, [x], attrs, { as })
    : x.reshape([batch * slices, height, width, channels]);
  const y = convolve(as, [images, kernelOf(as, weight), bias], plane(s));
  return inside.keep(y.reshape(shape));
}

/**
 * The adjoint of conv3d with the same weight, which is [kernelDepth, kernelHeight, kernelWidth, O, C]: x [N, D, H, W, C],
 * bias [O] or null → [N, D′, H′, W′, O], each side as in conv2dTranspose; in `into` if given (see sideBySide).
 * @example
 * const weight = tensor(device, [1, 10], [2, 1, 1, 1, 1]);
 * const x = tensor(device, [1, 2], [1, 2, 1, 1, 1]);
 * await ops.conv3dTranspose(x, weight, null, { stride: [2, 1, 1] }).read(); // [1, 10, 2, 20]
 */
export function conv3dTranspose(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null = null,
  options: Conv3dTransposeOptions = {},
  into?: Tensor,
): Tensor {
  const as = 'conv3dTranspose';
  const s = settingsOf(as, 3, weight, options, true, ['groups']);
  const spec = convSpec(as, [x, weight, bias], s);
  const { shape } = spec;
  if (into !== undefined) expectPlace(as, into, spec);
  const [batch, slices, height, width, channels] = x.shape as Five;
  const [deep, depth] = [weight.shape[0]!, shape[1]!];
  const [rows, columns, out] = shape.slice(2) as [number, number, number];
  using inside = scope();
  const images = x.reshape([batch * slices, height, width, channels]);
  const kernel = kernelOf(as, weight);
  const attrs = meeting(s, deep, depth, slices);
  if (!attrs) {
    const y = convolve(
      as,
      [images, kernel, bias],
      plane(s),
      into?.view([batch * slices, rows, columns, out]),
    );
    return inside.keep(y.reshape(shape));
  }
  const y = convolve(as, [images, kernel, null], { ...plane(s), relu: false });
  return inside.keep(apply(kernels.fromNeighbours, [y, bias], { ...attrs, relu: s.relu }, { as, into }));
}
