/** @file NIfTI volumes: read with scaling and geometry applied, write NIfTI-1 with the same bytes every time. */

import { gzipSync } from 'fflate';
import * as reader from 'nifti-reader-js';
import { FileError, ShapeError } from '../tensor/errors.ts';
import { imagePlane } from './geometry.ts';
import type { ImagePlane, Vec3 } from './types.ts';
import { length, normalize } from './vector.ts';

/** Row-major 4×4 map from voxel indices (i, j, k, 1) to millimetres in RAS. */
export type VoxelAffine = readonly number[];

export interface NiftiVolume {
  /** Voxels along i, j, k and, when there are several volumes, t. */
  readonly dims: readonly number[];
  /** Voxel size along i, j, k, mm; along t in the file's unit. */
  readonly spacing: readonly number[];
  readonly affine: VoxelAffine;
  /** i fastest; scl_slope and scl_inter applied. */
  readonly data: Float32Array;
}

type Header = ReturnType<typeof reader.readHeader>;

const readers: Record<number, [bytes: number, read: (v: DataView, at: number, little: boolean) => number]> = {
  2: [1, (v, at) => v.getUint8(at)],
  4: [2, (v, at, little) => v.getInt16(at, little)],
  8: [4, (v, at, little) => v.getInt32(at, little)],
  16: [4, (v, at, little) => v.getFloat32(at, little)],
  64: [8, (v, at, little) => v.getFloat64(at, little)],
  256: [1, (v, at) => v.getInt8(at)],
  512: [2, (v, at, little) => v.getUint16(at, little)],
  768: [4, (v, at, little) => v.getUint32(at, little)],
};

function readHeader(bytes: Uint8Array, file: string): { header: Header; body: ArrayBuffer } {
  try {
    const raw = bytes.slice().buffer;
    const body = (reader.isCompressed(raw) ? reader.decompress(raw) : raw) as ArrayBuffer;
    if (body.byteLength < 352 || !reader.isNIFTI(body)) throw new Error('no NIfTI header');
    return { header: reader.readHeader(body), body };
  } catch (error) {
    const problem = `is not a readable NIfTI file (${error instanceof Error ? error.message : error})`;
    throw new FileError(file, problem, 'Check that it is a complete .nii or .nii.gz file.', { cause: error });
  }
}

function readDims(header: Header, file: string): number[] {
  const rank = header.dims[0]!;
  const dims = [1, 1, 1, 1].map((one, i) => (i < rank ? header.dims[i + 1]! : one));
  const rest = header.dims.slice(5, rank + 1);
  if (rank < 1 || rank > 7 || dims.some((n) => !Number.isInteger(n) || n < 1) || rest.some((n) => n !== 1))
    throw new FileError(
      file,
      `has dims [${header.dims.join(', ')}]`,
      'Only volumes of 1 to 4 dimensions can be read.',
    );
  return dims[3] === 1 ? dims.slice(0, 3) : dims;
}

function readData(header: Header, body: ArrayBuffer, count: number, file: string): Float32Array {
  const type = readers[header.datatypeCode];
  if (type === undefined)
    throw new FileError(file, `has datatype ${header.datatypeCode}`, 'Save it as an integer or float image.');
  const [size, read] = type;
  const offset = Math.max(header.vox_offset, 352);
  if (body.byteLength < offset + count * size)
    throw new FileError(file, `holds ${body.byteLength} of ${offset + count * size} bytes`, 'Copy it again.');
  const view = new DataView(body, offset);
  // A slope of 0 means "not scaled" (nifti1.h).
  const scaled = Number.isFinite(header.scl_slope) && header.scl_slope !== 0;
  const [slope, intercept] = scaled ? [header.scl_slope, header.scl_inter] : [1, 0];
  const data = new Float32Array(count);
  for (let i = 0; i < count; i++) data[i] = slope * read(view, i * size, header.littleEndian) + intercept;
  return data;
}

/**
 * Reads .nii or .nii.gz (NIfTI-1 or 2, 1 to 4 dimensions, real types). The affine is the sform, else the qform, else
 * the voxel sizes. Throws FileError when the file is not NIfTI, is truncated, or holds what cannot be used.
 */
export function readNifti(bytes: Uint8Array, file: string): NiftiVolume {
  const { header, body } = readHeader(bytes, file);
  const dims = readDims(header, file);
  const data = readData(
    header,
    body,
    dims.reduce((a, b) => a * b),
    file,
  );
  const affine = header.affine.flat();
  if (!affine.every(Number.isFinite))
    throw new FileError(
      file,
      'has an affine with numbers that are not finite',
      'Correct its sform or qform.',
    );
  return { dims, spacing: dims.map((_, i) => Math.abs(header.pixDims[i + 1]!)), affine, data };
}

