/** @file A figure of each subject, of which several rows may tell. */
import { mean } from '../base/statistics.ts';
import { groupBy } from '../data/lists.ts';

/** Means over the rows of each subject; null is none, and subjects of which all are none are left out. */
export function subjectMeans<R extends { readonly subject: string }>(
  rows: readonly R[],
  of: (row: R) => number | null,
): Map<string, number> {
  const groups = [...groupBy(rows, ({ subject }) => subject)];
  return new Map(
    groups.flatMap(([subject, own]) => {
      const value = mean(own.map(of).filter((v) => v !== null));
      return value === null ? [] : [[subject, value] as const];
    }),
  );
}
