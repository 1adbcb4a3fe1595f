/** @file The header of NIfTI-1 (348 bytes, nifti1.h) and NIfTI-2 (540 bytes, nifti2.h), in either byte order. */

import { FileError } from '../../base/errors.ts';

/** The fields that a reader needs, as they stand in the file; names as in nifti1.h. */
export interface NiftiHeader {
  readonly littleEndian: boolean;
  /** Magic n+1 or n+2: the voxels follow in the same file. Otherwise they are in an .img file beside it. */
  readonly singleFile: boolean;
  /** First byte that voxels can have in a single file: header and extension flag. */
  readonly minOffset: number;
  /** dim[0] is the number of dimensions, dim[1…7] their sizes. */
  readonly dim: readonly number[];
  readonly datatype: number;
  readonly bitpix: number;
  /** pixdim[0] is qfac, pixdim[1…7] the voxel's sizes. */
  readonly pixdim: readonly number[];
  readonly voxOffset: number;
  readonly slope: number;
  readonly intercept: number;
  readonly xyztUnits: number;
  readonly qformCode: number;
  readonly sformCode: number;
  /** quatern_b, quatern_c, quatern_d. */
  readonly quaternion: readonly number[];
  readonly qoffset: readonly number[];
  /** srow_x, srow_y, srow_z: 12 numbers. */
  readonly srow: readonly number[];
}

type Kind = 'u8' | 'i16' | 'i32' | 'i64' | 'f32' | 'f64';
type Field = readonly [kind: Kind, at: number];

const kinds: Record<Kind, [bytes: number, read: (v: DataView, at: number, little: boolean) => number]> = {
  u8: [1, (v, at) => v.getUint8(at)],
  i16: [2, (v, at, little) => v.getInt16(at, little)],
  i32: [4, (v, at, little) => v.getInt32(at, little)],
  i64: [8, (v, at, little) => Number(v.getBigInt64(at, little))],
  f32: [4, (v, at, little) => v.getFloat32(at, little)],
  f64: [8, (v, at, little) => v.getFloat64(at, little)],
};

interface Layout {
  readonly bytes: number;
  readonly magicAt: number;
  readonly dim: Field;
  readonly datatype: Field;
  readonly bitpix: Field;
  readonly pixdim: Field;
  readonly voxOffset: Field;
  readonly slope: Field;
  readonly intercept: Field;
  readonly xyztUnits: Field;
  readonly qformCode: Field;
  readonly sformCode: Field;
  readonly quaternion: Field;
  readonly qoffset: Field;
  readonly srow: Field;
}

const nifti1: Layout = {
  bytes: 348,
  magicAt: 344,
  dim: ['i16', 40],
  datatype: ['i16', 70],
  bitpix: ['i16', 72],
  pixdim: ['f32', 76],
  voxOffset: ['f32', 108],
  slope: ['f32', 112],
  intercept: ['f32', 116],
  xyztUnits: ['u8', 123],
  qformCode: ['i16', 252],
  sformCode: ['i16', 254],
  quaternion: ['f32', 256],
  qoffset: ['f32', 268],
  srow: ['f32', 280],
};

const nifti2: Layout = {
  bytes: 540,
  magicAt: 4,
  dim: ['i64', 16],
  datatype: ['i16', 12],
  bitpix: ['i16', 14],
  pixdim: ['f64', 104],
  voxOffset: ['i64', 168],
  slope: ['f64', 176],
  intercept: ['f64', 184],
  xyztUnits: ['i32', 500],
  qformCode: ['i32', 344],
  sformCode: ['i32', 348],
  quaternion: ['f64', 352],
  qoffset: ['f64', 376],
  srow: ['f64', 400],
};

const textAt = (bytes: Uint8Array, at: number, count: number): string =>
  String.fromCharCode(...bytes.subarray(at, at + count));

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Whether sizeof_hdr, the first field, is `bytes` in either byte order. */
function hasSize(view: DataView, bytes: number): boolean {
  return view.getInt32(0, true) === bytes || view.getInt32(0, false) === bytes;
}

