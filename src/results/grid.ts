/** @file The voxel grid that measures of a volume are taken on, and what its arrays must be. */

import { ShapeError } from '../base/errors.ts';

/** One value along slices, rows and columns; arrays have columns fastest. */
export type Triple = readonly [slices: number, rows: number, columns: number];

export interface VoxelGrid {
  readonly shape: Triple;
  /** Between slices, between rows, between columns, mm. */
  readonly spacingMm: Triple;
}

const isCount = (n: number): boolean => Number.isSafeInteger(n) && n >= 1;
const isSize = (mm: number): boolean => Number.isFinite(mm) && mm > 0;

/** Throws ShapeError when the shape is not three positive whole numbers or the spacing not three positive numbers. */
export function checkVoxelGrid(call: string, { shape, spacingMm }: VoxelGrid): void {
  if (shape.length !== 3 || !shape.every(isCount))
    throw new ShapeError(
      call,
      'shape',
      `is [${shape.join(', ')}], not three positive whole numbers`,
      'Give [slices, rows, columns].',
    );
  if (spacingMm.length !== 3 || !spacingMm.every(isSize))
    throw new ShapeError(
      call,
      'spacingMm',
      `is [${spacingMm.join(', ')}], not three positive numbers`,
      'Give the mm between slices, rows and columns.',
    );
}

/** Throws ShapeError when `values` has not one value for each voxel of `shape`. */
export function checkVoxels(call: string, argument: string, values: ArrayLike<number>, shape: Triple): void {
  const count = shape[0] * shape[1] * shape[2];
  if (values.length === count) return;
  const problem = `has ${values.length} values for a shape of [${shape.join(', ')}] (${count})`;
  throw new ShapeError(call, argument, problem, 'Give one value for each voxel.');
}