/** In-plane geometry of slice k (x = i, y = j) in LPS. Throws GeometryError when i and j are not perpendicular. */
export function niftiPlane(volume: NiftiVolume, k: number): ImagePlane {
  const a = volume.affine;
  // RAS to LPS: the first two axes change sign.
  const column = (c: number): Vec3 => [-a[c]!, -a[4 + c]!, a[8 + c]!];
  const [alongI, alongJ, alongK, origin] = [column(0), column(1), column(2), column(3)];
  return imagePlane({
    position: [origin[0] + k * alongK[0], origin[1] + k * alongK[1], origin[2] + k * alongK[2]],
    rowDirection: normalize(alongI),
    columnDirection: normalize(alongJ),
    spacingMm: [length(alongJ), length(alongI)],
    rows: volume.dims[1]!,
    columns: volume.dims[0]!,
  });
}

/** How values are stored; integers are rounded and must fit. */
export type NiftiType = 'u8' | 'i16' | 'f32';

const types = {
  u8: { code: 2, bits: 8, min: 0, max: 255 },
  i16: { code: 4, bits: 16, min: -32768, max: 32767 },
  f32: { code: 16, bits: 32, min: -Infinity, max: Infinity },
} as const;

function checkValues(volume: NiftiVolume, type: NiftiType): void {
  const count = volume.dims.reduce((a, b) => a * b, 1);
  if (volume.dims.length < 3 || volume.dims.length > 4 || count !== volume.data.length)
    throw new ShapeError(
      'writeNifti',
      'data',
      `has ${volume.data.length} values for dims [${volume.dims.join(', ')}]`,
      'Give i, j, k (and t) dims whose product is the number of values.',
    );
  const { min, max } = types[type];
  const stray = volume.data.find((v) => !(v >= min && v <= max));
  if (stray === undefined) return;
  throw new ShapeError('writeNifti', 'data', `holds ${stray}`, `Give numbers that ${type} can hold.`);
}

/** Largest voxel index along each axis that a NIfTI-1 header (int16 dims) can hold. */
const maxDim = 32767;

function header(volume: NiftiVolume, type: NiftiType): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(352);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, 348, true);
  view.setInt16(40, volume.dims.length, true);
  for (let i = 0; i < 7; i++) view.setInt16(42 + 2 * i, volume.dims[i] ?? 1, true);
  view.setInt16(70, types[type].code, true);
  view.setInt16(72, types[type].bits, true);
  for (let i = 0; i < 8; i++) view.setFloat32(76 + 4 * i, i === 0 ? 1 : (volume.spacing[i - 1] ?? 1), true);
  view.setFloat32(108, 352, true);
  view.setFloat32(112, 1, true);
  bytes[123] = 2 | 16; // xyzt_units: mm and ms
  view.setInt16(254, 1, true); // sform_code: scanner coordinates
  for (let i = 0; i < 12; i++) view.setFloat32(280 + 4 * i, volume.affine[i]!, true);
  bytes.set(new TextEncoder().encode('n+1'), 344);
  return bytes;
}

function encode(data: Float32Array, type: NiftiType): Uint8Array {
  if (type === 'u8') return Uint8Array.from(data, Math.round);
  const typed = type === 'f32' ? data : Int16Array.from(data, Math.round);
  return new Uint8Array(typed.buffer, typed.byteOffset, typed.byteLength);
}

/**
 * NIfTI-1 bytes (single file, little endian, sform) of a volume; equal volumes give equal bytes, gzipped or not.
 * Throws ShapeError when dims and data disagree, or a value does not fit the type.
 */
export function writeNifti(
  volume: NiftiVolume,
  options: { readonly type?: NiftiType; readonly gzip?: boolean } = {},
): Uint8Array {
  const type = options.type ?? 'f32';
  checkValues(volume, type);
  if (volume.dims.some((n) => n > maxDim))
    throw new ShapeError(
      'writeNifti',
      'dims',
      `[${volume.dims.join(', ')}] exceed ${maxDim}`,
      'Split the volume.',
    );
  const body = encode(volume.data, type);
  const file = new Uint8Array(352 + body.length);
  file.set(header(volume, type));
  file.set(body, 352);
  return options.gzip ? gzipSync(file, { mtime: 0 }) : file;
}
