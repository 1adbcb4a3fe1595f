/** @file Exact Euclidean distances to a set of voxels, axis by axis, in time linear in their number. */

import type { Triple, VoxelGrid } from './grid.ts';

/** Room for one line of voxels: its heights, and the parabolas that are lowest somewhere and from where on. */
interface Envelope {
  readonly heights: Float64Array;
  readonly lowest: Int32Array;
  readonly from: Float64Array;
}

/** The lower envelope of the parabolas heights[v] + (mm·(x − v))²; returns the index of its last one, −1 for none. */
function buildEnvelope({ heights, lowest, from }: Envelope, count: number, mm: number): number {
  const perHeight = 1 / (mm * mm);
  let last = -1;
  for (let v = 0; v < count; v++) {
    if (heights[v] === Infinity) continue;
    let start = -Infinity;
    while (last >= 0) {
      const w = lowest[last]!;
      start = ((heights[v]! - heights[w]!) * perHeight + (v - w) * (v + w)) / (2 * (v - w));
      if (start > from[last]!) break;
      last--;
    }
    last++;
    lowest[last] = v;
    from[last] = last === 0 ? -Infinity : start;
  }
  return last;
}

/** Replaces the `count` squared distances from `start` on, `stride` apart, by their minimum with this axis' steps. */
function sweepLine(
  squares: Float64Array,
  start: number,
  stride: number,
  count: number,
  mm: number,
  room: Envelope,
): void {
  const { heights, lowest, from } = room;
  for (let i = 0; i < count; i++) heights[i] = squares[start + i * stride]!;
  const last = buildEnvelope(room, count, mm);
  if (last < 0) return;
  for (let i = 0, k = 0; i < count; i++) {
    while (k < last && from[k + 1]! <= i) k++;
    const step = (i - lowest[k]!) * mm;
    squares[start + i * stride] = heights[lowest[k]!]! + step * step;
  }
}

function sweepAxis(squares: Float64Array, shape: Triple, axis: number, mm: number): void {
  const count = shape[axis]!;
  if (count === 1) return;
  const stride = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  const room = {
    heights: new Float64Array(count),
    lowest: new Int32Array(count),
    from: new Float64Array(count),
  };
  for (let outer = 0; outer < squares.length; outer += stride * count)
    for (let inner = 0; inner < stride; inner++) sweepLine(squares, outer + inner, stride, count, mm, room);
}

/**
 * Squared distance in mm² from each voxel's centre to the nearest of the voxels `targets` (indices; at least one),
 * [slices, rows, columns]. Exact: each axis takes the lower envelope of the parabolas that the axes before it left
 * (Felzenszwalb & Huttenlocher, Theory of Computing 8, 2012).
 */
export function squaredDistances(targets: Int32Array, { shape, spacingMm }: VoxelGrid): Float64Array {
  const squares = new Float64Array(shape[0] * shape[1] * shape[2]).fill(Infinity);
  for (const target of targets) squares[target] = 0;
  for (const axis of [2, 1, 0]) sweepAxis(squares, shape, axis, spacingMm[axis]!);
  return squares;
}
