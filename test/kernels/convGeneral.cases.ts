/** @file The cases the general convolution must pass in every form. */
import { it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import type { Device } from '../../src/tensor/device.ts';
import { checkOp, type Host, random } from '../check.ts';
import { conv, type Full, plain, transposed } from './convGeneral.reference.ts';

type Four = readonly [number, number, number, number];

/** [x, weight, options in full, relu] */
export type Case = readonly [Four, Four, Partial<Full>, boolean?];

/** Depthwise in fours and not, multipliers, groups in fours and not, steps by axis, one pixel, kernels beyond the image. */
export const convolutions: readonly Case[] = [
  [[1, 1, 1, 4], [1, 1, 1, 4], { groups: 4 }],
  [[2, 5, 7, 8], [3, 3, 1, 8], { groups: 8, padding: [1, 1, 1, 1] }],
  [[1, 6, 9, 12], [3, 5, 1, 12], { groups: 12, padding: [1, 1, 2, 2] }, true],
  [[1, 9, 8, 4], [3, 3, 1, 4], { groups: 4, stride: [2, 2], padding: [1, 1, 1, 1] }],
  [[1, 7, 12, 8], [3, 3, 1, 8], { groups: 8, dilation: [2, 3], padding: [2, 2, 3, 3] }],
  [[1, 5, 19, 4], [1, 3, 1, 4], { groups: 4, stride: [1, 2], dilation: [1, 4], padding: [0, 0, 4, 4] }],
  [[2, 6, 5, 3], [3, 3, 1, 3], { groups: 3, padding: [1, 1, 1, 1] }],
  [[1, 5, 6, 3], [3, 2, 1, 6], { groups: 3, stride: [2, 1], padding: [1, 0, 0, 2] }, true],
  [[1, 4, 5, 2], [3, 3, 1, 8], { groups: 2, padding: [2, 1, 0, 1] }],
  [[1, 6, 7, 8], [3, 3, 4, 8], { groups: 2, padding: [1, 1, 1, 1] }],
  [[2, 7, 5, 24], [3, 3, 8, 12], { groups: 3, stride: [2, 1], padding: [1, 1, 1, 1] }, true],
  [[1, 8, 9, 16], [2, 7, 4, 16], { groups: 4, stride: [3, 2], dilation: [1, 2], padding: [0, 1, 6, 5] }],
  [[1, 5, 5, 10], [3, 3, 5, 6], { groups: 2, padding: [1, 1, 1, 1] }],
  [[2, 4, 6, 9], [1, 1, 3, 12], { groups: 3 }],
  [[1, 1, 1, 6], [3, 3, 2, 9], { groups: 3, padding: [1, 1, 1, 1] }],
  [[1, 2, 3, 4], [5, 7, 2, 4], { groups: 2, padding: [2, 2, 3, 3] }],
  [[1, 11, 13, 4], [2, 3, 2, 6], { groups: 2, stride: [4, 5] }],
  [[1, 7, 9, 3], [3, 3, 3, 5], { stride: [1, 2], padding: [1, 1, 1, 1] }, true],
  [[1, 9, 10, 4], [3, 3, 4, 8], { stride: [2, 3], dilation: [2, 1], padding: [2, 2, 0, 0] }],
  [[2, 6, 8, 5], [3, 4, 5, 4], { padding: [1, 1, 1, 2] }, true],
  [[1, 1, 17, 3], [1, 5, 3, 4], { stride: [1, 2], dilation: [1, 2], padding: [0, 0, 4, 4] }],
];

export const adjoints: readonly Case[] = [
  [[1, 1, 1, 4], [2, 2, 1, 4], { groups: 4, stride: [2, 2] }],
  [[2, 4, 5, 8], [3, 3, 1, 8], { groups: 8, stride: [2, 2], padding: [1, 1, 1, 1], outputPadding: [1, 1] }],
  [[1, 5, 4, 4], [4, 4, 1, 4], { groups: 4, stride: [2, 3], padding: [1, 1, 1, 1] }, true],
  [[1, 3, 4, 6], [3, 3, 1, 6], { groups: 6, padding: [1, 1, 1, 1] }],
  [[1, 3, 4, 3], [3, 2, 2, 3], { groups: 3, stride: [1, 2], outputPadding: [0, 1] }, true],
  [[1, 4, 3, 8], [3, 3, 4, 8], { groups: 2, stride: [2, 1], padding: [1, 0, 0, 1] }],
  [[1, 3, 3, 16], [3, 4, 8, 16], { groups: 2, stride: [3, 4], dilation: [2, 1] }],
  [[2, 3, 4, 10], [3, 3, 3, 10], { groups: 2, stride: [2, 2], dilation: [3, 2], padding: [2, 2, 1, 1] }],
  [[1, 5, 4, 3], [3, 3, 5, 3], { stride: [1, 2], padding: [1, 1, 0, 0] }],
  [[1, 4, 5, 4], [3, 3, 4, 4], { stride: [2, 2], padding: [1, 0, 0, 1], outputPadding: [0, 1] }, true],
  [[1, 1, 7, 4], [1, 4, 3, 4], { stride: [1, 2], padding: [0, 0, 1, 1], outputPadding: [0, 1] }],
  [[1, 2, 2, 4], [2, 3, 2, 4], { groups: 2, stride: [5, 7], outputPadding: [4, 3] }],
];

function clamp(y: Host, relu: boolean): Host {
  return relu ? { shape: y.shape, data: y.data.map((v) => (v < 0 ? 0 : v)) } : y;
}

/** What the public functions take. */
export function optionsOf(partial: Partial<Full>, relu = false, adjoint = false) {
  const { outputPadding, ...options } = { ...plain, ...partial, relu };
  return adjoint ? { ...options, outputPadding } : options;
}

/** Registers the cases on `device`. */
export function generalTests(device: () => Device): void {
  for (const [x, w, partial, relu = false] of convolutions)
    it(`conv2d of [${x}] with [${w}] ${JSON.stringify(partial)}${relu ? ' and ReLU' : ''} and its gradients match f64`, () =>
      checkOp(device(), {
        inputs: [random(x, 1), random(w, 2), random([w[3]], 3)],
        forward: (a, b, c) => ops.conv2d(a, b, c, optionsOf(partial, relu)),
        reference: (a, b, c) => clamp(conv(a!, b!, c, { ...plain, ...partial }), relu),
        reduction: w[0] * w[1] * w[2] + x[0] * x[1] * x[2],
      }));
  for (const [x, w, partial, relu = false] of adjoints)
    it(`conv2dTranspose of [${x}] with [${w}] ${JSON.stringify(partial)}${relu ? ' and ReLU' : ''} and its gradients match f64`, () =>
      checkOp(device(), {
        inputs: [random(x, 1), random(w, 2), random([w[2] * (partial.groups ?? 1)], 3)],
        forward: (a, b, c) => ops.conv2dTranspose(a, b, c, optionsOf(partial, relu, true)),
        reference: (a, b, c) => clamp(transposed(a!, b!, c, { ...plain, ...partial }), relu),
        reduction: w[0] * w[1] * w[3] + x[0] * x[1] * x[2] * w[0] * w[1],
      }));
}

/** Device options that force a form of the general kernels wherever it fits. */
export function forcedForm(name: string) {
  const calls = ['convGeneral', 'convGeneralInputGrad', 'convGeneralWeightGrad'];
  return { variants: Object.fromEntries(calls.map((call) => [call, name])) };
}
