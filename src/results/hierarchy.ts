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

/**
 * Differences [pretrainings][draws][subjects]; null where one of the two runs has no value of the subject, everywhere
 * in a cell of which a run is missing.
 */
export type Differences = readonly (readonly (readonly (number | null)[])[])[];

/**
 * How draws and pretrainings meet: every draw with every pretraining; each draw with one of several pretrainings, in
 * which it is nested; or only some of the pairs.
 */
export type Layout = 'crossed' | 'nested' | 'partial';

/** Which cells hold a value. */
const presence = (cells: Differences): boolean[][] =>
  cells.map((row) => row.map((values) => values.some((value) => value !== null)));

const trues = (row: readonly boolean[]): number => row.filter(Boolean).length;

/** Of each draw, how many pretrainings it has. */
const pretrainingsByDraw = (present: readonly (readonly boolean[])[]): number[] =>
  (present[0] ?? []).map((_, s) => trues(present.map((row) => row[s]!)));

/** The cells of the draws that hold a value with any pretraining. */
function withValues(cells: Differences): Differences {
  const each = pretrainingsByDraw(presence(cells));
  return cells.map((row) => row.filter((_, s) => each[s]! > 0));
}

/** The layout of the cells that hold a value. */
export function layoutOf(cells: Differences): Layout {
  const each = pretrainingsByDraw(presence(withValues(cells)));
  if (each.every((made) => made === cells.length)) return 'crossed';
  return each.every((made) => made <= 1) ? 'nested' : 'partial';
}

/** The tails of few draws are rough: with 4,999 of ten the ends move by 2 % of the width from seed to seed, with these by half of it. */
const defaultResamples: Readonly<Record<Layout, number>> = { crossed: 4999, nested: 19_999, partial: 19_999 };

/** How often each of `count` was drawn in `count` draws with replacement. */
function counts(count: number, next: () => number): number[] {
  const drawn = Array<number>(count).fill(0);
  for (let i = 0; i < count; i++) drawn[Math.floor(next() * count)]!++;
  return drawn;
}

/** How often each cell counts, [pretrainings][draws]. */
type Weights = readonly (readonly number[])[];

/** Mean over the cells of their means over subjects, each as often as it counts; null where nothing is left. */
function weightedMean(cells: Differences, weights: Weights, subjects: readonly number[]): number | null {
  let [sum, weight] = [0, 0];
  cells.forEach((row, p) => {
    row.forEach((values, s) => {
      const times = weights[p]![s]!;
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

/** What counts how often in a resample. */
type Resample = (next: () => number) => Weights;

/** What each cell weighs. */
function sharesOf(present: readonly (readonly boolean[])[], layout: Layout): Weights {
  // of pretrainings that have draws of their own each counts the same, however many these are; else each draw does
  if (layout === 'nested')
    return present.map((row) => row.map((there) => Number(there) / Math.max(1, trues(row))));
  const each = pretrainingsByDraw(present);
  return present.map((row) => row.map((_, s) => present.length / Math.max(1, each[s]!)));
}

/** Pretrainings and draws each drawn anew. */
function crossedResample(shares: Weights): Resample {
  return (next) => {
    const [outer, inner] = [counts(shares.length, next), counts(shares[0]!.length, next)];
    return outer.map((times, p) => inner.map((draws, s) => times * draws * shares[p]![s]!));
  };
}

/** Pretrainings drawn anew, and within each that is drawn, each time, the draws that it has. */
function nestedResample(shares: Weights): Resample {
  const own = shares.map((row) => row.flatMap((share, s) => (share > 0 ? [s] : [])));
  return (next) => {
    const weights = shares.map((row) => row.map(() => 0));
    counts(shares.length, next).forEach((times, p) => {
      for (let i = 0; i < times * own[p]!.length; i++) {
        const s = own[p]![Math.floor(next() * own[p]!.length)]!;
        weights[p]![s]! += shares[p]![s]!;
      }
    });
    return weights;
  };
}

/**
 * Mean difference with its percentile interval: pretrainings, draws of labels and subjects are each drawn anew with
 * replacement. Crossed, or with pairs missing, by the pigeonhole bootstrap of Owen (Annals of Applied Statistics 1, 2007),
 * which is made for arrays with holes and errs to the wide side; each draw, the mean over its pretrainings, counts the
 * same. Draws nested in pretrainings are drawn within these (two stages: Davison & Hinkley, Bootstrap Methods and their
 * Application, 1997, section 3.8); each pretraining, the mean over its draws, counts the same.
 * What there is one of adds nothing to the interval's width; draws without a value are left out. Null without any
 * difference. The same seed gives the same interval everywhere.
 * @throws ShapeError where the cells are not crossed or a value is not finite; ConfigError for options out of range
 */
export function hierarchicalBootstrap(
  all: Differences,
  {
    seed,
    resamples,
    level = 0.95,
  }: { readonly seed: number; readonly resamples?: number; readonly level?: number },
): Interval | null {
  const layout = layoutOf(all);
  const count = resamples ?? defaultResamples[layout];
  check(all, count);
  const cells = withValues(all);
  const shares = sharesOf(presence(cells), layout);
  const subjects = cells[0]?.[0]?.length ?? 0;
  const middle = weightedMean(cells, shares, Array<number>(subjects).fill(1));
  if (middle === null) return null;
  const next = drawsOf(seed, purposes.hierarchy, 0);
  const resample = layout === 'nested' ? nestedResample(shares) : crossedResample(shares);
  const means: number[] = [];
  for (let i = 0; i < count; i++) {
    // of a sparse layout nothing may be left: such a resample says nothing
    const found = weightedMean(cells, resample(next), counts(subjects, next));
    if (found !== null) means.push(found);
  }
  means.sort((a, b) => a - b);
  const end = (share: number): number => percentile(means, 100 * share);
  return { mean: middle, low: end((1 - level) / 2), high: end((1 + level) / 2) };
}

const known = (values: readonly (number | null)[]): number[] => values.filter((value) => value !== null);

/** Means over subjects of each pretraining and draw; null where a cell has no value. */
export const cellMeans = (cells: Differences): (number | null)[][] =>
  cells.map((row) => row.map((values) => mean(known(values))));

/** Of each draw the mean over the pretrainings that it has; draws without a value are left out. */
export function drawMeans(cells: Differences): number[] {
  const means = cellMeans(cells);
  const draws = means[0]?.length ?? 0;
  return known(Array.from({ length: draws }, (_, s) => mean(known(means.map((row) => row[s]!)))));
}
