/** @file Test subjects of whom runs have no value: what means over test subjects leave out. */
import type { ExperimentRun } from './experiment.ts';

/** Of whom a result's means are. */
export interface Coverage {
  readonly tested: number;
  /** Who has no value in any run. */
  readonly none: readonly string[];
  /** Who has one in some runs alone. */
  readonly some: readonly string[];
}

/**
 * Who of the test subjects has a value.
 * @param runs in each of which all of `tested` test; in folds, those of a seed as one
 * @param key of the result; null: the runs have none at all
 * @returns null without runs or subjects, and of what only all subjects together have
 */
export function coverageOf(
  runs: readonly Pick<ExperimentRun, 'results'>[],
  key: string | null,
  tested: readonly string[],
): Coverage | null {
  if (runs.length === 0 || tested.length === 0) return null;
  const found = runs.map(({ results }) => results.find((result) => result.key === key));
  const names = found.map((result) => new Set(Object.keys(result?.bySubject ?? {})));
  if (found.some((result, i) => result && result.value !== null && names[i]!.size === 0)) return null;
  const counts = tested.map((name) => names.filter((own) => own.has(name)).length);
  return {
    tested: tested.length,
    none: tested.filter((_, i) => counts[i] === 0),
    some: tested.filter((_, i) => counts[i]! > 0 && counts[i]! < runs.length),
  };
}
