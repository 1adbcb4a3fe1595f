/** @file What `prepare` says of a prepared data set, subject by subject: images, labels, lines and masks. */
import { groupBy } from '../data/lists.ts';
import { isLabelled, type Sample, samplesOf } from '../data/sample.ts';
import type { TrainingData } from '../data/types.ts';
import type { Column } from './table.ts';

/** Of data with masks. */
interface MaskRow {
  readonly frames: number;
  /** Images of which anything is known. */
  readonly withMask: number;
  /** Images by the classes that occur there. */
  readonly classes: Readonly<Record<string, number>>;
}

export interface SubjectRow extends Partial<MaskRow> {
  readonly subject: string;
  readonly images: number;
  readonly withLocation: number;
  readonly lines: Readonly<Record<string, number>>;
}

function maskRow(own: readonly Sample[], names: readonly string[]): MaskRow {
  const found = own.map((sample) => new Set(sample.mask() ?? []));
  const withClass = (index: number): number => found.filter((classes) => classes.has(index)).length;
  return {
    frames: new Set(own.map(({ frame }) => frame)).size,
    withMask: own.filter(isLabelled).length,
    classes: Object.fromEntries(names.slice(1).map((name, i) => [name, withClass(i + 1)])),
  };
}

/** A row for each subject, sorted. */
export function subjectRows(data: TrainingData): SubjectRow[] {
  const { referenceViews, classes } = data.manifest;
  const subjects = [...groupBy(samplesOf(data), ({ subject }) => subject)];
  return subjects
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([subject, own]) => {
      const lines = referenceViews.map((view, i) => [view, own.filter((image) => image.lines[i]).length]);
      const withLocation = own.filter(({ location }) => location !== null).length;
      const row = { subject, images: own.length, withLocation, lines: Object.fromEntries(lines) };
      return classes ? { ...row, ...maskRow(own, classes) } : row;
    });
}

/** The rows' columns for a table. */
export function subjectColumns({ manifest }: TrainingData): Column<SubjectRow>[] {
  const { referenceViews, classes = [] } = manifest;
  const counted = (title: string, cell: (row: SubjectRow) => number): Column<SubjectRow> => ({ title, cell });
  return [
    { title: 'SUBJECT', cell: (row) => row.subject },
    counted('IMAGES', (row) => row.images),
    counted('LOCATIONS', (row) => row.withLocation),
    ...referenceViews.map((view) => counted(`LINES ${view}`, (row) => row.lines[view]!)),
    ...(classes.length > 0
      ? [counted('FRAMES', (row) => row.frames!), counted('MASKS', (row) => row.withMask!)]
      : []),
    ...classes.slice(1).map((name) => counted(name.toUpperCase(), (row) => row.classes![name]!)),
  ];
}
