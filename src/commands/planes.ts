/** @file Medians of planned planes as a table for the terminal. */
import type { PlaneMedians } from '../results/planes.ts';
import { rounded } from '../results/result.ts';
import type { Column } from './table.ts';

export const planeColumns: readonly Column<PlaneMedians>[] = [
  { title: 'MEDIAN OF', cell: ({ view }) => view },
  { title: 'PLANES', cell: ({ planes }) => planes },
  { title: 'ANGLE (°)', cell: ({ own }) => rounded(own.angleDeg, 2) },
  { title: 'DISTANCE (mm)', cell: ({ own }) => rounded(own.distanceMm, 2) },
];

/** Beside what the usual lines tell. */
export const comparedPlaneColumns: readonly Column<PlaneMedians>[] = [
  ...planeColumns.slice(0, 3),
  { title: 'TRIVIAL (°)', cell: ({ usual }) => rounded(usual?.angleDeg ?? null, 2) },
  ...planeColumns.slice(3),
  { title: 'TRIVIAL (mm)', cell: ({ usual }) => rounded(usual?.distanceMm ?? null, 2) },
];
