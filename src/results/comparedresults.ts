/** @file Results of runs beside each other: each with its difference to the first run, over the subjects of both. */
import { mean } from '../base/statistics.ts';
import type { PartName } from './evaluation.ts';
import type { RecordedResult } from './experiment.ts';

/** On what a finished run was measured, and what came out. */
export interface TestedRun {
  readonly part: PartName;
  readonly images: number;
  readonly subjects: number;
  /** Identifies the data set but for its pixels, and its pixels; null in runs of earlier versions. */
  readonly data: string | null;
  readonly pixels: string | null;
  readonly results: readonly RecordedResult[];
}

export interface ComparedResult extends Pick<RecordedResult, 'key' | 'title' | 'unit' | 'digits' | 'better'> {
  /** Whether each run measured it. */
  readonly measured: readonly boolean[];
  /** Of each run. */
  readonly values: readonly (number | null)[];
  /** Of each run, how many subjects have a value; null where it did not measure it. */
  readonly subjects: readonly (number | null)[];
  /** To the first run, of which it is null: see `differenceTo`. */
  readonly differences: readonly (number | null)[];
  /** Of each difference, how many subjects have a value in both runs; null where it is not by subject. */
  readonly paired: readonly (number | null)[];
}

const namesIn = ({ bySubject }: RecordedResult): string[] => Object.keys(bySubject);

/** Subjects that have a value: all of the run, of a figure that only all together have. */
function withValue(result: RecordedResult, { subjects }: TestedRun): number {
  if (result.value === null) return 0;
  return namesIn(result).length || subjects;
}

/**
 * A run's result less the first's: of the figures where the same subjects have a value, or it is not by subject; else
 * the mean over the subjects that have one in both, for means over others would tell these subjects apart.
 */
function differenceTo(
  first: RecordedResult | undefined,
  own: RecordedResult | undefined,
): { readonly difference: number | null; readonly paired: number | null } {
  if (!first || !own || first.value === null || own.value === null) return { difference: null, paired: null };
  const [names, others] = [namesIn(own), namesIn(first)];
  const difference = own.value - first.value;
  if (names.length === 0 || others.length === 0) return { difference, paired: null };
  const both = names.filter((name) => Object.hasOwn(first.bySubject, name));
  const paired = both.length;
  if (paired === names.length && paired === others.length) return { difference, paired };
  return { difference: mean(both.map((name) => own.bySubject[name]! - first.bySubject[name]!)), paired };
}

/** Every result that a run has, of all runs; null is one that is not finished. */
export function comparedResults(runs: readonly (TestedRun | null)[]): ComparedResult[] {
  const all = runs.flatMap((tested) => tested?.results ?? []);
  const firsts = new Map<string, RecordedResult>();
  for (const result of all) if (!firsts.has(result.key)) firsts.set(result.key, result);
  return [...firsts.values()].map(({ key, title, unit, digits, better }) => {
    const own = runs.map((tested) => tested?.results.find((result) => result.key === key));
    const to = own.map((result, i) => differenceTo(i > 0 ? own[0] : undefined, result));
    return {
      ...{ key, title, unit, digits, better, measured: own.map(Boolean) },
      values: own.map((result) => result?.value ?? null),
      subjects: own.map((result, i) => (result ? withValue(result, runs[i]!) : null)),
      differences: to.map(({ difference }) => difference),
      paired: to.map(({ paired }) => paired),
    };
  });
}
