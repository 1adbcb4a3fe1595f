/**
 * @file Element-wise functions of one tensor. f32, or f16 where the device computes with it (in f32, rounded at the end);
 * NaN and infinities come out as in PyTorch. All throw ShapeError for what is no tensor, has another dtype, or for
 * constants that are no numbers.
 */

import { ShapeError } from '../../base/errors.ts';
import { describe, expectOneOf } from '../../kernels/checks.ts';
import { expectFloat, expectScalar } from '../../kernels/elements.ts';
import * as kernels from '../../kernels/index.ts';
import { expectType } from '../../kernels/op.ts';
import { expectOptions } from '../../kernels/options.ts';
import { type DType, dtypes, isFloat } from '../../tensor/dtype.ts';
import { formatShape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { apply } from '../apply.ts';
import { expectTensor } from './operands.ts';

const unary = (fn: kernels.UnaryFunction) => (x: Tensor) => apply(kernels.unary, [x], { fn }, { as: fn });

/**
 * max(x, 0); the gradient at 0 is 0. Whole numbers too.
 * @example
 * await ops.relu(tensor(device, [1, -2], [2])).read(); // [1, 0]
 */
export const relu = unary('relu');
/**
 * 1/(1 + exp(−x)).
 * @example
 * await ops.sigmoid(tensor(device, [0, Math.log(3)], [2])).read(); // [0.5, 0.75]
 */
export const sigmoid = unary('sigmoid');
/**
 * eˣ.
 * @example
 * await ops.exp(tensor(device, [0, 1], [2])).read(); // [1, 2.718282]
 */
export const exp = unary('exp');
/**
 * The natural logarithm.
 * @example
 * await ops.log(tensor(device, [1, 10], [2])).read(); // [0, 2.302585]
 */
export const log = unary('log');
/**
 * √x; of what is below 0 NaN.
 * @example
 * await ops.sqrt(tensor(device, [4, 9], [2])).read(); // [2, 3]
 */
export const sqrt = unary('sqrt');
/**
 * |x|; the gradient at 0 is 0. Whole numbers too.
 * @example
 * await ops.abs(tensor(device, [1, -2], [2])).read(); // [1, 2]
 */
export const abs = unary('abs');
/**
 * x². Whole numbers too.
 * @example
 * await ops.square(tensor(device, [2, -3], [2])).read(); // [4, 9]
 */
export const square = unary('square');
/**
 * The hyperbolic tangent.
 * @example
 * await ops.tanh(tensor(device, [0, 1], [2])).read(); // [0, 0.761594]
 */
export const tanh = unary('tanh');
/**
 * x·sigmoid(x) (Ramachandran et al., 2017).
 * @example
 * await ops.silu(tensor(device, [0, 1], [2])).read(); // [0, 0.731059]
 */
export const silu = unary('silu');
/**
 * log(1 + exp(x)), without overflow.
 * @example
 * await ops.softplus(tensor(device, [0, 1000], [2])).read(); // [0.693147, 1000]
 */
export const softplus = unary('softplus');
/**
 * 1/x.
 * @example
 * await ops.reciprocal(tensor(device, [2, -4], [2])).read(); // [0.5, -0.25]
 */
export const reciprocal = unary('reciprocal');
/**
 * 1/√x.
 * @example
 * await ops.rsqrt(tensor(device, [4, 0.25], [2])).read(); // [0.5, 2]
 */
export const rsqrt = unary('rsqrt');
/**
 * −1, 0 or 1; of NaN 0. The gradient is 0. Whole numbers too.
 * @example
 * await ops.sign(tensor(device, [-3, 0, 2], [3])).read(); // [-1, 0, 1]
 */
export const sign = unary('sign');
/**
 * The largest whole number up to x. The gradients of floor, ceil and round are 0.
 * @example
 * await ops.floor(tensor(device, [1.5, -1.5], [2])).read(); // [1, -2]
 */
export const floor = unary('floor');
/**
 * The smallest whole number from x on.
 * @example
 * await ops.ceil(tensor(device, [1.5, -1.5], [2])).read(); // [2, -1]
 */
export const ceil = unary('ceil');
/**
 * To the nearest whole number, halves to the even one.
 * @example
 * await ops.round(tensor(device, [0.5, 1.5, 2.4], [3])).read(); // [0, 2, 2]
 */
export const round = unary('round');
/**
 * The sine of x in radians. Exact to float32's last bits up to |x| = 10⁵; beyond as the driver computes it.
 * @example
 * await ops.sin(tensor(device, [0, Math.PI / 2], [2])).read(); // [0, 1]
 */
export const sin = unary('sin');
/**
 * The cosine of x in radians, as exact as sin.
 * @example
 * await ops.cos(tensor(device, [0, Math.PI], [2])).read(); // [1, -1]
 */
export const cos = unary('cos');

/**
 * −x. i32 too.
 * @example
 * await ops.negate(tensor(device, [1, -2], [2])).read(); // [-1, 2]
 */
export function negate(x: Tensor): Tensor {
  const whole = expectTensor('negate', 'x', x).dtype === 'i32';
  // Times −1 plus −0: a zero changes its sign.
  const attrs = whole ? { fn: 'negate' as const } : { fn: 'affine' as const, alpha: -1, beta: -0 };
  return apply(kernels.unary, [x], attrs, { as: 'negate' });
}

/**
 * alpha·x + beta with constant alpha and beta.
 * @example
 * await ops.affine(tensor(device, [1, 2], [2]), 10, 0.5).read(); // [10.5, 20.5]
 */
export function affine(x: Tensor, alpha: number, beta = 0): Tensor {
  expectScalar('affine', 'alpha', alpha, 'f32');
  return apply(kernels.unary, [x], { fn: 'affine', alpha, beta }, { as: 'affine' });
}

/**
 * x where it is positive, else slope·x.
 * @example
 * await ops.leakyRelu(tensor(device, [-1, 2], [2]), 0.1).read(); // [-0.1, 2]
 */
export function leakyRelu(x: Tensor, slope = 0.01): Tensor {
  expectScalar('leakyRelu', 'slope', slope, 'f32');
  return apply(kernels.unary, [x], { fn: 'leakyRelu', alpha: slope }, { as: 'leakyRelu' });
}

/**
 * x where it is positive, else slope·x: slope [C], one for each place in the last axis of x [.., C], or [1], one for all,
 * of x's dtype (He, Zhang, Ren and Sun 2015). Both get a gradient.
 * @throws ShapeError for a slope of another shape or dtype
 * @example
 * await ops.prelu(tensor(device, [-1, -1], [1, 2]), tensor(device, [0.1, 0.5], [2])).read(); // [-0.1, -0.5]
 */
export function prelu(x: Tensor, slope: Tensor): Tensor {
  const { dtype, shape: whole } = expectFloat('prelu', 'x', expectTensor('prelu', 'x', x));
  const channels = whole.at(-1) ?? 1;
  const { shape } = expectType('prelu', 'slope', expectTensor('prelu', 'slope', slope), dtype);
  if (shape.length !== 1 || (shape[0] !== channels && shape[0] !== 1)) {
    const problem = `has shape ${formatShape(shape)} for x ${formatShape(whole)}`;
    throw new ShapeError('prelu', 'slope', problem, `[${channels}] or [1] is needed.`);
  }
  using single = shape[0] === 1 ? slope.reshape([]) : undefined;
  return apply(kernels.binary, [x, single ?? slope], { fn: 'prelu' }, { as: 'prelu' });
}

/**
 * x where it is positive, else alpha·(exp(x) − 1) (Clevert et al., 2015).
 * @example
 * await ops.elu(tensor(device, [-1, 2], [2])).read(); // [-0.632121, 2]
 */
export function elu(x: Tensor, alpha = 1): Tensor {
  return apply(kernels.unary, [x], { fn: 'elu', alpha }, { as: 'elu' });
}

/** Of `gelu`. */
export interface GeluOptions {
  /** `none`: the error function itself, to 3e-7; `tanh`: its approximation by tanh(√(2/π)·(x + 0.044715·x³)). */
  readonly approximate?: 'none' | 'tanh';
}

/**
 * x·Φ(x), Φ the standard normal distribution function (Hendrycks & Gimpel, 2016).
 * @example
 * await ops.gelu(tensor(device, [-1, 1], [2])).read(); // [-0.158655, 0.841345]
 */
export function gelu(x: Tensor, options: GeluOptions = {}): Tensor {
  expectOptions('gelu', options, ['approximate']);
  const { approximate = 'none' } = options;
  expectOneOf('gelu', 'approximate', approximate, ['none', 'tanh']);
  return apply(kernels.unary, [x], { fn: approximate === 'tanh' ? 'geluTanh' : 'gelu' }, { as: 'gelu' });
}

/** Of `clamp`: bounds; what is left out is open. */
export interface ClampOptions {
  /** Bounds; one may be left out. */
  readonly min?: number;
  readonly max?: number;
}

/**
 * x, but min where it is less and max where it is more (max where min > max). NaN stays; the gradient passes where
 * min ≤ x ≤ max. Whole numbers too, between whole bounds.
 * @example
 * await ops.clamp(tensor(device, [-2, 0.5, 3], [3]), { min: 0, max: 1 }).read(); // [0, 0.5, 1]
 */
export function clamp(x: Tensor, options: ClampOptions): Tensor {
  expectOptions('clamp', options, ['min', 'max']);
  const { dtype } = expectTensor('clamp', 'x', x);
  const { min, max } = options;
  if (min === undefined && max === undefined)
    throw new ShapeError('clamp', 'options', 'have neither min nor max', 'Pass one of them, or both.');
  const [low, high] = isFloat(dtype)
    ? [-Infinity, Infinity]
    : dtype === 'u32'
      ? [0, 2 ** 32 - 1]
      : [-(2 ** 31), 2 ** 31 - 1];
  const alpha = expectBound('min', min ?? low!, dtype);
  const beta = expectBound('max', max ?? high!, dtype);
  return apply(kernels.unary, [x], { fn: 'clamp', alpha, beta }, { as: 'clamp' });
}

function expectBound(argument: string, value: number, dtype: DType): number {
  if (Number.isNaN(value)) throw new ShapeError('clamp', argument, 'is NaN', 'A number is needed.');
  return expectScalar('clamp', argument, value, dtype);
}

/**
 * x as another dtype, on every device: floats to i32 and u32 truncate and saturate (NaN gives 0), i32 and u32 keep their
 * bits, anything to bool is x ≠ 0, to f16 rounds to nearest even. The gradient passes between f32 and f16.
 * @throws ShapeError for what is no tensor or no dtype
 * @example
 * await ops.cast(tensor(device, [1.7, -1.7, NaN], [3]), 'i32').read(); // [1, -1, 0]
 */
export function cast(x: Tensor, dtype: DType): Tensor {
  const floats = isFloat(expectTensor('cast', 'x', x).dtype) && isFloat(dtype);
  if (!dtypes.includes(dtype))
    throw new ShapeError('cast', 'dtype', `is ${describe(dtype)}`, `Use one of ${dtypes.join(', ')}.`);
  return apply(floats ? kernels.cast : kernels.castWhole, [x], { dtype });
}