/** Names of what else is found under a NIfTI file's name, by its first bytes. */
const others: readonly [start: readonly number[], name: string][] = [
  [[0x42, 0x5a, 0x68], 'compressed with bzip2'],
  [[0x28, 0xb5, 0x2f, 0xfd], 'compressed with zstd'],
  [[0xfd, 0x37, 0x7a, 0x58], 'compressed with xz'],
  [[0x50, 0x4b, 0x03, 0x04], 'a zip archive'],
];

function notNifti(bytes: Uint8Array, file: string): FileError {
  const other = others.find(([start]) => start.every((byte, i) => bytes[i] === byte));
  if (other) return new FileError(file, `is ${other[1]}`, 'Unpack it, or pack it with gzip instead.');
  const short = bytes.length < nifti1.bytes;
  const why = short ? `holds ${bytes.length} of a header's ${nifti1.bytes} bytes` : 'no NIfTI header';
  const problem = `is not a readable NIfTI file (${why})`;
  return new FileError(file, problem, 'Check that it is a complete .nii or .nii.gz file.');
}

function checkNifti2(bytes: Uint8Array, file: string): void {
  if (bytes.length < nifti2.bytes) {
    const problem = `holds ${bytes.length} of a NIfTI-2 header's ${nifti2.bytes} bytes`;
    throw new FileError(file, problem, 'Copy it again.');
  }
  if (!/^n[+i]2\0$/.test(textAt(bytes, nifti2.magicAt, 4)))
    throw new FileError(file, 'has the size of a NIfTI-2 header but not its magic', 'Write it again.');
  // These bytes stand there to tell a file whose line ends were converted.
  const ends = textAt(bytes, nifti2.magicAt + 4, 4);
  if (ends === '\r\n\x1a\n' || ends === '\0\0\0\0') return;
  throw new FileError(file, 'was changed in a transfer as text', 'Copy it again, as binary.');
}

function layoutOf(bytes: Uint8Array, file: string): Layout {
  if (bytes.length < nifti1.bytes) throw notNifti(bytes, file);
  if (/^n[+i]1\0$/.test(textAt(bytes, nifti1.magicAt, 4))) return nifti1;
  const view = viewOf(bytes);
  if (hasSize(view, nifti2.bytes)) {
    checkNifti2(bytes, file);
    return nifti2;
  }
  if (!hasSize(view, nifti1.bytes)) throw notNifti(bytes, file);
  const problem = 'has an ANALYZE 7.5 header (no NIfTI magic), which does not say how the patient lies';
  throw new FileError(file, problem, 'Convert it to NIfTI with a program that knows its orientation.');
}

/** By sizeof_hdr; where that is neither, by dim[0], which lies within 1 … 7 in the right order. */
function isLittleEndian(view: DataView, layout: Layout): boolean {
  if (hasSize(view, layout.bytes)) return view.getInt32(0, true) === layout.bytes;
  const [kind, at] = layout.dim;
  const rank = kinds[kind][1](view, at, true);
  return rank >= 1 && rank <= 7;
}

/** Reads the header at the start of `bytes` (already unpacked). Throws FileError when there is none. */
export function parseNiftiHeader(bytes: Uint8Array, file: string): NiftiHeader {
  const layout = layoutOf(bytes, file);
  const view = viewOf(bytes);
  const littleEndian = isLittleEndian(view, layout);
  const many = ([kind, at]: Field, count: number): number[] => {
    const [size, read] = kinds[kind];
    return Array.from({ length: count }, (_, i) => read(view, at + i * size, littleEndian));
  };
  const one = (field: Field): number => many(field, 1)[0]!;
  return {
    littleEndian,
    singleFile: bytes[layout.magicAt + 1] === 0x2b,
    minOffset: layout.bytes + 4,
    dim: many(layout.dim, 8),
    datatype: one(layout.datatype),
    bitpix: one(layout.bitpix),
    pixdim: many(layout.pixdim, 8),
    voxOffset: one(layout.voxOffset),
    slope: one(layout.slope),
    intercept: one(layout.intercept),
    xyztUnits: one(layout.xyztUnits),
    qformCode: one(layout.qformCode),
    sformCode: one(layout.sformCode),
    quaternion: many(layout.quaternion, 3),
    qoffset: many(layout.qoffset, 3),
    srow: many(layout.srow, 12),
  };
}
