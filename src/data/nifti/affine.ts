/** @file Which of a header's three accounts of orientation to believe: sform, qform or bare voxel sizes. */

import { FileError } from '../../base/errors.ts';
import { isPosition, isSpacing } from '../geometry.ts';
import { cross, dot, length, normalize, scale } from '../vector.ts';
import type { NiftiHeader } from './header.ts';
import { affineColumn, type VoxelAffine } from './volume.ts';

type Triple = [number, number, number];

/** Largest relative difference between the voxel sizes of sform and pixdim: headers round, 1.37 for 1.3672. */
const sizeTolerance = 0.01;

/** Axes whose parallelepiped is flatter than this (volume of the unit vectors) do not span space. */
const flatTolerance = 1e-6;

/** How far b² + c² + d² may exceed 1 by float32 rounding; as nibabel has it for NIfTI-1. */
const quaternionTolerance = 3 * 2 ** -23;

/** qform_code and sform_code are 0 (not given) to 5; any other means "not given" too, as nibabel takes it. */
const codeOf = (code: number): number => (code >= 1 && code <= 5 ? code : 0);

/** Sizes along i, j, k, as nibabel mends them: absolute values, 1 for 0. */
const sizesOf = ({ pixdim }: NiftiHeader): number[] =>
  pixdim.slice(1, 4).map((size) => (size === 0 ? 1 : Math.abs(size)));

const sizesText = (sizes: readonly number[]): string =>
  sizes.map((size) => Number(size.toPrecision(4))).join(' × ');

const fromColumns = (columns: readonly (readonly number[])[]): number[] => [
  ...[0, 1, 2].flatMap((row) => columns.map((column) => column[row]!)),
  ...[0, 0, 0, 1],
];

/** Lengths of an affine's first three columns, mm. */
export function columnLengths(affine: VoxelAffine): number[] {
  return [0, 1, 2].map((c) => length(affineColumn(affine, c)));
}

function checkUsable(affine: VoxelAffine, source: string, file: string): void {
  const fix = `Correct its ${source}.`;
  if (!affine.every(Number.isFinite))
    throw new FileError(file, `has an affine with numbers that are not finite (${source})`, fix);
  const [i, j, k] = [0, 1, 2].map((c) => normalize(affineColumn(affine, c)));
  if (!(Math.abs(dot(cross(i!, j!), k!)) > flatTolerance))
    throw new FileError(file, `has an affine that does not span space (${source})`, fix);
  const steps = columnLengths(affine);
  if (!steps.every(isSpacing) || !isPosition(affineColumn(affine, 3)))
    throw new FileError(
      file,
      `has an affine with steps of ${steps.join(', ')} mm from ${affineColumn(affine, 3).join(', ')} (${source}), which no volume has`,
      fix,
    );
}

/** nifti1.h, method 2: rotation by the quaternion, qfac turns k over. Null when it is none of length 1. */
function qformAffine(header: NiftiHeader): number[] | null {
  const [b, c, d] = header.quaternion as Triple;
  const a2 = 1 - (b * b + c * c + d * d);
  if (a2 < -quaternionTolerance) return null;
  const a = Math.sqrt(Math.max(0, a2));
  const s = 2 / (a * a + b * b + c * c + d * d);
  const rotation = [
    [1 - s * (c * c + d * d), s * (b * c + a * d), s * (b * d - a * c)],
    [s * (b * c - a * d), 1 - s * (b * b + d * d), s * (c * d + a * b)],
    [s * (b * d + a * c), s * (c * d - a * b), 1 - s * (b * b + c * c)],
  ];
  const [x, y, z] = sizesOf(header) as Triple;
  const sizes = [x, y, header.pixdim[0] === -1 ? -z : z];
  return fromColumns([
    ...rotation.map((column, axis) => column.map((v) => v * sizes[axis]!)),
    header.qoffset,
  ]);
}

/** Neither form given: voxel sizes around the centre, i to the left, as nibabel's get_base_affine (from ANALYZE). */
function baseAffine(header: NiftiHeader): number[] {
  const [rank] = header.dim as [number];
  const [x, y, z] = sizesOf(header).map((size, axis) => (axis < rank ? size : 1)) as Triple;
  const middle = (axis: number): number => (axis < rank ? (header.dim[axis + 1]! - 1) / 2 : 0);
  return [-x, 0, 0, middle(0) * x, 0, y, 0, -middle(1) * y, 0, 0, z, -middle(2) * z, 0, 0, 0, 1];
}

