/** @file Volumes that the network finds in images without masks: there is nothing to compare them with. */
import { mean } from '../../base/statistics.ts';
import { capital } from '../../base/words.ts';
import type { Result } from '../../results/result.ts';
import { subjectMeans } from '../../results/subjects.ts';
import { voxelsMl } from '../../results/volume.ts';
import type { Grid } from '../task.ts';
import { type JudgedSlice, type Stack, stacksOf } from './stacks.ts';

/** Null where the slices are not evenly spaced. */
function stackMl({ slices, stepMm }: Stack, label: number, { spacingMm }: Grid): number | null {
  if (stepMm === null) return null;
  const pixels = slices.reduce(
    (total, { answer }) => total + answer.reduce((count, value) => count + Number(value === label), 0),
    0,
  );
  return voxelsMl(pixels, [stepMm, spacingMm, spacingMm]);
}

/** The volume of each class, the mean over stacks. @param classes background first */
export function volumeResults(
  slices: readonly JudgedSlice[],
  classes: readonly string[],
  grid: Grid,
): Result[] {
  const stacks = stacksOf(slices);
  return classes.slice(1).map((name, i): Result => {
    const volumes = stacks.map((stack) => ({ stack, ml: stackMl(stack, i + 1, grid) }));
    const known = volumes.flatMap(({ stack, ml }) => (ml === null ? [] : [{ subject: stack.subject, ml }]));
    return {
      key: `segmentation.${name}.volumeMl`,
      title: `${capital(name)}, volume`,
      ...{ unit: ' ml', digits: 1, better: 'lower', trivial: null, missing: null, notes: [] },
      value: mean(known.map(({ ml }) => ml)),
      about: known.length === 1 ? 'of one stack' : `mean of ${known.length} stacks`,
      count: known.length,
      bySubject: subjectMeans(known, ({ ml }) => ml),
    };
  });
}
