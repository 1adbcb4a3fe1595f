/** @file Grids of volumes: how many voxels of which size lie where, and coarser or finer ones of the same extent. */
import { describe } from '../../base/describe.ts';
import { ShapeError } from '../../base/errors.ts';
import { isSpacing, spacingBoundsMm } from '../geometry.ts';
import type { VoxelAffine } from '../nifti/volume.ts';

/** A number for each axis of a volume. */
export type Axes = readonly [depth: number, height: number, width: number];

/** Where the voxels of a volume lie. Depth, height and width are NIfTI's k, j and i. */
export interface VolumeGrid {
  /** Voxels along depth, height and width. */
  readonly shape: Axes;
  /** Voxel size along depth, height and width, mm: lengths of the affine's columns. */
  readonly spacingMm: Axes;
  /** Row-major 4×4 map from (i, j, k, 1) to millimetres in RAS. */
  readonly affine: VoxelAffine;
}

/** The affine's column of each axis. */
const COLUMNS = [2, 1, 0] as const;

export const voxelsOf = (sides: readonly number[]): number => sides.reduce((a, b) => a * b, 1);

/** Three whole numbers from 1. @throws ShapeError for others */
export function expectSides(call: string, argument: string, sides: unknown): Axes {
  const fits =
    Array.isArray(sides) && sides.length === 3 && sides.every((n) => Number.isSafeInteger(n) && n >= 1);
  if (fits) return sides as unknown as Axes;
  throw new ShapeError(call, argument, `is ${describe(sides)}`, 'Give [depth, height, width] in voxels.');
}

/** @throws ShapeError unless there are as many values as voxels and channels */
export function expectValues(
  call: string,
  argument: string,
  { shape, data }: VolumeGrid & { readonly data: ArrayLike<number> },
  channels = 1,
): void {
  const sides = expectSides(call, `shape of ${argument}`, shape);
  if (data?.length === channels * voxelsOf(sides)) return;
  const problem = `has ${data?.length} values for ${sides.join(' × ')} voxels of ${channels} channels`;
  throw new ShapeError(call, argument, problem, 'Give one for each, channels fastest, then width.');
}

/**
 * A grid of the same extent, of so many voxels: the volume's outer faces stay where they are.
 * @example
 * const affine = [2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 8, 0, 0, 0, 0, 1];
 * const grid = { shape: [4, 64, 64], spacingMm: [8, 2, 2], affine };
 * data.gridOfShape(grid, [8, 32, 32]).spacingMm; // [4,4,4]
 */
export function gridOfShape({ affine, shape, spacingMm }: VolumeGrid, sides: Axes): VolumeGrid {
  const ratios = sides.map((side, axis) => shape[axis]! / side);
  const moved = [...affine];
  for (const row of [0, 1, 2])
    for (const [axis, column] of COLUMNS.entries()) {
      const [along, ratio] = [affine[4 * row + column]!, ratios[axis]!];
      moved[4 * row + column] = along * ratio;
      moved[4 * row + 3]! += (along * (ratio - 1)) / 2;
    }
  const spacing = spacingMm.map((mm, axis) => mm * ratios[axis]!) as unknown as Axes;
  return { shape: sides, spacingMm: spacing, affine: moved };
}

/**
 * A grid of the same extent whose voxels come as near to `spacingMm` as whole numbers of them allow; its `spacingMm` says
 * what they have.
 * @throws ShapeError for spacings that no volume has
 * @example
 * const affine = [2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 8, 0, 0, 0, 0, 1];
 * const { shape, spacingMm } = data.gridOfSpacing({ shape: [3, 64, 64], spacingMm: [8, 2, 2], affine }, [5, 4, 4]);
 * [shape, spacingMm]; // [[5,32,32],[4.8,4,4]]
 */
export function gridOfSpacing(grid: VolumeGrid, spacingMm: readonly number[]): VolumeGrid {
  if (!Array.isArray(spacingMm) || spacingMm.length !== 3 || !spacingMm.every(isSpacing)) {
    const fix = `Give [depth, height, width] in mm, from ${spacingBoundsMm[0]} to ${spacingBoundsMm[1]}.`;
    throw new ShapeError('gridOfSpacing', 'spacingMm', `is ${describe(spacingMm)}`, fix);
  }
  const sides = grid.shape.map((side, axis) =>
    Math.max(1, Math.round((side * grid.spacingMm[axis]!) / spacingMm[axis]!)),
  );
  return gridOfShape(grid, sides as unknown as Axes);
}