const isGiven = (size: number): boolean => Number.isFinite(size) && size !== 0;

/**
 * Whether pixdim contradicts the affine's voxel sizes on an axis with several voxels. Along k, writers of sheared
 * volumes give either the length of the step or the distance between slices; both agree.
 */
function contradicts(header: NiftiHeader, affine: VoxelAffine): boolean {
  const [i, j, k] = [0, 1, 2].map((c) => affineColumn(affine, c));
  const between = Math.abs(dot(normalize(cross(i!, j!)), k!));
  return columnLengths(affine).some((step, axis) => {
    const size = Math.abs(header.pixdim[axis + 1]!);
    const far = (value: number): boolean => Math.abs(value - size) > sizeTolerance * size;
    const several = header.dim[0]! > axis && header.dim[axis + 1]! > 1;
    return several && isGiven(size) && far(step) && (axis < 2 || far(between));
  });
}

const allOne = (sizes: readonly number[]): boolean => sizes.every((size) => Math.abs(size - 1) < 1e-3);

/** The sform's directions and origin with pixdim's sizes, where they are given. */
function rescaled(header: NiftiHeader, affine: VoxelAffine): number[] {
  const columns = [0, 1, 2].map((c) => {
    const [column, size] = [affineColumn(affine, c), Math.abs(header.pixdim[c + 1]!)];
    return isGiven(size) ? scale(normalize(column), size) : column;
  });
  return fromColumns([...columns, affineColumn(affine, 3)]);
}

function sformAffine(header: NiftiHeader, file: string, notices: string[]): number[] {
  const sform = [...header.srow, 0, 0, 0, 1];
  checkUsable(sform, 'sform', file);
  if (!contradicts(header, sform)) return sform;
  const steps = columnLengths(sform);
  const sizes = sizesOf(header);
  const problem = `The sform has voxels of ${sizesText(steps)} mm, pixdim of ${sizesText(sizes)} mm;`;
  // Sizes of 1 are what a writer leaves that never set them; a template's space (codes 3 to 5) may stretch the voxels.
  if (allOne(sizes) || (codeOf(header.sformCode) >= 3 && !allOne(steps))) {
    notices.push(`${problem} the sform is believed.`);
    return sform;
  }
  const given = codeOf(header.qformCode) > 0 ? qformAffine(header) : null;
  const qform = given?.every(Number.isFinite) ? given : null;
  const believed = qform ? 'the qform with pixdim is' : "pixdim with the sform's directions is";
  notices.push(`${problem} ${believed} believed.`);
  return qform ?? rescaled(header, sform);
}

function noteCodes({ sformCode, qformCode }: NiftiHeader, notices: string[]): void {
  for (const [name, code] of Object.entries({ sform_code: sformCode, qform_code: qformCode }))
    if (code !== codeOf(code)) notices.push(`${name} is ${code}, which is not defined; it is taken as 0.`);
}

function noteSizes(header: NiftiHeader, notices: string[]): void {
  const names = [1, 2, 3].filter((axis) => axis <= header.dim[0]! && !(header.pixdim[axis]! > 0));
  if (names.length > 0)
    notices.push(`pixdim[${names.join(', ')}] is no positive number; sizes are taken as absolute, 1 for 0.`);
}

/**
 * The affine as nibabel chooses it (get_best_affine): the sform when its code is above 0, else the qform, else voxel
 * sizes around the centre. One exception: where the sform's voxel sizes contradict pixdim (ACDC's files have an sform
 * of unit scale), the qform or pixdim is believed and `notices` says so. Throws FileError when what is chosen cannot
 * be used.
 */
export function chooseAffine(header: NiftiHeader, file: string, notices: string[]): number[] {
  noteCodes(header, notices);
  if (codeOf(header.sformCode) > 0) {
    const affine = sformAffine(header, file, notices);
    checkUsable(affine, 'sform, qform and pixdim', file);
    return affine;
  }
  noteSizes(header, notices);
  const source = codeOf(header.qformCode) > 0 ? 'qform' : 'pixdim';
  const affine = source === 'qform' ? qformAffine(header) : baseAffine(header);
  if (!affine)
    throw new FileError(file, 'has a qform whose quaternion is longer than 1', 'Correct its qform.');
  checkUsable(affine, source, file);
  return affine;
}
