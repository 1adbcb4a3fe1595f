/** @file Element-wise functions of one tensor, and their gradients. */
import type { DType } from '../tensor/dtype.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { bitsOf, computeAliases, expectFloat, expectScalar, expectTypeIn } from './elements.ts';
import { launch, linearGrid } from './launch/queue.ts';
import { call, type Op } from './op.ts';
import * as shaders from './shaders.gen.ts';

/** In the order of shaders/unary.wgsl. */
const unaryFunctions = [
  'relu',
  'sigmoid',
  'exp',
  'log',
  'sqrt',
  'abs',
  'square',
  'tanh',
  'affine',
  'negate',
  'sign',
  'clamp',
  'leakyRelu',
  'elu',
  'silu',
  'gelu',
  'geluTanh',
  'softplus',
  'reciprocal',
  'rsqrt',
  'floor',
  'ceil',
  'round',
  'sin',
  'cos',
  'pow',
  'isNaN',
  'isFinite',
  'zero',
] as const;
export type UnaryFunction = Exclude<(typeof unaryFunctions)[number], 'isNaN' | 'isFinite'>;

export interface UnaryAttrs {
  readonly fn: UnaryFunction;
  /** affine: alpha·x + beta; clamp: from alpha to beta; leakyRelu, elu: the slope or scale; pow: the exponent */
  readonly alpha?: number;
  readonly beta?: number;
}

const fromOutput: readonly UnaryFunction[] = [
  'relu',
  'sigmoid',
  'exp',
  'sqrt',
  'tanh',
  'reciprocal',
  'rsqrt',
];
const flat: readonly UnaryFunction[] = ['sign', 'floor', 'ceil', 'round', 'zero'];
/** Functions of whole numbers too. */
const signed: readonly UnaryFunction[] = ['abs', 'sign', 'square', 'relu', 'clamp', 'negate'];
/** Floats negate by `affine`, which keeps the sign of zeros. */
const wholeOnly: readonly UnaryFunction[] = ['negate'];

function typesOf(fn: UnaryFunction): readonly DType[] {
  if (wholeOnly.includes(fn)) return ['i32'];
  return signed.includes(fn) ? ['f32', 'f16', 'i32', 'u32'] : ['f32', 'f16'];
}

interface Settings {
  readonly fn: (typeof unaryFunctions)[number];
  readonly alpha?: number;
  readonly beta?: number;
}

function settings(x: Tensor, result: DType, { fn, alpha = 1, beta = 0 }: Settings) {
  const { workgroup, software } = x.device.caps;
  const quads = Math.ceil(x.size / 4);
  const invocations = Math.ceil(quads / (software ? 8 : 1));
  const overrides = { WORKGROUP: workgroup, FUNCTION: unaryFunctions.indexOf(fn) };
  const specialization = { overrides, aliases: computeAliases(x.dtype, result) };
  const params = { quads, invocations, alpha: bitsOf(alpha, x.dtype), beta: bitsOf(beta, x.dtype) };
  return { params, grid: linearGrid(invocations, workgroup), specialization };
}

function evaluate(x: Tensor, y: Tensor, attrs: Settings): void {
  if (y.size === 0) return;
  const { params, grid, specialization } = settings(x, y.dtype, attrs);
  launch(x.device, shaders.unary, 'forward', { x, y }, params, grid, specialization, attrs.fn);
}

/**
 * f(x), same shape and dtype: f32, or f16 where the device computes with it; abs, sign, square, relu and clamp of i32 and
 * u32 too, negate of i32.
 */
export const unary: Op<UnaryAttrs> = {
  name: 'unary',
  inputs: ['x'],
  infer([x], { fn, alpha = 0, beta = 0 }) {
    const { shape, dtype } = expectTypeIn('unary', 'x', x!, typesOf(fn));
    expectScalar('unary', 'alpha', alpha, 'f32');
    expectScalar('unary', 'beta', beta, 'f32');
    return [{ shape, dtype }];
  },
  launch: (_device, [x], [y], attrs) => evaluate(x!, y!, attrs),
  grad({ inputs: [x], outputs: [y], dy: [dy], attrs }) {
    const { fn, alpha = 1 } = attrs;
    if (flat.includes(fn)) return [call(unary, [dy!], { fn: 'zero' })];
    if (fn === 'affine') return [call(unary, [dy!], { fn, alpha })];
    return [call(unaryGrad, [fromOutput.includes(fn) ? y! : x!, dy!], attrs)];
  },
};

/** dy·f′ from the saved input or output. */
const unaryGrad: Op<UnaryAttrs> = {
  name: 'unaryGrad',
  infer: ([saved]) => [{ shape: saved!.shape, dtype: saved!.dtype }],
  launch(device, [saved, dy], [dx], attrs) {
    if (dx!.size === 0) return;
    const { params, grid, specialization } = settings(dx!, dx!.dtype, attrs);
    const tensors = { saved: saved!, dy: dy!, dx: dx! };
    launch(device, shaders.unary, 'backward', tensors, params, grid, specialization, `${attrs.fn}.backward`);
  },
};

/** dy where the ReLU's output is positive or NaN, else 0. */
export const reluGrad: Op<null> = {
  name: 'reluGrad',
  infer: (inputs) => unaryGrad.infer(inputs, { fn: 'relu' }),
  launch: (device, inputs, outputs) => unaryGrad.launch(device, inputs, outputs, { fn: 'relu' }),
};

/** Whether each element is NaN, or finite, as bool. No gradient. */
export const classify: Op<{ readonly fn: 'isNaN' | 'isFinite' }> = {
  name: 'classify',
  inputs: ['x'],
  infer: ([x]) => [{ shape: expectFloat('classify', 'x', x!).shape, dtype: 'bool' }],
  launch: (_device, [x], [y], attrs) => evaluate(x!, y!, attrs),
};
