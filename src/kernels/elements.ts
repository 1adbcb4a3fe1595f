/** @file The element type a shader computes with: `alias E` and `alias E4` for a tensor's dtype. */
import type { DType } from '../tensor/dtype.ts';
import { ShapeError } from '../tensor/errors.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { expectType } from './op.ts';

/** What kernels compute with. */
export type Float = 'f32' | 'f16';

const scalars: Partial<Record<DType, string>> = { f32: 'f32', f16: 'f16' };

/** Throws ShapeError unless the device can compute with this floating-point tensor. */
export function expectFloat(op: string, argument: string, tensor: Tensor): Tensor {
  const problem = `has dtype ${tensor.dtype}`;
  if (!scalars[tensor.dtype]) throw new ShapeError(op, argument, problem, "Use cast(x, 'f32').");
  if (tensor.dtype === 'f16' && !tensor.device.caps.f16) {
    throw new ShapeError(op, argument, `${problem}, which this device only stores`, "Use cast(x, 'f32').");
  }
  return tensor;
}

/** The dtype of x, f32 or f16, in which the weight of a convolution or product must be too; its bias is f32. */
export function expectOperands(op: string, x: Tensor, weight: Tensor, bias: Tensor | null): Float {
  expectType(op, 'weight', weight, expectFloat(op, 'x', x).dtype);
  if (bias) expectType(op, 'bias', bias, 'f32');
  return x.dtype as Float;
}

/** Values for `alias E` and `alias E4`; none for f32, which shaders are written in. */
export function elementAliases({ dtype }: { readonly dtype: DType }): Record<string, string> {
  return dtype === 'f16' ? { E: 'f16', E4: 'vec4<f16>' } : {};
}
