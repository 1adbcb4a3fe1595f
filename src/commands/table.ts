/** @file Tables for the terminal: aligned columns, numbers to the right. */
import { inLine } from '../base/printable.ts';

export type Cell = string | number | null;

export interface Column<T> {
  readonly title: string;
  readonly cell: (row: T) => Cell;
}

/** A cell is one line. */
const textOf = (cell: Cell): string => (cell === null ? '–' : inLine(String(cell)));

/** One line per row under a line of titles; `null` shows as a dash. */
export function formatTable<T>(columns: readonly Column<T>[], rows: readonly T[]): string {
  const cells = rows.map((row) => columns.map(({ cell }) => cell(row)));
  const right = columns.map((_, i) => cells.some((row) => typeof row[i] === 'number'));
  const lines = [columns.map(({ title }) => title), ...cells.map((row) => row.map(textOf))];
  const widths = columns.map((_, i) => Math.max(...lines.map((line) => line[i]!.length)));
  const pad = (text: string, i: number): string =>
    right[i] ? text.padStart(widths[i]!) : text.padEnd(widths[i]!);
  return lines.map((line) => line.map(pad).join('  ').trimEnd()).join('\n');
}
