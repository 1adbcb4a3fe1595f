/** @file Runs in which all subjects test in turn, taken together: each subject once. */
import { mean } from '../base/statistics.ts';
import { groupBy } from '../data/lists.ts';
import type { ExperimentRun, Place, RecordedResult } from './experiment.ts';
import type { Table } from './mark.ts';

const known = (values: readonly (number | null)[]): number[] => values.filter((value) => value !== null);

/** A figure of all folds: the values of all their subjects, of which its own is the mean. */
function pooledResult(parts: readonly RecordedResult[]): RecordedResult {
  const bySubject = Object.assign({}, ...parts.map((part) => part.bySubject)) as Record<string, number>;
  return {
    ...parts[0]!,
    value: mean(Object.values(bySubject)),
    trivial: mean(known(parts.map(({ trivial }) => trivial))),
    bySubject,
  };
}

/** What the answers of folds come to when they are put together. */
export interface Pooled {
  readonly results: readonly RecordedResult[];
  readonly tables: readonly Table[];
  /** How to read them; sentences. */
  readonly notes: readonly string[];
}

/** Puts together the evaluations of folds, each task's part by its name. */
export type Pool = (folds: readonly Readonly<Record<string, unknown>>[]) => Pooled;

const poolOf = (runs: readonly ExperimentRun[], pool: Pool): Pooled =>
  pool(runs.map(({ summaries = {} }) => summaries));

function pooledRun(runs: readonly ExperimentRun[], pool: Pool): ExperimentRun {
  const { fold: _, name, results: __, summaries: ___, ...rest } = runs[0]!;
  const all = groupBy(
    runs.flatMap(({ results }) => results),
    ({ key }) => key,
  );
  const results = [...[...all.values()].map(pooledResult), ...poolOf(runs, pool).results];
  return { name: name.replace(/_fold-\d+/, ''), ...rest, results };
}

/** The runs that differ in nothing but their fold, of which none is missing. */
function together(runs: readonly ExperimentRun[], folds: number): ExperimentRun[][] {
  const all = groupBy(runs, ({ initialisation, pretraining, labelled, steps, seed }) =>
    JSON.stringify([initialisation, pretraining, labelled, steps, seed]),
  );
  return [...all.values()].filter((some) => some.length === folds);
}

/**
 * The runs that differ in nothing but their fold as one run. Where a fold is missing there is none: a mean over some of
 * the subjects would not compare with one over all.
 * @param folds how many there are
 * @param pool what comes beside the figures of folds
 */
export const pooledRuns = (runs: readonly ExperimentRun[], folds: number, pool: Pool): ExperimentRun[] =>
  together(runs, folds).map((some) => pooledRun(some, pool));

/** Tables of an initialisation at a place, in which each subject counts once for each of its runs. */
export interface PooledTables extends Place {
  readonly initialisation: string;
  /** Of all folds. */
  readonly runs: number;
  readonly tables: readonly Table[];
  readonly notes: readonly string[];
}

/** The tables of the same runs, those of an initialisation and place together; none where there is nothing to show. */
export function pooledTables(runs: readonly ExperimentRun[], folds: number, pool: Pool): PooledTables[] {
  const arms = groupBy(together(runs, folds), ([first]) =>
    JSON.stringify([first!.initialisation, first!.labelled, first!.steps]),
  );
  return [...arms.values()].flatMap((some) => {
    const { initialisation, labelled, steps } = some[0]![0]!;
    const { tables, notes } = poolOf(some.flat(), pool);
    return tables.length > 0 ? [{ initialisation, labelled, steps, runs: some.length, tables, notes }] : [];
  });
}
