/** @file Element types: their bytes, their host arrays, and float16 conversion (Node 20 has no Float16Array). */

/** `f16` is two bytes a value; `bool` is stored as u32 0 or 1. */
export type DType = 'f32' | 'f16' | 'i32' | 'u32' | 'bool';

export const dtypes: readonly DType[] = ['f32', 'f16', 'i32', 'u32', 'bool'];

export type HostArray = Float32Array | Int32Array | Uint32Array;

const bytesPerElement: Record<DType, number> = { f32: 4, f16: 2, i32: 4, u32: 4, bool: 4 };

export function byteSize(dtype: DType): number {
  return bytesPerElement[dtype];
}

const scratch = new DataView(new ArrayBuffer(4));

/** Bits of the float16 nearest to `value`, ties to even. */
export function toHalfBits(value: number): number {
  scratch.setFloat32(0, value);
  const single = scratch.getFloat32(0);
  const nearest = scratch.getUint32(0);
  // Inexact float32 steps are made odd, so that rounding twice gives what rounding once would.
  const inexact = single !== value && (nearest & 1) === 0;
  const bits = inexact ? nearest + (Math.abs(single) < Math.abs(value) ? 1 : -1) : nearest;
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude < 0x33000001) return sign;
  const exponent = magnitude >>> 23;
  const mantissa = (magnitude & 0x7fffff) | 0x800000;
  const shift = exponent < 113 ? 126 - exponent : 13;
  const base = exponent < 113 ? 0 : (exponent - 113) << 10;
  const kept = mantissa >>> shift;
  const rest = mantissa & ((1 << shift) - 1);
  const half = 1 << (shift - 1);
  const rounded = kept + (rest > half || (rest === half && (kept & 1) === 1) ? 1 : 0);
  return sign | (base + rounded);
}

export function fromHalfBits(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 31;
  const mantissa = bits & 1023;
  if (exponent === 31) return mantissa ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  if (exponent === 0) return sign * mantissa * 2 ** -24;
  return sign * (1 + mantissa / 1024) * 2 ** (exponent - 15);
}

/** The bytes of `values` as `dtype`, as the device stores them. */
export function encode(values: ArrayLike<number>, dtype: DType): Uint8Array<ArrayBuffer> {
  const array = dtype === 'f16' ? Uint16Array.from(values, toHalfBits) : toHostArray(values, dtype);
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
  if (dtype === 'f16') return Float32Array.from(new Uint16Array(bytes, 0, count), fromHalfBits);
  return new Uint32Array(bytes, 0, count);
}
