/** @file The element types a shader computes with, as values for its `alias` lines, and the checks that go with them. */

import { ShapeError } from '../base/errors.ts';
import { type DType, type Float, isFloat } from '../tensor/dtype.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { describe } from './checks.ts';
import { expectType } from './op.ts';

/** Throws ShapeError unless the device can compute with this tensor's elements. */
function expectComputable(op: string, argument: string, tensor: Tensor): Tensor {
  if (tensor.dtype !== 'f16' || tensor.device.caps.f16) return tensor;
  const problem = 'has dtype f16, which this device only stores';
  throw new ShapeError(op, argument, problem, "Use cast(x, 'f32').");
}

/** Throws ShapeError unless the device can compute with this floating-point tensor. */
export function expectFloat(op: string, argument: string, tensor: Tensor): Tensor {
  if (isFloat(tensor.dtype)) return expectComputable(op, argument, tensor);
  throw new ShapeError(op, argument, `has dtype ${tensor.dtype}`, "Use cast(x, 'f32').");
}

/** Throws ShapeError unless the device can compute with the tensor, whose dtype must be one of `allowed`. */
export function expectTypeIn(
  op: string,
  argument: string,
  tensor: Tensor,
  allowed: readonly DType[],
): Tensor {
  if (allowed.includes(tensor.dtype)) return expectComputable(op, argument, tensor);
  const fix = allowed.includes('f32')
    ? `Use cast(${argument}, 'f32').`
    : `${allowed.join(' or ')} is needed; use cast().`;
  throw new ShapeError(op, argument, `has dtype ${tensor.dtype}`, fix);
}

/** Throws ShapeError unless the tensor has the dtype of the call's other operand: nothing is promoted in silence. */
export function expectSameType(op: string, argument: string, tensor: Tensor, dtype: DType): Tensor {
  if (tensor.dtype === dtype) return tensor;
  const problem = `has dtype ${tensor.dtype}, the other operand ${dtype}`;
  throw new ShapeError(op, argument, problem, `Cast one of them, as in cast(${argument}, '${dtype}').`);
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

const scalars: Record<DType, string> = { f32: 'f32', f16: 'f16', i32: 'i32', u32: 'u32', bool: 'u32' };

/** The scalar type in which a shader reads and writes elements. */
export const scalarOf = (dtype: DType): string => scalars[dtype];

/** Four elements. */
export const vectorOf = (dtype: DType): string => `vec4<${scalars[dtype]}>`;

/** Values for `alias E`, `E4`, `C4` (what is computed with: f16 in f32) and `R4` (the result). */
export function computeAliases(dtype: DType, result: DType = dtype): Record<string, string> {
  const C4 = dtype === 'f16' ? 'vec4<f32>' : vectorOf(dtype);
  return { E: scalarOf(dtype), E4: vectorOf(dtype), C4, R4: vectorOf(result) };
}

const limits: Partial<Record<DType, readonly [number, number]>> = {
  i32: [-(2 ** 31), 2 ** 31 - 1],
  u32: [0, 2 ** 32 - 1],
  bool: [0, 1],
};

/** Throws ShapeError unless `value` is a number that can stand beside elements of the dtype. */
export function expectScalar(op: string, argument: string, value: number, dtype: DType): number {
  const found = `is ${describe(value)}`;
  if (typeof value !== 'number') throw new ShapeError(op, argument, found, 'A number is needed.');
  const range = limits[dtype];
  if (!range || (Number.isInteger(value) && value >= range[0] && value <= range[1])) return value;
  const problem = `${found}, beside a tensor of ${dtype}`;
  const fix = `A whole number ${range[0]} … ${range[1]} is needed; for others cast the tensor to f32.`;
  throw new ShapeError(op, argument, problem, fix);
}

const word = new DataView(new ArrayBuffer(4));

/** The bits of a number that stands beside elements of the dtype, as shaders compute with it (`C4`). */
export function bitsOf(value: number, dtype: DType): number {
  if (!isFloat(dtype)) return value >>> 0;
  word.setFloat32(0, value);
  return word.getUint32(0);
}
