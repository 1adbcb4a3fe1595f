/** @file A volume's voxels: where they lie, of which type, and their scaling. */

import { FileError } from '../../base/errors.ts';
import type { NiftiHeader } from './header.ts';

interface VoxelType {
  readonly name: string;
  readonly bytes: number;
  readonly read: (view: DataView, at: number, little: boolean) => number;
}

/** By `datatype` code (nifti1.h): the real types. */
const voxelTypes: Readonly<Record<number, VoxelType>> = {
  2: { name: 'uint8', bytes: 1, read: (v, at) => v.getUint8(at) },
  4: { name: 'int16', bytes: 2, read: (v, at, little) => v.getInt16(at, little) },
  8: { name: 'int32', bytes: 4, read: (v, at, little) => v.getInt32(at, little) },
  16: { name: 'float32', bytes: 4, read: (v, at, little) => v.getFloat32(at, little) },
  64: { name: 'float64', bytes: 8, read: (v, at, little) => v.getFloat64(at, little) },
  256: { name: 'int8', bytes: 1, read: (v, at) => v.getInt8(at) },
  512: { name: 'uint16', bytes: 2, read: (v, at, little) => v.getUint16(at, little) },
  768: { name: 'uint32', bytes: 4, read: (v, at, little) => v.getUint32(at, little) },
  1024: { name: 'int64', bytes: 8, read: (v, at, little) => Number(v.getBigInt64(at, little)) },
  1280: { name: 'uint64', bytes: 8, read: (v, at, little) => Number(v.getBigUint64(at, little)) },
};

/** Codes that the standard has and a grey-scale volume cannot be read from. */
const otherTypes: Readonly<Record<number, string>> = {
  0: 'unknown',
  1: 'binary (1 bit)',
  32: 'complex64',
  128: 'RGB24',
  255: 'all',
  1536: 'float128',
  1792: 'complex128',
  2048: 'complex256',
  2304: 'RGBA32',
};

function voxelType(header: NiftiHeader, file: string): VoxelType {
  const type = voxelTypes[header.datatype];
  if (type) return type;
  const name = otherTypes[header.datatype] ?? 'which NIfTI does not define';
  throw new FileError(
    file,
    `has datatype ${header.datatype} (${name})`,
    'Save it as an integer or float32 image.',
  );
}

/** Bytes of a single file up to the last voxel, as its header says. */
export function bytesOf({ dim, datatype, voxOffset, minOffset }: NiftiHeader): number {
  const voxels = dim.slice(1, 1 + dim[0]!).reduce((count, size) => count * size, 1);
  return Math.max(minOffset, voxOffset) + voxels * (voxelTypes[datatype]?.bytes ?? 0);
}

/** [slope, intercept]; a slope of 0 or that is no number means "not scaled" (nifti1.h, and as nibabel reads it). */
function scaling({ slope, intercept }: NiftiHeader, file: string): [slope: number, intercept: number] {
  if (slope === 0 || !Number.isFinite(slope)) return [1, 0];
  if (Number.isFinite(intercept)) return [slope, intercept];
  const problem = `has scl_slope ${slope} but scl_inter ${intercept}, so its values are not defined`;
  throw new FileError(file, problem, 'Correct its scl_inter (0 for none).');
}

function allocate(count: number, file: string): Float32Array {
  try {
    return new Float32Array(count);
  } catch (cause) {
    const problem = `holds ${count} voxels, more than fit in memory as float32`;
    throw new FileError(file, problem, 'Crop or downsample it.', { cause });
  }
}

function checkLength(body: Uint8Array, needed: number, file: string, notices: string[]): void {
  if (body.length < needed)
    throw new FileError(
      file,
      `holds ${body.length} of ${needed} bytes`,
      'Copy it again, or correct its dims and vox_offset.',
    );
  const rest = body.length - needed;
  if (rest > 0) notices.push(`${rest} bytes after the last voxel were ignored.`);
}

/**
 * The `count` voxels of `body` from byte `offset`, scaled in double precision and rounded to float32.
 * Throws FileError for types that are not real numbers, too few bytes, and a scaling without a finite intercept.
 */
export function readValues(
  header: NiftiHeader,
  { body, offset }: { readonly body: Uint8Array; readonly offset: number },
  count: number,
  file: string,
  notices: string[],
): Float32Array {
  const { name, bytes, read } = voxelType(header, file);
  const [slope, intercept] = scaling(header, file);
  if (header.bitpix !== bytes * 8)
    notices.push(`bitpix is ${header.bitpix}, but the datatype ${name}; the datatype is believed.`);
  checkLength(body, offset + count * bytes, file, notices);
  const view = new DataView(body.buffer, body.byteOffset + offset, count * bytes);
  const data = allocate(count, file);
  let beyond = 0;
  for (let i = 0; i < count; i++) {
    const value = slope * read(view, i * bytes, header.littleEndian) + intercept;
    data[i] = value;
    if (Number.isFinite(value) && !Number.isFinite(data[i])) beyond++;
  }
  if (beyond > 0) notices.push(`${beyond} values are beyond what float32 holds and became infinite.`);
  return data;
}
