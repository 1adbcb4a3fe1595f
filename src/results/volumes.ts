/** @file Segmented volumes measured beside their true masks: by patient and phase, and what they come to. */
import { ShapeError } from '../base/errors.ts';
import { groupBy } from '../data/lists.ts';
import { UNKNOWN } from '../data/types.ts';
import { csvLines } from './csv.ts';
import { type Figure, figureNames, figures } from './figures.ts';
import type { VoxelGrid } from './grid.ts';
import { measureSegmentation, type SegmentationMeasures } from './segmentation.ts';
import { type Summary, summarize } from './summary.ts';
import { ejectionFraction } from './volume.ts';

export type Phase = 'ED' | 'ES' | null;

/** A class in a volume. */
export interface ClassRow extends SegmentationMeasures {
  readonly subject: string;
  readonly phase: Phase;
  /** The volume's name. */
  readonly volume: string;
  readonly class: string;
}

export interface VolumePair {
  readonly subject: string;
  readonly phase: Phase;
  readonly volume: string;
  /** [slices, rows, columns] class numbers. */
  readonly predicted: Uint8Array;
  /** The same, or UNKNOWN: what is there counts neither for nor against. */
  readonly truth: Uint8Array;
  readonly grid: VoxelGrid;
}

/** Measures classes, over voxels of which the truth knows something. @param classes with their numbers in the maps */
export function measureVolume(
  pair: VolumePair,
  classes: readonly { readonly name: string; readonly number: number }[],
): ClassRow[] {
  const { predicted, truth, grid, ...names } = pair;
  if (predicted.length !== truth.length) {
    const problem = `has ${predicted.length} voxels for the ${truth.length} of the truth`;
    throw new ShapeError('measureVolume', 'predicted', problem, 'Give maps of one grid.');
  }
  const known = predicted.map((label, i) => (truth[i] === UNKNOWN ? UNKNOWN : label));
  return classes.map(({ name, number }) => ({
    ...{ ...names, class: name },
    ...measureSegmentation(known, truth, number, grid),
  }));
}

/** A class over volumes of a phase, or of all. */
export interface ClassSummary {
  readonly class: string;
  readonly phase: 'ED' | 'ES' | 'all';
  /** Volumes in which the class is, in truth or as predicted. */
  readonly volumes: number;
  /** Of these, those in which it was not found; those in which it was found and is not. Their distances are missing. */
  readonly notFound: number;
  readonly notThere: number;
  readonly figures: Readonly<Record<Figure, Summary>>;
}

function summaryOf(name: string, phase: ClassSummary['phase'], rows: readonly ClassRow[]): ClassSummary {
  const own = rows.filter(({ missing }) => missing !== 'both');
  const summaries = figureNames.map((key) => [key, summarize(own.map((row) => figures[key].of(row)))]);
  return {
    class: name,
    phase,
    volumes: own.length,
    notFound: own.filter(({ missing }) => missing === 'predicted').length,
    notThere: own.filter(({ missing }) => missing === 'truth').length,
    figures: Object.fromEntries(summaries) as ClassSummary['figures'],
  };
}

/** Each class over all volumes, then over those of each phase that occurs. */
export function summarizeClasses(rows: readonly ClassRow[]): ClassSummary[] {
  const phases = (['ED', 'ES'] as const).filter((phase) => rows.some((row) => row.phase === phase));
  return [...groupBy(rows, (row) => row.class)].flatMap(([name, own]) => [
    summaryOf(name, 'all', own),
    ...phases.map((phase) =>
      summaryOf(
        name,
        phase,
        own.filter((row) => row.phase === phase),
      ),
    ),
  ]);
}

/** Mean over the classes of their mean Dice over all volumes; null without any. */
export function meanDice(summaries: readonly ClassSummary[]): number | null {
  const means = summaries.filter(({ phase }) => phase === 'all').map((one) => one.figures.dice.mean);
  return summarize(means).mean;
}

/** A chamber's ejection fraction in a subject, percent; null where there is no volume at end diastole. */
export interface EjectionRow {
  readonly subject: string;
  readonly class: string;
  readonly predicted: number | null;
  readonly truth: number | null;
}

/** Of the subjects that have both phases. @param chambers names of classes */
export function ejectionRows(rows: readonly ClassRow[], chambers: readonly string[]): EjectionRow[] {
  const groups = groupBy(
    rows.filter((row) => chambers.includes(row.class)),
    (row) => JSON.stringify([row.subject, row.class]),
  );
  return [...groups.values()].flatMap((own) => {
    const [full, empty] = [own.find(({ phase }) => phase === 'ED'), own.find(({ phase }) => phase === 'ES')];
    if (!full || !empty) return [];
    return [
      {
        ...{ subject: full.subject, class: full.class },
        predicted: ejectionFraction(full.predictedMl, empty.predictedMl),
        truth: ejectionFraction(full.truthMl, empty.truthMl),
      },
    ];
  });
}

const columns = [
  ...(['subject', 'phase', 'volume', 'class', 'dice', 'hausdorffMm', 'hausdorff95Mm', 'surfaceMm'] as const),
  ...(['predictedMl', 'truthMl', 'missing'] as const),
] as const satisfies readonly (keyof ClassRow)[];

/** Comma-separated values (RFC 4180), a line for each volume and class; what is missing is empty. */
export function rowsAsCsv(rows: readonly ClassRow[]): string {
  return csvLines([columns, ...rows.map((row) => columns.map((name) => row[name]))]);
}
