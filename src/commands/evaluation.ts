/** @file Results as a table for the terminal. */
import { type Result, rounded } from '../results/result.ts';
import type { Column } from './table.ts';

/** `2-chamber line, angle (°)` */
export const named = ({ title, unit }: Pick<Result, 'title' | 'unit'>): string =>
  unit.trim() ? `${title} (${unit.trim()})` : title;

type Shown = Pick<Result, 'title' | 'unit' | 'digits' | 'value' | 'trivial'> &
  Partial<Pick<Result, 'missing' | 'count'>>;

export const resultColumns: readonly Column<Shown>[] = [
  { title: 'RESULT', cell: named },
  { title: 'NETWORK', cell: ({ value, digits }) => rounded(value, digits) },
  { title: 'TRIVIAL', cell: ({ trivial, digits }) => rounded(trivial, digits) },
  /** Of those scored, without an answer; they count with the trivial one. */
  {
    title: 'MISSING',
    cell: ({ missing, count }) => (typeof missing === 'number' ? `${missing} of ${count}` : null),
  },
];
