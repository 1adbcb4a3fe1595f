/** @file Fine-tunings compared: what each came to, and how initialisations differ from scratch, in pairs. */
import { mean } from '../base/statistics.ts';
import { groupBy } from '../data/lists.ts';
import type { Evaluation } from './evaluation.ts';
import {
  cellMeans,
  drawMeans,
  hierarchicalBootstrap,
  type Interval,
  type Layout,
  layoutOf,
} from './hierarchy.ts';
import type { PlannedStudies } from './planes.ts';
import type { Result } from './result.ts';
import { holm, type PairedT, pairedT } from './student.ts';
import { summarize } from './summary.ts';

/** A figure of a run, as its folder keeps it. */
export interface RecordedResult
  extends Pick<Result, 'key' | 'title' | 'unit' | 'digits' | 'better' | 'value' | 'trivial'> {
  /** Whether only tables show it. */
  readonly detail: boolean;
  readonly bySubject: Readonly<Record<string, number>>;
  /** Whether it is of all subjects of several folds at once. */
  readonly pooled?: boolean;
}

export const recordedResult = ({ detail = false, bySubject, ...result }: Result): RecordedResult => {
  const { key, title, unit, digits, better, value, trivial } = result;
  const values = Object.fromEntries([...bySubject].sort(([a], [b]) => (a < b ? -1 : 1)));
  return { key, title, unit, digits, better, value, trivial, detail, bySubject: values };
};

/** Results as a run's folder keeps them. */
export const recordedResults = ({ results }: Evaluation): RecordedResult[] => results.map(recordedResult);

/** A finished fine-tuning. */
export interface ExperimentRun {
  /** Of its folder. */
  readonly name: string;
  readonly initialisation: string;
  /** Seed of the pretraining it began with; null: none of this experiment. */
  readonly pretraining: number | null;
  readonly labelled: number | 'all';
  readonly steps: number;
  readonly seed: number;
  /** From 1, where all subjects test in turn and these are those of one turn. */
  readonly fold?: number;
  /** Each task's part of its evaluation, of a fold. */
  readonly summaries?: Readonly<Record<string, unknown>>;
  readonly results: readonly RecordedResult[];
}

/** What a finished pretraining learnt of its own tasks. */
export interface PretrainedRun {
  /** Of its folder. */
  readonly name: string;
  readonly title: string;
  readonly initialisation: string;
  /** Test subjects whom its data do not know by name, so that nobody was left out for them. */
  readonly unmatched: readonly string[];
  readonly results: readonly RecordedResult[];
  /** Planes planned on the test studies with its network; null where that draws no lines. */
  readonly planned: PlannedStudies | null;
}

/** A place of the grid, whatever the initialisation and the seeds. */
export type Place = Pick<ExperimentRun, 'labelled' | 'steps'>;

export const atPlace =
  ({ labelled, steps }: Place) =>
  (run: ExperimentRun): boolean =>
    run.labelled === labelled && run.steps === steps;

/** Values whose mean is the figure: by subject, or, of what only all subjects together have, that under no name. */
function valuesOf(
  { results }: Pick<ExperimentRun, 'results'>,
  key: string,
): Readonly<Record<string, number>> {
  const found = results.find((result) => result.key === key);
  if (!found) return {};
  const { value, bySubject } = found;
  return value !== null && Object.keys(bySubject).length === 0 ? { '': value } : bySubject;
}

/** What a result is of a run: the mean over test subjects of those that have one, or that of all together; null without any. */
export const figureOf = (run: Pick<ExperimentRun, 'results'>, key: string): number | null =>
  mean(Object.values(valuesOf(run, key)));

/** An initialisation at a place: its figure over seeds, each the mean over the pretrainings. */
export interface ArmSummary extends Place {
  readonly initialisation: string;
  readonly mean: number | null;
  /** Over seeds, sample standard deviation; null below two. */
  readonly deviation: number | null;
  readonly seeds: number;
  readonly runs: number;
  /** Of each seed. */
  readonly values: readonly number[];
}

export function summarizeArm(
  runs: readonly ExperimentRun[],
  initialisation: string,
  place: Place,
  key: string,
): ArmSummary {
  const own = runs.filter((run) => run.initialisation === initialisation && atPlace(place)(run));
  const bySeed = [...groupBy(own, ({ seed }) => String(seed)).values()];
  const values = bySeed.flatMap(
    (some) => mean(some.map((run) => figureOf(run, key)).filter((v) => v !== null)) ?? [],
  );
  const { mean: middle, deviation } = summarize(values);
  return {
    ...place,
    initialisation,
    mean: middle,
    deviation,
    values,
    seeds: values.length,
    runs: own.length,
  };
}

