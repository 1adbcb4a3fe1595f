/** @file Element types: their bytes and their host arrays. */
import { fromHalf } from '../base/half.ts';

/** `f16` is two bytes a value; `bool` is stored as u32 0 or 1. */
export type DType = 'f32' | 'f16' | 'i32' | 'u32' | 'bool';

/** What kernels compute with; gradients have these alone. */
export type Float = 'f32' | 'f16';

export const isFloat = (dtype: DType): dtype is Float => dtype === 'f32' || dtype === 'f16';

export const dtypes: readonly DType[] = ['f32', 'f16', 'i32', 'u32', 'bool'];

/** Values as they are read and written; f16 is read as f32, bool as u32. */
export type HostArray = Float32Array | Int32Array | Uint32Array;

const bytesPerElement: Record<DType, number> = { f32: 4, f16: 2, i32: 4, u32: 4, bool: 4 };

export function byteSize(dtype: DType): number {
  return bytesPerElement[dtype];
}

/** Host values of `count` elements of `dtype`; float16 comes back as Float32Array. */
export function decode(bytes: ArrayBuffer, dtype: DType, count: number): HostArray {
  if (dtype === 'f32') return new Float32Array(bytes, 0, count);
  if (dtype === 'i32') return new Int32Array(bytes, 0, count);
  if (dtype === 'f16') return fromHalf(new Uint16Array(bytes, 0, count));
  return new Uint32Array(bytes, 0, count);
}
