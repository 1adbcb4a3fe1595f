/** @file Volumes and labels on grids of the same extent with other voxels, and scores back on the grid they came from. */
import { describe } from '../../base/describe.ts';
import { ShapeError } from '../../base/errors.ts';
import { axisTaps, type Taps } from '../resample.ts';
import { type Axes, expectSides, expectValues, gridOfSpacing, type VolumeGrid, voxelsOf } from './grid.ts';
import { channelOf, type LabelVolume, type Volume } from './volume.ts';

/** [outer, axis, inner] by the taps of its axis. */
function alongAxis(
  values: Float32Array,
  axis: number,
  inner: number,
  { first, weights }: Taps,
): Float32Array {
  const outer = values.length / (axis * inner);
  const side = weights.length;
  const out = new Float32Array(outer * side * inner);
  for (let o = 0; o < outer; o++)
    for (let i = 0; i < side; i++) {
      const to = (o * side + i) * inner;
      const taps = weights[i]!;
      for (let k = 0; k < taps.length; k++) {
        const [weight, from] = [taps[k]!, (o * axis + first[i]! + k) * inner];
        for (let x = 0; x < inner; x++) out[to + x]! += weight * values[from + x]!;
      }
    }
  return out;
}

/** Values [depth, height, width, channels] on as many voxels as `sides` of the same extent. */
function onSides(values: Float32Array, shape: Axes, sides: Axes, channels = 1): Float32Array {
  const inner = (axis: number): number => voxelsOf(shape.slice(axis + 1)) * channels;
  // depth first, so that what lies within an axis still has its old sides
  return [0, 1, 2].reduce((from, axis) => {
    const [length, side] = [shape[axis]!, sides[axis]!];
    if (length === side) return from;
    const factor = side / length;
    return alongAxis(from, length, inner(axis), axisTaps(length, side, factor, (factor - 1) / 2));
  }, values);
}

/**
 * The volume with voxels as near to `spacingMm` [depth, height, width] as whole numbers of them allow: linear where they
 * become smaller, weighted means where larger (no aliasing), up to the outer faces.
 * @throws ShapeError for spacings that no volume has, or values that are not the grid's
 * @example
 * const affine = [2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1];
 * const volume = { shape: [1, 1, 2], spacingMm: [2, 2, 2], affine, channels: 1, data: Float32Array.of(0, 4) };
 * data.resampleVolume(volume, [2, 2, 1]).data; // [0,1,3,4]
 */
export function resampleVolume(volume: Volume, spacingMm: readonly number[]): Volume {
  const { channels, data, shape } = volume;
  expectValues('resampleVolume', 'volume', volume, channels);
  const grid = gridOfSpacing(volume, spacingMm);
  return { ...volume, ...grid, data: onSides(data, shape, grid.shape, channels) };
}

/** The class with the largest share or score at each voxel, of equal ones the first. */
function largest(
  voxels: number,
  classes: readonly number[],
  scoresOf: (one: number) => Float32Array,
): Uint8Array {
  const best = new Float32Array(voxels).fill(Number.NEGATIVE_INFINITY);
  const data = new Uint8Array(voxels);
  for (const one of classes) {
    const scores = scoresOf(one);
    for (let i = 0; i < voxels; i++)
      if (scores[i]! > best[i]!) {
        best[i] = scores[i]!;
        data[i] = one;
      }
  }
  return data;
}

/**
 * Labels with voxels as `resampleVolume` gives an image on the same grid: each class's share interpolated linearly, then
 * the class of the largest share (as nnU-Net's resize_segmentation).
 * @throws ShapeError as resampleVolume
 * @example
 * const affine = [2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1];
 * const labels = { shape: [1, 1, 2], spacingMm: [2, 2, 2], affine, data: Uint8Array.of(0, 3) };
 * data.resampleLabels(labels, [2, 2, 1]).data; // [0,0,3,3]
 */
export function resampleLabels(labels: LabelVolume, spacingMm: readonly number[]): LabelVolume {
  expectValues('resampleLabels', 'labels', labels);
  const { data, shape } = labels;
  const grid = gridOfSpacing(labels, spacingMm);
  const classes = [...new Set(data)].sort((a, b) => a - b);
  const share = (one: number) => {
    const own = new Float32Array(data.length);
    for (let i = 0; i < own.length; i++) own[i] = Number(data[i] === one);
    return onSides(own, shape, grid.shape);
  };
  return { ...labels, ...grid, data: largest(voxelsOf(grid.shape), classes, share) };
}

/** Largest relative difference between the extents of two grids that cover the same. */
const extentTolerance = 1e-4;

/**
 * Classes of the voxels of `grid`, from which scores were resampled: scores interpolated linearly, then the largest.
 * Probabilities are the better scores: of logits, one very sure voxel would push the border away.
 * @param scores a channel a class, `predictVolume`'s
 * @param grid of the image as it was read
 * @throws ShapeError for scores of another extent, of one class, or not finite
 * @example
 * const affine = [2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1];
 * const grid = { shape: [1, 1, 2], spacingMm: [2, 2, 2], affine };
 * const scores = { ...grid, channels: 2, data: Float32Array.of(0.9, 0.1, 0.2, 0.8) };
 * data.labelsOnGrid(scores, data.gridOfShape(grid, [1, 1, 4])).data; // [0,0,1,1]
 */
export function labelsOnGrid(scores: Volume, grid: VolumeGrid): LabelVolume {
  const call = 'labelsOnGrid';
  const { channels } = scores;
  if (!Number.isInteger(channels) || channels < 2 || channels > 256)
    throw new ShapeError(
      call,
      'scores',
      `have ${describe(channels)} channels`,
      'Give the scores of 2 to 256 classes.',
    );
  expectValues(call, 'scores', scores, channels);
  expectSides(call, 'grid', grid.shape);
  const extents = [scores, grid].map(({ shape, spacingMm }) =>
    shape.map((side, axis) => side * spacingMm[axis]!),
  );
  if (extents[0]!.some((mm, axis) => !(Math.abs(mm / extents[1]![axis]! - 1) < extentTolerance))) {
    const problem = `cover ${extents[0]!.join(' × ')} mm, the grid ${extents[1]!.join(' × ')} mm`;
    throw new ShapeError(call, 'scores', problem, 'Give the grid that they were resampled from.');
  }
  if (!scores.data.every(Number.isFinite))
    throw new ShapeError(call, 'scores', 'hold a value that is not finite', 'Check the network.');
  const classes = Array.from({ length: channels }, (_, one) => one);
  const own = (one: number) => onSides(channelOf(scores, one), scores.shape, grid.shape);
  const { shape, spacingMm, affine } = grid;
  return { shape, spacingMm, affine, data: largest(voxelsOf(shape), classes, own) };
}
