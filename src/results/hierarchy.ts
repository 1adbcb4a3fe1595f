/** @file An interval for differences that vary with more than one thing: pretrainings, draws of labels, subjects. */
import { ConfigError, ShapeError } from '../base/errors.ts';
import { drawsOf } from '../base/random.ts';
import { mean } from '../base/statistics.ts';
import { purposes } from '../data/purposes.ts';
import { percentile } from './percentile.ts';

/** A mean with the ends of its interval. */
export interface Interval {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** Differences [pretrainings][draws][subjects]; null where one of the two runs has no value of the subject. */
export type Differences = readonly (readonly (readonly (number | null)[])[])[];

/** How often each of `count` was drawn in `count` draws with replacement. */
function counts(count: number, next: () => number): number[] {
  const drawn = Array<number>(count).fill(0);
  for (let i = 0; i < count; i++) drawn[Math.floor(next() * count)]!++;
  return drawn;
}

/** Mean over the cells of their means over subjects, each as often as it counts; null where nothing is left. */
function weightedMean(
  cells: Differences,
  [outer, inner, subjects]: readonly [readonly number[], readonly number[], readonly number[]],
): number | null {
  let [sum, weight] = [0, 0];
  cells.forEach((row, p) => {
    row.forEach((values, s) => {
      const times = outer[p]! * inner[s]!;
      if (times === 0) return;
      let [within, share] = [0, 0];
      values.forEach((value, j) => {
        if (value === null) return;
        within += subjects[j]! * value;
        share += subjects[j]!;
      });
      if (share === 0) return;
      sum += (times * within) / share;
      weight += times;
    });
  });
  return weight > 0 ? sum / weight : null;
}

function check(cells: Differences, resamples: number): void {
  const call = 'hierarchicalBootstrap';
  const [draws, subjects] = [cells[0]?.length ?? 0, cells[0]?.[0]?.length ?? 0];
  if (cells.some((row) => row.length !== draws || row.some((values) => values.length !== subjects)))
    throw new ShapeError(
      call,
      'cells',
      'are of different lengths',
      'Give every pretraining all draws and subjects.',
    );
  const stray = cells.flat(2).find((value) => value !== null && !Number.isFinite(value));
  if (stray !== undefined)
    throw new ShapeError(call, 'cells', `hold ${stray}`, 'Give null where there is no value.');
  if (!Number.isSafeInteger(resamples) || resamples < 100)
    throw new ConfigError(`${call}: resamples ${resamples} is not a whole number of 100 or more.`);
}

/**
 * Mean of crossed differences with its percentile interval: pretrainings, draws of labels and subjects are each drawn
 * anew with replacement (the pigeonhole bootstrap of Owen, Annals of Applied Statistics 1, 2007). What there is one of
 * adds nothing to the interval's width. Null without any difference. The same seed gives the same interval everywhere.
 * @throws ShapeError where the cells are not crossed or a value is not finite; ConfigError for options out of range
 */
export function hierarchicalBootstrap(
  cells: Differences,
  {
    seed,
    resamples = 4999,
    level = 0.95,
  }: { readonly seed: number; readonly resamples?: number; readonly level?: number },
): Interval | null {
  check(cells, resamples);
  const sizes = [cells.length, cells[0]?.length ?? 0, cells[0]?.[0]?.length ?? 0] as const;
  const ones = sizes.map((size) => Array<number>(size).fill(1)) as unknown as Parameters<
    typeof weightedMean
  >[1];
  const middle = weightedMean(cells, ones);
  if (middle === null) return null;
  const next = drawsOf(seed, purposes.hierarchy, 0);
  const means: number[] = [];
  for (let i = 0; i < resamples; i++) {
    const drawn = [counts(sizes[0], next), counts(sizes[1], next), counts(sizes[2], next)] as const;
    means.push(weightedMean(cells, drawn) ?? middle);
  }
  means.sort((a, b) => a - b);
  const end = (share: number): number => percentile(means, 100 * share);
  return { mean: middle, low: end((1 - level) / 2), high: end((1 + level) / 2) };
}

/** Means over subjects of each pretraining and draw; null where a cell has no value. */
export const cellMeans = (cells: Differences): (number | null)[][] =>
  cells.map((row) => row.map((values) => mean(values.filter((v) => v !== null))));
