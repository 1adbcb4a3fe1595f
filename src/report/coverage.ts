/** @file What an experiment says of test subjects without a figure, in its report and on the terminal. */
import { some } from '../base/words.ts';
import type { Coverage } from '../results/coverage.ts';
import { counted, whole } from './html.ts';

/** Names that a sentence has room for. */
const MOST_NAMED = 12;

const WHY = 'The reports of the runs in which they test say why.';

/** Remarks; none where every test subject has a value in all runs. @param title of the result; null: the runs have none at all */
export function coverageNotes(coverage: Coverage | null, title: string | null): string[] {
  if (!coverage) return [];
  const { tested, none, some: partly } = coverage;
  const all = counted(tested, 'test subject');
  if (title === null) return [`None of the ${all} has a figure. ${WHY}`];
  if (none.length === tested) return [`${title}: none of the ${all} has a value. ${WHY}`];
  const left = tested - none.length;
  return [
    ...(none.length > 0
      ? [
          `${title}: ${whole(left)} of ${all} ${left === 1 ? 'has' : 'have'} a value, and means are over these. Without one in any run: ${some(none, MOST_NAMED)}. ${WHY}`,
        ]
      : []),
    ...(partly.length > 0
      ? [
          `${title}: in some runs alone there is a value of ${some(partly, MOST_NAMED)}. Means of the other runs, and differences to these, are without them.`,
        ]
      : []),
  ];
}
