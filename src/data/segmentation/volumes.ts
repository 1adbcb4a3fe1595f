/** @file Reads an image to be segmented, and the mask beside it: both of three dimensions, on one grid. */

import { FileError } from '../../base/errors.ts';
import { plural } from '../../base/words.ts';
import { gunzip, gunzipStart, HEAD_BYTES, isGzip } from '../nifti/gunzip.ts';
import { type NiftiHeader, parseNiftiHeader } from '../nifti/header.ts';
import { readNifti } from '../nifti/read.ts';
import { bytesOf } from '../nifti/values.ts';
import type { NiftiVolume } from '../nifti/volume.ts';
import type { FileSource } from '../types.ts';

/** A NIfTI file's bytes and its name for messages. */
export interface NamedBytes {
  readonly bytes: Uint8Array;
  readonly file: string;
}

/** Bytes that may follow the last voxel: more are read in vain. */
const MOST_BEHIND = 2 ** 20;

/** A volume's file; of one that is no volume, no more than its first bytes. Throws FileError. */
export async function namedBytes(source: FileSource): Promise<NamedBytes> {
  const file = source.path;
  if (source.start) {
    const { bytes, size } = await source.start(HEAD_BYTES);
    const packed = isGzip(bytes);
    const header = parseNiftiHeader(packed ? gunzipStart(bytes, file) : bytes, file);
    if (!packed && header.singleFile && bytesOf(header) < size - MOST_BEHIND)
      throw new FileError(
        file,
        `holds ${size} bytes, its header describes ${bytesOf(header)}`,
        'Correct its dims.',
      );
  }
  return { bytes: await source.read(), file };
}

export type ReadVolume = Required<NiftiVolume> & {
  readonly file: string;
  /** Whether the file says how it lies in the patient (qform or sform), and not only how large its voxels are. */
  readonly placed: boolean;
};

/** How far a mask's corner may lie from its image's, as a share of the smallest voxel side. */
export const gridTolerance = 0.1;

function checkRank(dim: readonly number[], file: string): void {
  if (dim[0]! < 3)
    throw new FileError(
      file,
      `has ${plural(dim[0]!, 'dimension')}, so it does not say how thick its slice is`,
      'Save it as a volume of three dimensions, of one slice where there is one.',
    );
  const frames = dim[0]! >= 4 ? dim[4]! : 1;
  if (frames > 1)
    throw new FileError(
      file,
      `holds ${frames} frames (4-D)`,
      'Save the frame to be segmented as a file of its own.',
    );
}

/** Whether a header says where its volume lies: a defined qform_code or sform_code. */
const saysWhere = ({ qformCode, sformCode }: NiftiHeader): boolean =>
  [qformCode, sformCode].some((code) => code >= 1 && code <= 5);

/** The volume as `readNifti` reads it. */
function readThreeD({ bytes, file }: NamedBytes): ReadVolume {
  const packed = isGzip(bytes) ? gunzip(bytes, file) : { body: bytes, trailing: 0 };
  const header = parseNiftiHeader(packed.body, file);
  checkRank(header.dim, file);
  const { notices, ...volume } = readNifti(packed.body, file);
  const ignored = packed.trailing > 0 ? [`${packed.trailing} bytes after the gzip data were ignored.`] : [];
  return { ...volume, notices: [...ignored, ...notices], file, placed: saysWhere(header) };
}

/**
 * Reads an image of three dimensions (a fourth of 1 is none). Throws FileError, which names the file, for what
 * `readNifti` refuses, for fewer dimensions, for several frames, and for pixels that are not finite.
 */
export function readImageVolume(source: NamedBytes): ReadVolume {
  const volume = readThreeD(source);
  const stray = volume.data.findIndex((v) => !Number.isFinite(v));
  if (stray < 0) return volume;
  const [i, j] = volume.dims as [number, number];
  const at = [stray % i, Math.floor(stray / i) % j, Math.floor(stray / (i * j))];
  throw new FileError(
    source.file,
    `holds ${volume.data[stray]} at voxel [${at.join(', ')}]`,
    'Replace pixels that are not finite numbers.',
  );
}

export type Placed = Pick<ReadVolume, 'dims' | 'affine'>;

/** Largest distance in mm between the same corner voxels of two affines. */
export function cornerDistanceMm(a: Placed, b: Placed): number {
  const distances = Array.from({ length: 8 }, (_, corner) => {
    const ijk = [0, 1, 2].map((axis) => ((corner >> axis) & 1) * (a.dims[axis]! - 1));
    const off = [0, 1, 2].map((row) =>
      [...ijk, 1].reduce((sum, v, c) => sum + v * (a.affine[4 * row + c]! - b.affine[4 * row + c]!), 0),
    );
    return Math.hypot(...off);
  });
  return Math.max(...distances);
}

/**
 * Reads the mask of an image, values as they are (NaN too: no class, so unknown). A mask that says nothing of where
 * it lies (no qform, no sform) is taken to lie on its image, and `notices` says so.
 * Throws FileError, which names both files, for a mask of other dims, or of voxels more than a tenth of a voxel away
 * from its image's; and for what `readImageVolume` refuses but for NaN.
 */
export function readMaskVolume(source: NamedBytes, image: Omit<ReadVolume, 'data'>): ReadVolume {
  const mask = readThreeD(source);
  const fix = "Save it on its image's grid.";
  if (mask.dims.join() !== image.dims.join()) {
    const problem = `has ${mask.dims.join(' × ')} voxels, its image ${image.file} ${image.dims.join(' × ')}`;
    throw new FileError(source.file, problem, fix);
  }
  if (!mask.placed) {
    const notice = `The mask does not say where it lies; it is taken to lie on ${image.file}.`;
    return { ...mask, affine: image.affine, spacing: image.spacing, notices: [...mask.notices, notice] };
  }
  const distance = cornerDistanceMm(mask, image);
  if (distance <= gridTolerance * Math.min(...image.spacing)) return mask;
  const problem = `lies up to ${Number(distance.toPrecision(3))} mm away from its image ${image.file}`;
  throw new FileError(source.file, problem, fix);
}
