/** @file What is printed of measured volumes. */
import { mean, median } from '../base/statistics.ts';
import { groupBy } from '../data/lists.ts';
import { type Figure, figureNames, figures } from '../results/figures.ts';
import { rounded } from '../results/result.ts';
import {
  type ClassRow,
  type ClassSummary,
  type EjectionRow,
  ejectionRows,
  meanDice,
  summarizeClasses,
} from '../results/volumes.ts';
import { chambers } from '../run/measure.node.ts';
import { print, printTable } from './output.ts';
import type { Column } from './table.ts';

/** Everything that was measured, for --json. */
export function summaryOf(rows: readonly ClassRow[]) {
  const classes = summarizeClasses(rows);
  return {
    dice: meanDice(classes),
    classes,
    ejectionFractions: ejectionRows(rows, chambers),
    rows,
  };
}

/** `HD (mm)` */
const headerOf = (key: Figure): string => {
  const { short, unit } = figures[key];
  return unit === '' ? short : `${short} (${unit.trim()})`;
};

function figureColumns(key: Figure): Column<ClassSummary>[] {
  const { digits } = figures[key];
  return [
    { title: headerOf(key), cell: (row) => rounded(row.figures[key].mean, digits) },
    { title: 'MEDIAN', cell: (row) => rounded(row.figures[key].median, digits) },
  ];
}

/** What distances lack, and why. */
function missingText({ notFound, notThere }: ClassSummary): string | null {
  const parts = [
    ...(notFound > 0 ? [`${notFound} not found`] : []),
    ...(notThere > 0 ? [`${notThere} not there`] : []),
  ];
  return parts.length > 0 ? parts.join(', ') : null;
}

const classColumns: readonly Column<ClassSummary>[] = [
  { title: 'CLASS', cell: (row) => row.class },
  { title: 'PHASE', cell: ({ phase }) => phase },
  { title: 'VOLUMES', cell: ({ volumes }) => volumes },
  ...figureNames.flatMap(figureColumns),
  { title: 'MISSING', cell: missingText },
];

const rowColumns: readonly Column<ClassRow>[] = [
  { title: 'SUBJECT', cell: ({ subject }) => subject },
  { title: 'PHASE', cell: ({ phase }) => phase },
  { title: 'CLASS', cell: (row) => row.class },
  ...figureNames.slice(0, -1).map((key): Column<ClassRow> => {
    const { digits, of } = figures[key];
    return { title: headerOf(key), cell: (row) => rounded(of(row), digits) };
  }),
  { title: 'PREDICTED (ml)', cell: ({ predictedMl }) => rounded(predictedMl, 1) },
  { title: 'TRUE (ml)', cell: ({ truthMl }) => rounded(truthMl, 1) },
];

/** A chamber's ejection fractions over subjects. */
interface EjectionSummary {
  readonly class: string;
  readonly errors: readonly number[];
  readonly subjects: number;
}

const ejectionColumns: readonly Column<EjectionSummary>[] = [
  { title: 'EJECTION FRACTION', cell: (row) => row.class },
  { title: 'SUBJECTS', cell: ({ subjects }) => subjects },
  { title: 'MEAN ERROR (points)', cell: ({ errors }) => rounded(mean(errors.map(Math.abs)), 1) },
  { title: 'MEDIAN', cell: ({ errors }) => rounded(median(errors.map(Math.abs)), 1) },
  { title: 'BIAS', cell: ({ errors }) => rounded(mean(errors), 1) },
  { title: 'MISSING', cell: ({ errors, subjects }) => subjects - errors.length || null },
];

function ejectionSummaries(rows: readonly EjectionRow[]): EjectionSummary[] {
  return [...groupBy(rows, (row) => row.class)].map(([name, own]) => ({
    class: name,
    subjects: own.length,
    errors: own.flatMap(({ predicted, truth }) =>
      predicted === null || truth === null ? [] : [predicted - truth],
    ),
  }));
}

/** Tables: by class and phase, ejection fractions, and each volume and class where that is asked for. */
export function printMeasures(rows: readonly ClassRow[], each: boolean): void {
  if (each) printTable(rowColumns, rows);
  if (each) print('');
  const classes = summarizeClasses(rows);
  printTable(classColumns, classes);
  const ejections = ejectionSummaries(ejectionRows(rows, chambers));
  if (ejections.length > 0) print('');
  if (ejections.length > 0) printTable(ejectionColumns, ejections);
  print(`Dice, mean of the classes: ${meanDice(classes)?.toFixed(3) ?? '–'}`, true);
}
