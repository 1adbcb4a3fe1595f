/** @file Volumes that the network finds in images without masks: there is nothing to compare them with. */
import { mean } from '../../base/statistics.ts';
import type { Result } from '../../results/result.ts';
import type { Grid } from '../task.ts';
import { type JudgedSlice, type Stack, stacksOf } from './stacks.ts';

/** Null where the slices are not evenly spaced. */
function volumeMl({ slices, stepMm }: Stack, label: number, { spacingMm }: Grid): number | null {
  if (stepMm === null) return null;
  const pixels = slices.reduce(
    (total, { answer }) => total + answer.reduce((count, value) => count + Number(value === label), 0),
    0,
  );
  return (pixels * spacingMm ** 2 * stepMm) / 1000;
}

/** The volume of each class, the mean over stacks. @param classes background first */
export function volumeResults(
  slices: readonly JudgedSlice[],
  classes: readonly string[],
  grid: Grid,
): Result[] {
  const stacks = stacksOf(slices);
  return classes.slice(1).map((name, i): Result => {
    const volumes = stacks.map((stack) => ({ stack, ml: volumeMl(stack, i + 1, grid) }));
    const known = volumes.flatMap(({ stack, ml }) => (ml === null ? [] : [{ subject: stack.subject, ml }]));
    const of = (subject: string) => mean(known.filter((own) => own.subject === subject).map(({ ml }) => ml))!;
    return {
      key: `segmentation.${name}.volumeMl`,
      title: `${name.charAt(0).toUpperCase()}${name.slice(1)}, volume`,
      ...{ unit: ' ml', digits: 1, better: 'lower', trivial: null, missing: null, notes: [] },
      value: mean(known.map(({ ml }) => ml)),
      about: known.length === 1 ? 'of one stack' : `mean of ${known.length} stacks`,
      count: slices.length,
      bySubject: new Map(known.map(({ subject }) => [subject, of(subject)])),
    };
  });
}
