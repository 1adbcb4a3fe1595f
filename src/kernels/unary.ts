/** @file Element-wise functions of one tensor: ReLU, sigmoid, exp, log, sqrt, abs, square, tanh, affine. */
import type { Tensor } from '../tensor/tensor.ts';
import { elementAliases, expectFloat } from './elements.ts';
import { call, type Op } from './op.ts';
import { launch, linearGrid } from './queue.ts';
import * as shaders from './shaders.gen.ts';

export const unaryFunctions = [
  'relu',
  'sigmoid',
  'exp',
  'log',
  'sqrt',
  'abs',
  'square',
  'tanh',
  'affine',
] as const;
export type UnaryFunction = (typeof unaryFunctions)[number];

export interface UnaryAttrs {
  readonly fn: UnaryFunction;
  /** affine: alpha·x + beta */
  readonly alpha?: number;
  readonly beta?: number;
}

const fromInput: readonly UnaryFunction[] = ['log', 'abs', 'square', 'affine'];

function settings(tensor: Tensor, { fn, alpha = 1, beta = 0 }: UnaryAttrs) {
  const { workgroup } = tensor.device.caps;
  const quads = Math.ceil(tensor.size / 4);
  const invocations = Math.ceil(quads / (tensor.device.caps.software ? 8 : 1));
  const overrides = { WORKGROUP: workgroup, FUNCTION: unaryFunctions.indexOf(fn) };
  const specialization = { overrides, aliases: elementAliases(tensor) };
  const params = { quads, invocations, alpha, beta };
  return { params, grid: linearGrid(invocations, workgroup), specialization };
}

/** f(x), same shape. f32, or f16 where the device computes with it. */
export const unary: Op<UnaryAttrs> = {
  name: 'unary',
  infer: ([x]) => [{ shape: x!.shape, dtype: expectFloat('unary', 'x', x!).dtype }],
  launch(device, [x], [y], attrs) {
    const { params, grid, specialization } = settings(y!, attrs);
    launch(device, shaders.unary, 'forward', { x: x!, y: y! }, params, grid, specialization, attrs.fn);
  },
  grad: ({ inputs: [x], outputs: [y], dy, attrs }) => [
    call(unaryGrad, [fromInput.includes(attrs.fn) ? x! : y!, dy[0]!], attrs),
  ],
};

/** dy·f′ from the saved input or output. */
const unaryGrad: Op<UnaryAttrs> = {
  name: 'unaryGrad',
  infer: ([saved]) => [{ shape: saved!.shape, dtype: saved!.dtype }],
  launch(device, [saved, dy], [dx], attrs) {
    const { params, grid, specialization } = settings(dx!, attrs);
    const tensors = { saved: saved!, dy: dy!, dx: dx! };
    launch(device, shaders.unary, 'backward', tensors, params, grid, specialization, `${attrs.fn}.backward`);
  },
};

/** dy where the ReLU's output is positive, else 0. */
export const reluGrad: Op<null> = {
  name: 'reluGrad',
  infer: (inputs) => unaryGrad.infer(inputs, { fn: 'relu' }),
  launch: (device, inputs, outputs) => unaryGrad.launch(device, inputs, outputs, { fn: 'relu' }),
};
