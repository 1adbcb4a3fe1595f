/** @file Writes NIfTI-1, the same bytes every time. */

import { gzipSync } from 'fflate';
import { ShapeError } from '../../base/errors.ts';
import type { NiftiVolume } from './volume.ts';

/** How values are stored; integers are rounded and must fit. */
export type NiftiType = 'u8' | 'i16' | 'f32';

const types = {
  u8: { code: 2, bits: 8, min: 0, max: 255 },
  i16: { code: 4, bits: 16, min: -32768, max: 32767 },
  f32: { code: 16, bits: 32, min: -Infinity, max: Infinity },
} as const;

/** Largest voxel count along each axis that a NIfTI-1 header (int16 dims) can hold. */
const maxDim = 32767;

const refuse = (argument: string, problem: string, fix: string): ShapeError =>
  new ShapeError('writeNifti', argument, problem, fix);

function checkGrid({ dims, affine, data }: NiftiVolume): void {
  const count = dims.reduce((a, b) => a * b, 1);
  if (dims.length < 3 || dims.length > 4 || count !== data.length)
    throw refuse(
      'data',
      `has ${data.length} values for dims [${dims.join(', ')}]`,
      'Give i, j, k (and t) dims whose product is the number of values.',
    );
  if (!dims.every((n) => Number.isInteger(n) && n >= 1 && n <= maxDim))
    throw refuse(
      'dims',
      `[${dims.join(', ')}] are not whole numbers from 1 to ${maxDim}`,
      'Split the volume.',
    );
  if (affine.length !== 16 || !affine.every(Number.isFinite))
    throw refuse('affine', 'is not 16 finite numbers', 'Give a row-major 4×4 matrix.');
}

function checkValues(data: Float32Array, type: NiftiType): void {
  const { min, max } = types[type];
  const stray = data.find((v) => !(v >= min && v <= max));
  if (stray !== undefined) throw refuse('data', `holds ${stray}`, `Give numbers that ${type} can hold.`);
}

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
 * Throws ShapeError when dims and data disagree, the affine is not finite, or a value does not fit the type.
 * @example
 * const affine = [2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 8, 0, 0, 0, 0, 1];
 * const volume = { dims: [2, 1, 2], spacing: [2, 2, 8], affine, data: Float32Array.of(1, 2, 3, 4) };
 * data.writeNifti(volume, { type: 'u8' }).length; // 356
 */
export function writeNifti(
  volume: NiftiVolume,
  options: { readonly type?: NiftiType; readonly gzip?: boolean } = {},
): Uint8Array {
  const type = options.type ?? 'f32';
  checkGrid(volume);
  checkValues(volume.data, type);
  const body = encode(volume.data, type);
  const file = new Uint8Array(352 + body.length);
  file.set(header(volume, type));
  file.set(body, 352);
  return options.gzip ? gzipSync(file, { mtime: 0 }) : file;
}
