/** @file NumPy's .npy (NEP 1): one array, its header a Python dictionary, read in any order and written in C order. */
import { FileError } from '../base/errors.ts';
import { fromHalfBits } from '../base/half.ts';
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

const MAGIC = '\x93NUMPY';
/** The data begin at a multiple of this. */
const ALIGNMENT = 64;

const again = 'Write the file again with numpy.savez.';

export const isNpy = (bytes: Uint8Array): boolean =>
  [...MAGIC].every((letter, i) => bytes[i] === letter.charCodeAt(0));

interface Header {
  readonly descr: string;
  readonly fortran: boolean;
  readonly shape: readonly number[];
  /** Where the elements begin. */
  readonly start: number;
}

/** The text of the header and where it ends. Throws FileError where the file ends before. */
function headerText(bytes: Uint8Array, name: string): { readonly text: string; readonly start: number } {
  const version = bytes[6];
  const at = version === 1 ? 10 : 12;
  if (!isNpy(bytes) || bytes.length < at)
    throw new FileError(name, 'is no .npy array: it does not begin as one', again);
  if (version === undefined || version < 1 || version > 3)
    throw new FileError(name, `is a .npy array of version ${version}, which is not known`, again);
  const view = new DataView(bytes.buffer, bytes.byteOffset, at);
  const start = at + (version === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
  if (start > bytes.length) throw new FileError(name, 'breaks off within its header', again);
  return { text: new TextDecoder().decode(bytes.subarray(at, start)), start };
}

function readHeader(bytes: Uint8Array, name: string): Header {
  const { text, start } = headerText(bytes, name);
  const descr = /'descr'\s*:\s*('[^']*'|\[[^\]]*\])/.exec(text)?.[1];
  const order = /'fortran_order'\s*:\s*(\w+)/.exec(text)?.[1];
  const sizes = /'shape'\s*:\s*\(([\d\s,]*)\)/.exec(text)?.[1];
  const problem = (what: string): FileError =>
    new FileError(name, `has a header without ${what} (${text.trim().slice(0, 80)})`, again);
  if (descr === undefined) throw problem('a type');
  if (order !== 'True' && order !== 'False') throw problem('fortran_order True or False');
  if (sizes === undefined) throw problem('a shape');
  const shape = sizes.split(',').flatMap((size) => (size.trim() === '' ? [] : [Number(size)]));
  return { descr: descr.replaceAll("'", ''), fortran: order === 'True', shape, start };
}

/** How an element is read. Throws FileError for what are no numbers. */
function readerOf(descr: string, name: string): { read: Read; bytes: number; little: boolean; kind: string } {
  const [, order = '', kind = ''] = /^([<>|=])(\w+)$/.exec(descr) ?? [];
  const read = kinds[kind];
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
function* placesOf({ shape, fortran }: Header): Generator<number> {
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
  const header = readHeader(bytes, name);
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
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const descr = integer ? '<i8' : '<f4';
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${sizes}), }`;
  const length = Math.ceil((10 + text.length + 1) / ALIGNMENT) * ALIGNMENT - 10;
  const each = integer ? 8 : 4;
  const bytes = new Uint8Array(10 + length + values.length * each);
  const view = new DataView(bytes.buffer);
  for (const [i, letter] of [...`${MAGIC}\x01\x00`].entries()) bytes[i] = letter.charCodeAt(0);
  view.setUint16(8, length, true);
  bytes.set(new TextEncoder().encode(`${text.padEnd(length - 1)}\n`), 10);
  for (const [i, value] of values.entries()) {
    if (integer) view.setBigInt64(10 + length + 8 * i, BigInt(value), true);
    else view.setFloat32(10 + length + 4 * i, value, true);
  }
  return bytes;
}
