/** @file A NIfTI volume in memory, and the planes of its slices. */

import { GeometryError } from '../../base/errors.ts';
import { imagePlane, orientationTolerance } from '../geometry.ts';
import type { ImagePlane, Vec3 } from '../types.ts';
import { dot, length, normalize } from '../vector.ts';

/** Row-major 4×4 map from voxel indices (i, j, k, 1) to millimetres in RAS. */
export type VoxelAffine = readonly number[];

/** A NIfTI-1 volume: values with x running fastest, and where they lie. */
export interface NiftiVolume {
  /** Voxels along i, j, k and, when there are several volumes, t. */
  readonly dims: readonly number[];
  /** Voxel size along i, j, k, mm: the lengths of the affine's columns; along t in the file's unit. */
  readonly spacing: readonly number[];
  readonly affine: VoxelAffine;
  /** i fastest; scl_slope and scl_inter applied. Float32: integers beyond 2^24 and float64 values are rounded. */
  readonly data: Float32Array;
  /** Where the file contradicts itself, what was believed: sentences for the user. `writeNifti` ignores them. */
  readonly notices?: readonly string[];
}

/** Column c of an affine: the step along i, j or k, or (c = 3) the centre of the first voxel. RAS, mm. */
export function affineColumn(affine: VoxelAffine, c: number): Vec3 {
  return [affine[c]!, affine[4 + c]!, affine[8 + c]!];
}

/** RAS to LPS: the first two axes change sign. */
const toLps = ([x, y, z]: Vec3): Vec3 => [-x, -y, z];

function checkPerpendicular(alongI: Vec3, alongJ: Vec3): void {
  const cosine = dot(normalize(alongI), normalize(alongJ));
  if (Math.abs(cosine) <= orientationTolerance) return;
  const problem = Number.isFinite(cosine)
    ? `is sheared in plane: i and j are ${((Math.acos(cosine) * 180) / Math.PI).toFixed(2)}° apart, not 90°`
    : 'has a column without a finite length along i or j';
  throw new GeometryError(`The volume's affine ${problem}. Resample it to perpendicular axes.`);
}

/**
 * In-plane geometry of slice k (x = i, y = j) in LPS; k may be sheared against i and j.
 * Throws GeometryError when i and j are not perpendicular (within `orientationTolerance`).
 * @example
 * const affine = [2, 0, 0, 10, 0, 2, 0, 20, 0, 0, 8, 30, 0, 0, 0, 1]; // RAS
 * const volume = { dims: [4, 4, 3], spacing: [2, 2, 8], affine, data: new Float32Array(48) };
 * data.niftiPlane(volume, 1).position; // [-10,-20,38]
 */
export function niftiPlane(volume: NiftiVolume, k: number): ImagePlane {
  const column = (c: number): Vec3 => toLps(affineColumn(volume.affine, c));
  const [alongI, alongJ, alongK, origin] = [column(0), column(1), column(2), column(3)];
  checkPerpendicular(alongI, alongJ);
  return imagePlane({
    position: [origin[0] + k * alongK[0], origin[1] + k * alongK[1], origin[2] + k * alongK[2]],
    rowDirection: normalize(alongI),
    columnDirection: normalize(alongJ),
    spacingMm: [length(alongJ), length(alongI)],
    rows: volume.dims[1]!,
    columns: volume.dims[0]!,
  });
}
