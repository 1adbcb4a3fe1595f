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

/** A row as it is counted. */
type Counted = SubjectRow & { images: number; withLocation: number; readonly lines: Record<string, number> };

/** A row for each subject, sorted. */
export function subjectRows(data: TrainingData): SubjectRow[] {
  const { images, referenceViews, classes } = data.manifest;
  const rows = new Map<string, Counted>();
  for (const { subject, location, lines } of images) {
    const none = Object.fromEntries(referenceViews.map((view) => [view, 0]));
    const row = rows.get(subject) ?? { subject, images: 0, withLocation: 0, lines: none };
    rows.set(subject, row);
    row.images++;
    if (location !== null) row.withLocation++;
    for (const [i, view] of referenceViews.entries()) if (lines[i]) row.lines[view]!++;
  }
  const sorted = [...rows.values()].sort((a, b) => (a.subject < b.subject ? -1 : 1));
  if (!classes) return sorted;
  const own = groupBy(samplesOf(data), ({ subject }) => subject);
  return sorted.map((row) => ({ ...row, ...maskRow(own.get(row.subject)!, classes) }));
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
