/** @file Host values as a device stores them, checked: what is no number of the dtype does not become one in silence. */
import { describe } from '../base/describe.ts';
import { ShapeError } from '../base/errors.ts';
import { toHalf } from '../base/half.ts';
import type { DType, HostArray } from './dtype.ts';
import { elementCount, formatShape, type Shape } from './shape.ts';

/** Numbers, row by row; true and false are 1 and 0. */
export type HostValues = ArrayLike<number | boolean>;

/** What integers of 32 bits hold. */
const ranges = { i32: [-(2 ** 31), 2 ** 31 - 1], u32: [0, 2 ** 32 - 1] } as const;
type Whole = keyof typeof ranges;

const isWhole = (dtype: DType): dtype is Whole => dtype === 'i32' || dtype === 'u32';

/** Typed arrays of numbers, which hold nothing else. */
const isTyped = (values: unknown): values is HostArray | Float64Array =>
  ArrayBuffer.isView(values) &&
  !(values instanceof DataView || values instanceof BigInt64Array || values instanceof BigUint64Array);

/** Throws ShapeError unless `values` is an array of as many as the shape holds. */
function expectCount(call: string, values: unknown, shape: Shape): void {
  const fix = `Shape ${formatShape(shape)} needs ${elementCount(shape)}.`;
  const { length } = (typeof values === 'object' && values !== null ? values : {}) as { length?: unknown };
  if (typeof length !== 'number')
    throw new ShapeError(call, 'values', `is no array, but ${describe(values)}`, fix);
  if (length !== elementCount(shape)) throw new ShapeError(call, 'values', `holds ${length} values`, fix);
}

/** For an element that is no number. */
function noNumber(call: string, argument: string, value: unknown): ShapeError {
  const flat = 'Numbers row by row are needed: values.flat(Infinity).';
  const fix = Array.isArray(value) ? flat : 'A number is needed.';
  return new ShapeError(call, argument, `is ${describe(value)}`, fix);
}

/** The element as a number that the dtype holds; floats are rounded later. @throws ShapeError where it is none */
export function expectElement(call: string, argument: string, value: unknown, dtype: DType): number {
  const number = typeof value === 'boolean' ? Number(value) : value;
  if (typeof number !== 'number') throw noNumber(call, argument, value);
  if (!isWhole(dtype)) return number;
  const [least, most] = ranges[dtype];
  if (Number.isInteger(number) && number >= least && number <= most) return number;
  const fix = `${dtype} holds whole numbers of ${least} … ${most}; round or clamp before.`;
  throw new ShapeError(call, argument, `is ${number}`, fix);
}

function copied<T extends HostArray | Float64Array>(
  call: string,
  values: HostValues,
  dtype: DType,
  to: T,
): T {
  const whole = isWhole(dtype);
  const [least, most] = isWhole(dtype) ? ranges[dtype] : [-Infinity, Infinity];
  for (let i = 0; i < to.length; i++) {
    const value = values[i];
    const usual = typeof value === 'number' && value >= least && value <= most;
    to[i] =
      usual && (!whole || Number.isInteger(value))
        ? value
        : expectElement(call, `values[${i}]`, value, dtype);
  }
  return to;
}

function toHostArray(call: string, values: HostValues, dtype: DType): HostArray {
  const { length } = values;
  if (dtype === 'f32') {
    if (values instanceof Float32Array) return values;
    return isTyped(values) ? new Float32Array(values) : copied(call, values, dtype, new Float32Array(length));
  }
  if (dtype === 'i32')
    return values instanceof Int32Array ? values : copied(call, values, dtype, new Int32Array(length));
  if (dtype === 'u32')
    return values instanceof Uint32Array ? values : copied(call, values, dtype, new Uint32Array(length));
  const flags = copied(call, values, dtype, new Float64Array(length));
  return Uint32Array.from(flags, (value) => (value === 0 ? 0 : 1));
}

const toNumbers = (call: string, values: HostValues): ArrayLike<number> =>
  isTyped(values) ? values : copied(call, values, 'f16', new Float64Array(values.length));

/**
 * The bytes of `values` as `dtype`, as the device stores them.
 * @throws ShapeError naming the call, for other than as many values as the shape holds, and for one that is none
 */
export function encode(
  call: string,
  values: HostValues,
  shape: Shape,
  dtype: DType,
): Uint8Array<ArrayBuffer> {
  expectCount(call, values, shape);
  const array = dtype === 'f16' ? toHalf(toNumbers(call, values)) : toHostArray(call, values, dtype);
  return new Uint8Array(array.buffer as ArrayBuffer, array.byteOffset, array.byteLength);
}
