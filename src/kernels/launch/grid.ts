/** @file Grids of any size: what `shaders/include/grid.wgsl` is told of one whose axes are longer than a launch's. */
import type { Grid } from './queue.ts';

/** The longest axis of a launch. */
const LONGEST = 65535;

export interface FoldedGrid {
  readonly grid: Grid;
  /** Values for the shader's overrides; none where the grid is launched as it is, which is as good as always. */
  readonly folds: Readonly<Record<string, number>>;
}

/** The grid as it is, or folded: its workgroups as rows of about the same length. */
export function foldedGrid(x: number, y = 1, z = 1): FoldedGrid {
  if (Math.max(x, y, z) <= LONGEST) return { grid: [x, y, z], folds: {} };
  const workgroups = x * y * z;
  const rows = Math.ceil(workgroups / LONGEST);
  const row = Math.ceil(workgroups / rows);
  return { grid: [row, rows], folds: { FOLDED: 1, GRID_X: x, GRID_Y: y, GRID_Z: z, GRID_ROW: row } };
}
