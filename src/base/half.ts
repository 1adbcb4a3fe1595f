/** @file IEEE half precision by hand (Node 20 has no Float16Array): round to nearest, ties to even. */

const scratch = new DataView(new ArrayBuffer(4));

/** Bits of the float16 nearest to `value`; beyond ±65504 infinity. */
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

/** The number of a float16's bits, exactly. */
export function fromHalfBits(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 31;
  const mantissa = bits & 1023;
  if (exponent === 31) return mantissa ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  if (exponent === 0) return sign * mantissa * 2 ** -24;
  return sign * (1 + mantissa / 1024) * 2 ** (exponent - 15);
}

/**
 * Numbers to half bits.
 * @example
 * Array.from(data.toHalf([1, -2, 70_000]), (bits) => bits.toString(16)); // ["3c00","c000","7c00"]
 */
export function toHalf(values: ArrayLike<number>): Uint16Array {
  const halves = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) halves[i] = toHalfBits(values[i]!);
  return halves;
}

let table: Float32Array | undefined;

/**
 * Half bits to float32, exactly.
 * @example
 * data.fromHalf(Uint16Array.of(0x3c00, 0xc000)); // [1,-2]
 */
export function fromHalf(halves: Uint16Array): Float32Array {
  table ??= Float32Array.from({ length: 65536 }, (_, bits) => fromHalfBits(bits));
  const values = new Float32Array(halves.length);
  for (let i = 0; i < halves.length; i++) values[i] = table[halves[i]!]!;
  return values;
}