/** A pretraining less scratch. */
export interface PretrainingMean {
  /** Its seed; null: none of this experiment. */
  readonly pretraining: number | null;
  readonly seeds: number;
  readonly mean: number | null;
}

/** An initialisation less scratch at a place of the grid. */
export interface Comparison extends Place {
  readonly initialisation: string;
  readonly key: string;
  /** That are compared: with a run from scratch and one of a pretraining at least, of which somebody has a value in both. */
  readonly seeds: number;
  readonly pretrainings: number;
  /** How these meet. */
  readonly layout: Layout;
  /** Of each pretraining the mean over its seeds. */
  readonly byPretraining: readonly PretrainingMean[];
  /** Test subjects of which both have a value, in any pair. */
  readonly subjects: number;
  readonly mean: number | null;
  /** Of each seed, the mean over the pretrainings that it has. */
  readonly values: readonly number[];
  /** By resampling pretrainings, seeds and subjects together; null where it was not asked for. */
  readonly bootstrap: Interval | null;
  /** Over seeds; null where there are fewer than two. */
  readonly test: PairedT | null;
  /** Pairs by seed in which the initialisation did better. */
  readonly wins: number;
  /** p of `test`, by Holm over all comparisons of a table. */
  readonly adjusted: number | null;
}

/** Differences by pretraining, seed and subject, of the seeds of which a pair is there; null in cells without a run. */
function differences(all: readonly ExperimentRun[], scratch: readonly ExperimentRun[], key: string) {
  const seeds = [...new Set(scratch.map(({ seed }) => seed))].filter((seed) =>
    all.some((run) => run.seed === seed),
  );
  const runs = all.filter(({ seed }) => seeds.includes(seed));
  const pretrainings = [...new Set(runs.map(({ pretraining }) => pretraining))];
  const alone = seeds.map((seed) => valuesOf(scratch.find((run) => run.seed === seed)!, key));
  const subjects = [...new Set(alone.flatMap((values) => Object.keys(values)))].sort();
  const cells = pretrainings.map((made) =>
    seeds.map((seed, s) => {
      const run = runs.find((one) => one.seed === seed && one.pretraining === made);
      const values = run ? valuesOf(run, key) : {};
      return subjects.map((name) => {
        const [is, was] = [values[name], alone[s]![name]];
        return is === undefined || was === undefined ? null : is - was;
      });
    }),
  );
  const paired = subjects.filter(
    (name, j) => name && cells.some((row) => row.some((values) => values[j] !== null)),
  );
  return { cells, seeds, pretrainings, subjects: paired.length };
}

export interface CompareOptions {
  /** The initialisation that is none. */
  readonly scratch: string;
  readonly initialisations: readonly string[];
  readonly places: readonly Place[];
  readonly key: string;
  readonly better: Result['better'];
  /** Whether to resample, which takes a while. */
  readonly resample: boolean;
}

function compareAt(
  runs: readonly ExperimentRun[],
  initialisation: string,
  place: Place,
  { scratch, key, better, resample }: CompareOptions,
): Omit<Comparison, 'adjusted'> {
  const here = runs.filter(atPlace(place));
  const of = (name: string) => here.filter((run) => run.initialisation === name);
  const { cells, seeds, pretrainings, subjects } = differences(of(initialisation), of(scratch), key);
  const each = drawMeans(cells);
  const byPretraining = cellMeans(cells).map((row, p): PretrainingMean => {
    const values = row.filter((value) => value !== null);
    return { pretraining: pretrainings[p]!, seeds: values.length, mean: mean(values) };
  });
  const bootstrap = resample && seeds.length > 0 ? hierarchicalBootstrap(cells, { seed: 1 }) : null;
  return {
    ...{ ...place, initialisation, key, bootstrap, subjects },
    ...{ seeds: each.length, pretrainings: pretrainings.length, layout: layoutOf(cells), byPretraining },
    mean: mean(each),
    values: each,
    test: pairedT(each),
    wins: each.filter((d) => (better === 'higher' ? d > 0 : d < 0)).length,
  };
}

/**
 * Every initialisation but scratch beside scratch, at every place. Pairs share seed: labelled subjects, first weights of
 * what is not taken over, and order of training. The tests are over seeds, never over test subjects alone, which would
 * count one training many times; p is corrected by Holm over all comparisons.
 */
export function compareAll(runs: readonly ExperimentRun[], options: CompareOptions): Comparison[] {
  const { scratch, initialisations, places } = options;
  const found = initialisations
    .filter((name) => name !== scratch)
    .flatMap((name) => places.map((place) => compareAt(runs, name, place, options)));
  const adjusted = holm(found.map(({ test }) => test?.p ?? null));
  return found.map((one, i) => ({ ...one, adjusted: adjusted[i]! }));
}
