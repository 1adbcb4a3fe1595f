/** @file Volumes of cardiac structures, and the ejection fraction from two of them. */

import { ShapeError } from '../base/errors.ts';
import { checkVoxelGrid, checkVoxels, type Triple, type VoxelGrid } from './grid.ts';

/** Volume of `count` voxels, ml. */
export function voxelsMl(count: number, [slice, row, column]: Triple): number {
  return (count * slice * row * column) / 1000;
}

/**
 * Volume of class `label` in a class map [slices, rows, columns], ml: voxels times voxel size, gaps between slices
 * included in it. Throws ShapeError when lengths do not fit the shape or a spacing is not positive.
 */
export function volumeMl(classes: ArrayLike<number>, label: number, grid: VoxelGrid): number {
  checkVoxelGrid('volumeMl', grid);
  checkVoxels('volumeMl', 'classes', classes, grid.shape);
  let count = 0;
  for (let i = 0; i < classes.length; i++) if (classes[i] === label) count++;
  return voxelsMl(count, grid.spacingMm);
}

/**
 * Ejection fraction in percent: 100·(EDV − ESV) / EDV; null where the end-diastolic volume is 0. It is negative
 * where the end-systolic volume is the larger. Throws ShapeError for volumes that are negative or no numbers.
 */
export function ejectionFraction(endDiastolicMl: number, endSystolicMl: number): number | null {
  for (const [name, ml] of Object.entries({ endDiastolicMl, endSystolicMl }))
    if (!(ml >= 0 && ml < Infinity))
      throw new ShapeError('ejectionFraction', name, `is ${ml}, not a volume`, 'Give ml, 0 or more.');
  return endDiastolicMl === 0 ? null : (100 * (endDiastolicMl - endSystolicMl)) / endDiastolicMl;
}
