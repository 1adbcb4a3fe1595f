/** @file Where a structure lies in a volume: the box around it in two class maps, and its surface in each. */

import { squaredDistances } from './distance.ts';
import type { Triple, VoxelGrid } from './grid.ts';

/** First voxel and number of voxels along each axis. */
export interface Box {
  readonly start: Triple;
  readonly shape: Triple;
}

interface Bounds {
  readonly low: [number, number, number];
  readonly high: [number, number, number];
}

/** Widens the bounds to hold voxels `first` to `last` of row (z, y). */
function includeRow({ low, high }: Bounds, z: number, y: number, first: number, last: number): void {
  low[0] = Math.min(low[0], z);
  low[1] = Math.min(low[1], y);
  low[2] = Math.min(low[2], first);
  high[0] = Math.max(high[0], z);
  high[1] = Math.max(high[1], y);
  high[2] = Math.max(high[2], last);
}

/** The smallest box that holds every voxel of `label` in either map, or null where there is none. */
export function boxAround(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  label: number,
  [slices, rows, columns]: Triple,
): Box | null {
  const bounds: Bounds = { low: [Infinity, Infinity, Infinity], high: [-1, -1, -1] };
  for (let row = 0; row < slices * rows; row++) {
    let [first, last] = [-1, -1];
    for (let x = 0, i = row * columns; x < columns; x++, i++) {
      if (a[i] !== label && b[i] !== label) continue;
      if (first < 0) first = x;
      last = x;
    }
    if (last >= 0) includeRow(bounds, Math.floor(row / rows), row % rows, first, last);
  }
  const { low, high } = bounds;
  if (high[0] < 0) return null;
  return { start: low, shape: [high[0] - low[0] + 1, high[1] - low[1] + 1, high[2] - low[2] + 1] };
}

/** 1 where a voxel of the box has `label`; `shape` is the whole map's. */
export function cropMask(values: ArrayLike<number>, label: number, shape: Triple, box: Box): Uint8Array {
  const [slices, rows, columns] = box.shape;
  const mask = new Uint8Array(slices * rows * columns);
  for (let z = 0, i = 0; z < slices; z++)
    for (let y = 0; y < rows; y++) {
      const row = ((z + box.start[0]) * shape[1] + y + box.start[1]) * shape[2] + box.start[2];
      for (let x = 0; x < columns; x++, i++) mask[i] = values[row + x] === label ? 1 : 0;
    }
  return mask;
}

/**
 * Indices of the mask's surface: its voxels that an erosion with the six face neighbours takes away (medpy,
 * connectivity 1). What lies beyond the array counts as outside, so a volume of one slice is all surface.
 */
export function surfaceOf(mask: Uint8Array, [slices, rows, columns]: Triple): Int32Array {
  const area = rows * columns;
  const found = new Int32Array(mask.length);
  let count = 0;
  for (let z = 0, i = 0; z < slices; z++)
    for (let y = 0; y < rows; y++)
      for (let x = 0; x < columns; x++, i++) {
        if (mask[i] === 0) continue;
        const isInside =
          z > 0 &&
          z < slices - 1 &&
          y > 0 &&
          y < rows - 1 &&
          x > 0 &&
          x < columns - 1 &&
          mask[i - area]! &
            mask[i + area]! &
            mask[i - columns]! &
            mask[i + columns]! &
            mask[i - 1]! &
            mask[i + 1]!;
        if (!isInside) found[count++] = i;
      }
  return found.slice(0, count);
}

/** Distance in mm from each voxel of `from` to the nearest voxel of `to`, both indices into the grid. */
export function directedDistances(from: Int32Array, to: Int32Array, grid: VoxelGrid): Float64Array {
  const squares = squaredDistances(to, grid);
  return Float64Array.from(from, (voxel) => Math.sqrt(squares[voxel]!));
}
