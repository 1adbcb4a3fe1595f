/** @file Element types: their bytes and their host arrays. */
import { fromHalf, toHalf } from '../base/half.ts';

/** `f16` is two bytes a value; `bool` is stored as u32 0 or 1. */
export type DType = 'f32' | 'f16' | 'i32' | 'u32' | 'bool';

/** What kernels compute with; gradients have these alone. */
export type Float = 'f32' | 'f16';

export const isFloat = (dtype: DType): dtype is Float => dtype === 'f32' || dtype === 'f16';

export const dtypes: readonly DType[] = ['f32', 'f16', 'i32', 'u32', 'bool'];

export type HostArray = Float32Array | Int32Array | Uint32Array;

const bytesPerElement: Record<DType, number> = { f32: 4, f16: 2, i32: 4, u32: 4, bool: 4 };

export function byteSize(dtype: DType): number {
  return bytesPerElement[dtype];
}

/** The bytes of `values` as `dtype`, as the device stores them. */
export function encode(values: ArrayLike<number>, dtype: DType): Uint8Array<ArrayBuffer> {
  const array = dtype === 'f16' ? toHalf(values) : toHostArray(values, dtype);
  return new Uint8Array(array.buffer as ArrayBuffer, array.byteOffset, array.byteLength);
}

function toHostArray(values: ArrayLike<number>, dtype: DType): HostArray {
  if (dtype === 'f32') return values instanceof Float32Array ? values : Float32Array.from(values);
  if (dtype === 'i32') return values instanceof Int32Array ? values : Int32Array.from(values);
  if (dtype === 'bool') return Uint32Array.from(values, (v) => (v ? 1 : 0));
  return values instanceof Uint32Array ? values : Uint32Array.from(values);
}

/** Host values of `count` elements of `dtype`; float16 comes back as Float32Array. */
export function decode(bytes: ArrayBuffer, dtype: DType, count: number): HostArray {
  if (dtype === 'f32') return new Float32Array(bytes, 0, count);
  if (dtype === 'i32') return new Int32Array(bytes, 0, count);
  if (dtype === 'f16') return fromHalf(new Uint16Array(bytes, 0, count));
  return new Uint32Array(bytes, 0, count);
}
