/** @file The errors of an evaluation as a table for the terminal. */
import type { Evaluation } from '../train/evaluate.ts';
import type { Column } from './table.ts';

export interface EvaluationRow {
  readonly name: string;
  readonly ours: number | null;
  readonly trivial: number | null;
  /** Images without a fitted line, which count with the trivial one, of those scored; null: none can be missing. */
  readonly missing: string | null;
}

export const evaluationColumns: readonly Column<EvaluationRow>[] = [
  { title: 'ERROR', cell: (row) => row.name },
  { title: 'NETWORK', cell: (row) => row.ours },
  { title: 'TRIVIAL', cell: (row) => row.trivial },
  { title: 'MISSING', cell: (row) => row.missing },
];

const rounded = (value: number | null, digits: number): number | null =>
  value === null ? null : Number(value.toFixed(digits));

export function evaluationRows({ orientation, location }: Evaluation): EvaluationRow[] {
  const lines = Object.entries(orientation ?? {}).flatMap(([view, errors]): EvaluationRow[] => {
    const missing = `${errors.missing} of ${errors.images}`;
    return [
      {
        name: `${view} line, median offset (mm)`,
        ours: rounded(errors.offsetMm, 2),
        trivial: rounded(errors.baselineOffsetMm, 2),
        missing,
      },
      {
        name: `${view} line, median angle (°)`,
        ours: rounded(errors.angleDeg, 2),
        trivial: rounded(errors.baselineAngleDeg, 2),
        missing,
      },
    ];
  });
  if (!location) return lines;
  const [ours, trivial] = [rounded(location.mae, 4), rounded(location.baselineMae, 4)];
  return [...lines, { name: 'slice location, mean absolute error', ours, trivial, missing: null }];
}
