/** @file How well a segmented structure fits the true one: overlap, surface distances and volumes. */

import { ShapeError } from '../base/errors.ts';
import { checkVoxelGrid, checkVoxels, type VoxelGrid } from './grid.ts';
import { percentile } from './percentile.ts';
import { type Box, boxAround, cropMask, directedDistances, surfaceOf } from './surface.ts';
import { voxelsMl } from './volume.ts';

/** Null distances are missing, not 0 or infinite: average them with `summarize`, which counts them. */
export interface SegmentationMeasures {
  /** 2·|P ∩ T| / (|P| + |T|): 0 where one mask alone is empty, null where both are. */
  readonly dice: number | null;
  /** Hausdorff distance: the largest distance from a surface voxel of either mask to the other's surface. */
  readonly hausdorffMm: number | null;
  /** 95th percentile of those distances, both directions pooled, interpolated linearly. */
  readonly hausdorff95Mm: number | null;
  /** Average symmetric surface distance: the mean of both directions' means. */
  readonly surfaceMm: number | null;
  readonly predictedMl: number;
  readonly truthMl: number;
  /** Which mask is empty; null where neither is. */
  readonly missing: 'predicted' | 'truth' | 'both' | null;
}

type SurfaceDistances = Pick<SegmentationMeasures, 'hausdorffMm' | 'hausdorff95Mm' | 'surfaceMm'>;

const noDistances: SurfaceDistances = { hausdorffMm: null, hausdorff95Mm: null, surfaceMm: null };

const meanOf = (values: Float64Array): number => values.reduce((sum, v) => sum + v, 0) / values.length;

function surfaceDistances(predicted: Uint8Array, truth: Uint8Array, grid: VoxelGrid): SurfaceDistances {
  const [p, t] = [surfaceOf(predicted, grid.shape), surfaceOf(truth, grid.shape)];
  if (p.length === 0 || t.length === 0) return noDistances;
  const [there, back] = [directedDistances(p, t, grid), directedDistances(t, p, grid)];
  const both = new Float64Array(there.length + back.length);
  both.set(there);
  both.set(back, there.length);
  both.sort();
  return {
    hausdorffMm: both.at(-1)!,
    hausdorff95Mm: percentile(both, 95),
    surfaceMm: (meanOf(there) + meanOf(back)) / 2,
  };
}

const sumOf = (mask: Uint8Array): number => mask.reduce((sum, v) => sum + v, 0);

const missingOf = (predicted: number, truth: number): SegmentationMeasures['missing'] => {
  if (predicted > 0) return truth > 0 ? null : 'truth';
  return truth > 0 ? 'predicted' : 'both';
};

const emptyBox: Box = { start: [0, 0, 0], shape: [0, 0, 0] };

function checkMaps(
  predicted: ArrayLike<number>,
  truth: ArrayLike<number>,
  label: number,
  grid: VoxelGrid,
): void {
  const call = 'measureSegmentation';
  checkVoxelGrid(call, grid);
  checkVoxels(call, 'predicted', predicted, grid.shape);
  checkVoxels(call, 'truth', truth, grid.shape);
  if (!Number.isFinite(label))
    throw new ShapeError(call, 'label', `is ${label}, not a number`, 'Give the class to compare.');
}

/**
 * Compares the voxels of class `label` in two class maps [slices, rows, columns], with the definitions of medpy's
 * `dc`, `hd`, `hd95` and `assd` (connectivity 1). Only the box around both structures is computed on, which changes
 * nothing: all surface voxels lie in it.
 * @param label the class; 1 for masks of 0 and 1
 * Throws ShapeError when lengths do not fit the shape, a spacing is not positive, or the label is not a number.
 */
export function measureSegmentation(
  predicted: ArrayLike<number>,
  truth: ArrayLike<number>,
  label: number,
  grid: VoxelGrid,
): SegmentationMeasures {
  checkMaps(predicted, truth, label, grid);
  const box = boxAround(predicted, truth, label, grid.shape) ?? emptyBox;
  const p = cropMask(predicted, label, grid.shape, box);
  const t = cropMask(truth, label, grid.shape, box);
  const [inP, inT, inBoth] = [sumOf(p), sumOf(t), sumOf(p.map((v, i) => v & t[i]!))];
  return {
    dice: inP + inT > 0 ? (2 * inBoth) / (inP + inT) : null,
    ...surfaceDistances(p, t, { shape: box.shape, spacingMm: grid.spacingMm }),
    predictedMl: voxelsMl(inP, grid.spacingMm),
    truthMl: voxelsMl(inT, grid.spacingMm),
    missing: missingOf(inP, inT),
  };
}
