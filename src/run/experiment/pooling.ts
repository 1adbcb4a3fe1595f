/** @file Figures of many subjects at once, of folds too small to have them: by the tasks that have some. */
import { isRecord } from '../../base/record.ts';
import type { Evaluation } from '../../results/evaluation.ts';
import { type RecordedResult, recordedResult } from '../../results/experiment.ts';
import type { Pooled } from '../../results/folds.ts';
import { tasks } from '../../tasks/index.ts';
import type { Point } from './grid.ts';

/** Each task's part of an evaluation, by its name. */
export type Summaries = Readonly<Record<string, unknown>>;

/** Whether a value read from evaluation.json holds what its tasks pool. */
export const arePoolable = (value: unknown): value is Summaries =>
  isRecord(value) &&
  tasks.every(({ name, poolable }) => !poolable || !Object.hasOwn(value, name) || poolable(value[name]));

/** What the evaluations of folds come to together, in the order of the tasks; of tasks that all of them have. */
export function pooledEvaluations(folds: readonly Summaries[]): Pooled {
  const verdicts = tasks.flatMap(({ name, pool }) => {
    const own = folds.flatMap((summaries) => (summaries[name] as object | null | undefined) ?? []);
    return pool && own.length > 0 && own.length === folds.length ? [pool(own)] : [];
  });
  return {
    results: verdicts
      .flatMap(({ results }) => results)
      .map((result): RecordedResult => ({ ...recordedResult(result), pooled: true })),
    tables: verdicts.flatMap(({ tables }) => tables),
    notes: verdicts.flatMap(({ notes }) => notes),
  };
}

/** The results that a point's evaluation will have a part in once all folds are done; none outside folds. */
export const pooledIn = (
  { fold }: Point,
  { summaries }: Pick<Evaluation, 'summaries'>,
): readonly RecordedResult[] => (fold === null ? [] : pooledEvaluations([summaries]).results);
