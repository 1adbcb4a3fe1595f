/** @file Shapes of general convolutions: whether the tensors fit the settings, and the size of the result. */
import { ShapeError } from '../../base/errors.ts';
import { formatShape, type Shape } from '../../tensor/shape.ts';
import type { Spec, Tensor } from '../../tensor/tensor.ts';
import { expectOperands } from '../elements.ts';
import { expectShape } from '../op.ts';
import { type ConvSettings, expectTensor } from './convGeneralSettings.ts';

/** Size of a side of the result; less than 1 where there is none. */
function sideOf(s: ConvSettings, axis: number, side: number, taps: number): number {
  const [before, after] = s.padding[axis]!;
  const span = s.dilation[axis]! * (taps - 1);
  const stride = s.stride[axis]!;
  if (s.transposed) return (side - 1) * stride - before - after + span + s.outputPadding[axis]! + 1;
  return Math.floor((side + before + after - span - 1) / stride) + 1;
}

/** Channels of the result. */
function channelsOf(call: string, x: Tensor, weight: Tensor, { groups, transposed }: ConvSettings): number {
  const channels = x.shape.at(-1)!;
  const [first, second] = weight.shape.slice(-2) as [number, number];
  // The axis of the weight that counts all groups' channels: those out, transposed those in.
  const [within, across] = transposed ? [second, first] : [first, second];
  const layout = transposed ? '[…, channelsOut/groups, channelsIn]' : '[…, channelsIn/groups, channelsOut]';
  const counted = transposed ? 'channelsIn' : 'channelsOut';
  const fix = `With groups ${groups} the weight is ${layout}.`;
  if (channels % groups !== 0) {
    const problem = `is ${groups}, but x ${formatShape(x.shape)} has ${channels} channels`;
    throw new ShapeError(call, 'groups', problem, 'It must divide the channels in and out.');
  }
  if (second % groups !== 0) {
    const problem = `${formatShape(weight.shape)} has ${second} ${counted}, which ${groups} groups do not divide`;
    throw new ShapeError(call, 'weight', problem, fix);
  }
  const taken = transposed ? within : within * groups;
  if (channels !== taken) {
    const problem = `${formatShape(weight.shape)} takes ${taken} channels, but x ${formatShape(x.shape)} has ${channels}`;
    throw new ShapeError(call, 'weight', problem, `The channels must be equal (channels last). ${fix}`);
  }
  return transposed ? across * groups : across;
}

function expectKernel(call: string, weight: Tensor): void {
  if (weight.shape.slice(0, -2).every((taps) => taps > 0)) return;
  throw new ShapeError(
    call,
    'weight',
    `${formatShape(weight.shape)} has no taps`,
    'A kernel side is from 1.',
  );
}

function expectSides(call: string, x: Tensor, weight: Tensor, sides: Shape, transposed: boolean): void {
  if (sides.every((side) => side >= 1)) return;
  if (transposed) {
    const problem = `leaves ${sides.map((side) => Math.max(0, side)).join('×')} pixels of ${formatShape(x.shape)}`;
    throw new ShapeError(call, 'padding', problem, 'Use less padding.');
  }
  const problem = `${formatShape(x.shape)} is smaller than the kernel ${formatShape(weight.shape)}`;
  throw new ShapeError(call, 'x', problem, 'Use a larger image or more padding, or less dilation.');
}

/** The spec of the result, of one to three spatial axes. @throws ShapeError where tensors and settings do not fit */
export function convSpec(
  call: string,
  inputs: readonly (Tensor | null | undefined)[],
  s: ConvSettings,
): Spec {
  const rank = s.stride.length + 2;
  const x = expectTensor(call, 'x', inputs[0], rank);
  const weight = expectTensor(call, 'weight', inputs[1], rank);
  const bias = (inputs[2] ?? null) && expectTensor(call, 'bias', inputs[2], 1);
  const dtype = expectOperands(call, x, weight, bias);
  expectKernel(call, weight);
  const channels = channelsOf(call, x, weight, s);
  if (bias) expectShape(call, 'bias', bias, [channels]);
  const sides = s.stride.map((_, axis) => sideOf(s, axis, x.shape[axis + 1]!, weight.shape[axis]!));
  expectSides(call, x, weight, sides, s.transposed);
  return { shape: [x.shape[0]!, ...sides, channels], dtype };
}
