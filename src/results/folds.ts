/** @file Runs in which all subjects test in turn, taken together: each subject once. */
import { mean } from '../base/statistics.ts';
import { groupBy } from '../data/lists.ts';
import type { ExperimentRun, RecordedResult } from './experiment.ts';

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

function pooledRun(runs: readonly ExperimentRun[]): ExperimentRun {
  const { fold: _, name, results: __, ...rest } = runs[0]!;
  const all = groupBy(
    runs.flatMap(({ results }) => results),
    ({ key }) => key,
  );
  return { name: name.replace(/_fold-\d+/, ''), ...rest, results: [...all.values()].map(pooledResult) };
}

/**
 * The runs that differ in nothing but their fold as one run. Where a fold is missing there is none: a mean over some of
 * the subjects would not compare with one over all.
 * @param folds how many there are
 */
export function pooledRuns(runs: readonly ExperimentRun[], folds: number): ExperimentRun[] {
  const together = groupBy(runs, ({ initialisation, pretraining, labelled, steps, seed }) =>
    JSON.stringify([initialisation, pretraining, labelled, steps, seed]),
  );
  return [...together.values()].filter((some) => some.length === folds).map(pooledRun);
}
