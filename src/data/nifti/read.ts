/** @file Reads NIfTI-1 and NIfTI-2 volumes with scaling and geometry applied, as nibabel does. */

import { FileError } from '../../base/errors.ts';
import { chooseAffine, columnLengths } from './affine.ts';
import { gunzip, isGzip } from './gunzip.ts';
import { type NiftiHeader, parseNiftiHeader } from './header.ts';
import { readValues } from './values.ts';
import type { NiftiVolume } from './volume.ts';

function unpack(bytes: Uint8Array, file: string, notices: string[]): Uint8Array {
  if (!isGzip(bytes)) return bytes;
  const { body, trailing } = gunzip(bytes, file);
  if (trailing > 0) notices.push(`${trailing} bytes after the gzip data were ignored.`);
  return body;
}

/** FreeSurfer's surfaces in NIfTI-1: one dimension too long for an int16, hidden behind −1 or 27307 × 1 × 6. */
const isSurface = ([i, j, k]: readonly number[]): boolean =>
  j === 1 && ((i === -1 && k === 1) || (i === 27307 && k === 6));

function checkDims(sizes: readonly number[], file: string): void {
  if (isSurface(sizes))
    throw new FileError(file, 'is a FreeSurfer surface, not a volume', 'Give a volume of voxels.');
  if (sizes.every((n) => n >= 1) && sizes.slice(4).every((n) => n === 1)) return;
  throw new FileError(
    file,
    `has dims [${sizes.join(', ')}]`,
    'Only volumes of 1 to 4 dimensions, each of 1 voxel or more, can be read.',
  );
}

/** Voxels along i, j, k and, when there are several volumes, t. */
function readDims({ dim }: NiftiHeader, file: string): number[] {
  const rank = dim[0]!;
  if (rank < 1 || rank > 7)
    throw new FileError(file, `has ${rank} dimensions (dim[0]), not 1 to 7`, 'Correct its header.');
  const sizes = dim.slice(1, rank + 1);
  checkDims(sizes, file);
  const dims = [1, 1, 1, 1].map((one, i) => sizes[i] ?? one);
  return dims[3] === 1 ? dims.slice(0, 3) : dims;
}

const imageName = (file: string): string => file.replace(/\.hdr(\.gz)?$/i, '.img$1');

/** First voxel's byte. In a single file 0 means "not set" and voxels follow the header at once. */
function offsetOf(header: NiftiHeader, file: string, separate: boolean, notices: string[]): number {
  const offset = Math.trunc(header.voxOffset);
  const { minOffset } = header;
  if (!separate && offset === 0) {
    notices.push(`vox_offset is 0; the voxels are taken from byte ${minOffset}, after the header.`);
    return minOffset;
  }
  if (offset >= (separate ? 0 : minOffset) && Number.isFinite(offset)) return offset;
  throw new FileError(
    file,
    `has vox_offset ${header.voxOffset}, where no voxels can begin`,
    'Correct its header.',
  );
}

function locate(
  header: NiftiHeader,
  body: Uint8Array,
  file: string,
  image: Uint8Array | undefined,
  notices: string[],
): { readonly body: Uint8Array; readonly offset: number; readonly name: string } {
  const name = image ? imageName(file) : file;
  if (!image && !header.singleFile)
    throw new FileError(
      file,
      'is the header of a NIfTI pair; the .img file beside it, which has the voxels, was not given',
      'Give both, or convert them to one .nii file.',
    );
  const offset = offsetOf(header, file, image !== undefined, notices);
  return { body: image ? unpack(image, name, notices) : body, offset, name };
}

/** xyzt_units, bits 0 to 2: what sizes are counted in. 0 is unknown and 2 mm. */
const units: Readonly<Record<number, string>> = { 1: 'metres', 3: 'micrometres' };

function noteUnits({ xyztUnits }: NiftiHeader, notices: string[]): void {
  const code = xyztUnits & 7;
  if (code === 0 || code === 2) return;
  const unit = units[code] ?? `an unknown unit (${code})`;
  notices.push(`xyzt_units says ${unit}, not mm; sizes and affine are left as they are, as nibabel does.`);
}

/** Size along t; 0, "not known", where the header has no number. */
const timeStep = (size: number): number => (Number.isFinite(size) ? Math.abs(size) : 0);

/**
 * Reads a .nii, .hdr or ANALYZE-like pair, gzipped or not: NIfTI-1 or NIfTI-2 of either byte order, 1 to 4 dimensions,
 * integer or float32 or float64 voxels. Values and affine are nibabel's but where the sform contradicts pixdim (see
 * `chooseAffine`); `notices` says whatever else was contradictory, and whether the unit is not mm.
 * @param file for messages
 * @param options.image bytes of the .img file where `bytes` are a .hdr file
 * Throws FileError when the file is not NIfTI, is truncated or damaged, or holds what cannot be used.
 * @example
 * const affine = [2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 8, 0, 0, 0, 0, 1];
 * const bytes = data.writeNifti({ dims: [2, 1, 2], spacing: [2, 2, 8], affine, data: Float32Array.of(1, 2, 3, 4) });
 * const { spacing, data: values } = data.readNifti(bytes, 'heart.nii');
 * [spacing, values]; // [[2,2,8],[1,2,3,4]]
 */
export function readNifti(
  bytes: Uint8Array,
  file: string,
  options: { readonly image?: Uint8Array } = {},
): Required<NiftiVolume> {
  const notices: string[] = [];
  const unpacked = unpack(bytes, file, notices);
  const header = parseNiftiHeader(unpacked, file);
  const dims = readDims(header, file);
  const affine = chooseAffine(header, file, notices);
  noteUnits(header, notices);
  const { name, ...voxels } = locate(header, unpacked, file, options.image, notices);
  const count = dims.reduce((a, b) => a * b);
  const data = readValues(header, voxels, count, name, notices);
  const spacing = [...columnLengths(affine), ...dims.slice(3).map(() => timeStep(header.pixdim[4]!))];
  return { dims, spacing, affine, data, notices };
}
