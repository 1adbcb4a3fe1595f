/** @file NumPy's .npy (NEP 1): one array, its header a Python dictionary, read in any order and written in C order. */
import { FileError } from '../base/errors.ts';
import { fromHalfBits } from '../base/half.ts';
import { encodeNpyHeader, type NpyHeader, readNpyHeader } from '../base/npy.ts';
import { ownOf } from '../base/record.ts';
import type { Weight } from '../models/state.ts';
import { elementCount, stridesOf } from '../tensor/shape.ts';

type Read = (view: DataView, at: number, little: boolean) => number;

/** Kinds of numbers by NumPy's letter and bytes. */
const kinds: Readonly<Record<string, Read>> = {
  f2: (view, at, little) => fromHalfBits(view.getUint16(at, little)),
  f4: (view, at, little) => view.getFloat32(at, little),
  f8: (view, at, little) => view.getFloat64(at, little),
  i1: (view, at) => view.getInt8(at),
  i2: (view, at, little) => view.getInt16(at, little),
  i4: (view, at, little) => view.getInt32(at, little),
  i8: (view, at, little) => Number(view.getBigInt64(at, little)),
  u1: (view, at) => view.getUint8(at),
  u2: (view, at, little) => view.getUint16(at, little),
  u4: (view, at, little) => view.getUint32(at, little),
  u8: (view, at, little) => Number(view.getBigUint64(at, little)),
};

const again = 'Write the file again with numpy.savez.';

/** How an element is read. Throws FileError for what are no numbers. */
function readerOf(descr: string, name: string): { read: Read; bytes: number; little: boolean; kind: string } {
  const [, order = '', kind = ''] = /^([<>|=])(\w+)$/.exec(descr) ?? [];
  const read = ownOf(kinds, kind);
  if (read) return { read, bytes: Number(kind[1]), little: order !== '>', kind };
  if (kind.startsWith('O')) {
    const fix = 'Only arrays of numbers are read: save each tensor by itself, as float32.';
    throw new FileError(name, 'is an array of Python objects (pickled), which could run code', fix);
  }
  const known = 'float16, float32, float64 or whole numbers';
  throw new FileError(name, `has elements of type ${descr.slice(0, 40)}`, `Weights must be ${known}.`);
}

/** Element strides of an array in Fortran order. */
const fortranStrides = (shape: readonly number[]): number[] =>
  shape.map((_, axis) => elementCount(shape.slice(0, axis)));

/** Where each element of a C-ordered array stands in the file. */
function* placesOf({ shape, fortran }: NpyHeader): Generator<number> {
  const strides = fortran ? fortranStrides(shape) : stridesOf(shape);
  const index = shape.map(() => 0);
  const count = elementCount(shape);
  for (let i = 0, at = 0; i < count; i++) {
    yield at;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      at -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
}

/**
 * An array of numbers, rounded to float32, in C order.
 * @param name what errors call it
 * @throws FileError for other types, object arrays among them, and for arrays that are broken or too large for float32
 */
export function decodeNpy(bytes: Uint8Array, name: string): Weight {
  const header = readNpyHeader(bytes, name, again);
  const { descr, shape, start } = header;
  const { read, bytes: each, little, kind } = readerOf(descr, name);
  const count = elementCount(shape);
  if (bytes.length - start !== count * each) {
    const size = `(${shape.join(', ')}) of ${descr}`;
    throw new FileError(
      name,
      `has ${bytes.length - start} bytes of data, not the ${count * each} of ${size}`,
      again,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, count * each);
  const values = new Float32Array(count);
  let i = 0;
  for (const place of placesOf(header)) {
    const value = read(view, place * each, little);
    values[i] = value;
    if (Number.isFinite(value) && !Number.isFinite(values[i]!))
      throw new FileError(name, `holds ${value}, which float32 cannot`, 'Convert it to float32 first.');
    i++;
  }
  return { shape, values, integer: !kind.startsWith('f') };
}

/** The bytes of a .npy: `<f4`, of counts `<i8`, in C order. */
export function encodeNpy({ shape, values, integer = false }: Weight): Uint8Array {
  const head = encodeNpyHeader(integer ? '<i8' : '<f4', shape);
  const bytes = new Uint8Array(head.length + values.length * (integer ? 8 : 4));
  bytes.set(head);
  const view = new DataView(bytes.buffer);
  for (const [i, value] of values.entries()) {
    if (integer) view.setBigInt64(head.length + 8 * i, BigInt(value), true);
    else view.setFloat32(head.length + 4 * i, value, true);
  }
  return bytes;
}
