/** @file The header of NumPy's .npy (NEP 1): a Python dictionary that says type, order and shape of the array. */
import { FileError } from './errors.ts';

/** What a .npy begins with. */
export const NPY_MAGIC = '\x93NUMPY';
export const isNpy = (bytes: Uint8Array): boolean =>
  [...NPY_MAGIC].every((letter, i) => bytes[i] === letter.charCodeAt(0));

/** Longest header that is read, as NumPy has it: what it says of a type or shape takes a hundredth of that. */
export const MOST_HEADER = 10_000;

/** The data begin at a multiple of this. */
const ALIGNMENT = 64;

export interface NpyHeader {
  /** As NumPy writes it: `<f4`. */
  readonly descr: string;
  readonly fortran: boolean;
  readonly shape: readonly number[];
  /** Where the elements begin. */
  readonly start: number;
}

/** The text of the header and where it ends. Throws FileError where the file ends before. */
function headerText(
  bytes: Uint8Array,
  name: string,
  again: string,
): { readonly text: string; readonly start: number } {
  const version = bytes[6];
  const at = version === 1 ? 10 : 12;
  if (!isNpy(bytes)) throw new FileError(name, 'is no .npy array: it does not begin as one', again);
  if (bytes.length < at) throw new FileError(name, 'breaks off within its header', again);
  if (version === undefined || version < 1 || version > 3)
    throw new FileError(name, `is a .npy array of version ${version}, which is not known`, again);
  const view = new DataView(bytes.buffer, bytes.byteOffset, at);
  const start = at + (version === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
  if (start > bytes.length) throw new FileError(name, 'breaks off within its header', again);
  if (start > MOST_HEADER) throw new FileError(name, `has a header of ${start} bytes`, again);
  return { text: new TextDecoder().decode(bytes.subarray(at, start)), start };
}

/**
 * What a .npy says of its array.
 * @param name what errors call it
 * @param again what errors say to do
 * @throws FileError where it is none, or does not say type, order and shape
 */
export function readNpyHeader(bytes: Uint8Array, name: string, again: string): NpyHeader {
  const { text, start } = headerText(bytes, name, again);
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

/** What a .npy of version 1 in C order has before its elements. */
export function encodeNpyHeader(descr: string, shape: readonly number[]): Uint8Array {
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${sizes}), }`;
  const length = Math.ceil((10 + text.length + 1) / ALIGNMENT) * ALIGNMENT - 10;
  const bytes = new Uint8Array(10 + length);
  for (const [i, letter] of [...`${NPY_MAGIC}\x01\x00`].entries()) bytes[i] = letter.charCodeAt(0);
  new DataView(bytes.buffer).setUint16(8, length, true);
  bytes.set(new TextEncoder().encode(`${text.padEnd(length - 1)}\n`), 10);
  return bytes;
}
