/** @file What the finished runs of an experiment came to, read from their folders and put in tables and files. */
import { join } from 'node:path';
import { ConfigError } from '../../base/errors.ts';
import { mean } from '../../base/statistics.ts';
import { listed } from '../../base/words.ts';
import { groupBy } from '../../data/lists.ts';
import type { ExperimentCost, ExperimentReportInput } from '../../report/experiment.ts';
import { csvLines } from '../../results/csv.ts';
import {
  compareAll,
  type ExperimentRun,
  figureOf,
  type PretrainedRun,
  type RecordedResult,
} from '../../results/experiment.ts';
import { pooledRuns, pooledTables } from '../../results/folds.ts';
import { evaluationFile, readResults, readRunJson } from '../results.node.ts';
import { leadingTo } from './check.ts';
import { chainOf, type Grid, type Point, type Unit, unitTitle } from './grid.ts';
import { readPlanned } from './planes.node.ts';
import { arePoolable, pooledEvaluations, type Summaries } from './pooling.ts';
import { stateOf, trainingSeconds } from './runs.node.ts';
import type { Experiment } from './settings.ts';
import { sharedExperiment } from './shared.ts';
import { readUnmatched } from './unmatched.node.ts';

/** What helps where a file of a run is damaged. */
const again = 'Delete the run, which is then made again.';

async function readRun(folder: string, point: Point): Promise<ExperimentRun> {
  const { name, initialisation, pretraining, labelled, steps, fold, seed } = point;
  const results = await readResults(join(folder, name), again);
  const of = { initialisation, pretraining: pretraining?.seed ?? null };
  const own =
    fold === null
      ? {}
      : {
          fold,
          summaries: await readRunJson<Summaries>(join(folder, name), evaluationFile, arePoolable, again),
        };
  return { name, ...of, labelled, steps, seed, ...own, results };
}

/** The finished points of a grid, in its order. */
export async function readRuns(folder: string, { points }: Grid): Promise<ExperimentRun[]> {
  const done = points.filter(({ name }) => stateOf(join(folder, name)) === 'done');
  return Promise.all(done.map((point) => readRun(folder, point)));
}

/** The finished pretrainings of a grid, in its order. */
export async function readPretrained(folder: string, { pretrainings }: Grid): Promise<PretrainedRun[]> {
  const done = pretrainings.filter((unit) => stateOf(join(folder, unit.name)) === 'done');
  return Promise.all(
    done.map(async (unit) => {
      const results = await readResults(join(folder, unit.name), again);
      const planned = await readPlanned(join(folder, unit.name));
      const unmatched = await readUnmatched(join(folder, unit.name));
      const { name, initialisation } = unit;
      return { name, initialisation, title: unitTitle(unit), results, planned, unmatched };
    }),
  );
}

/** The results that the runs have, in the order of the first that has them; trivial ones are means over the runs. */
function resultsOf(runs: readonly ExperimentRun[]): RecordedResult[] {
  const all = groupBy(
    runs.flatMap(({ results }) => results),
    ({ key }) => key,
  );
  return [...all.values()].map((own) => ({
    ...own[0]!,
    trivial: mean(own.map(({ trivial }) => trivial).filter((value) => value !== null)),
  }));
}

/**
 * The result that is compared first; null before the first run is finished.
 * @throws ConfigError where the runs have none of that key
 */
export function mainOf(results: readonly RecordedResult[], figure: string | null): RecordedResult | null {
  const found = results.find(({ key }) => key === figure);
  if (found || figure === null || results.length === 0) return found ?? results[0] ?? null;
  const keys = results.map(({ key }) => key);
  throw new ConfigError(`figure is ${figure}, but the runs have ${listed(keys)}. Name one of these.`);
}

/** Training time of what is finished, by initialisation: its pretrainings once, and its fine-tunings. */
export async function costsOf(
  folder: string,
  grid: Grid,
  batches: { readonly point: number; readonly pretraining: (name: string) => number },
): Promise<ExperimentCost[]> {
  const names = [...new Set(grid.points.map(({ initialisation }) => initialisation))];
  const isDone = ({ name }: Unit): boolean => stateOf(join(folder, name)) === 'done';
  const costs: ExperimentCost[] = [];
  for (const initialisation of names) {
    const all = grid.points.filter((point) => point.initialisation === initialisation);
    const points = all.filter(isDone);
    const own = [
      ...new Set(
        all.flatMap((point) =>
          chainOf(point)
            .filter(isDone)
            .map((made) => made.name),
        ),
      ),
    ];
    let [pretraining, fineTuning] = [0, 0];
    for (const name of own)
      pretraining += await trainingSeconds(join(folder, name), batches.pretraining(name));
    for (const { name } of points) fineTuning += await trainingSeconds(join(folder, name), batches.point);
    costs.push({ initialisation, pretrainings: own.length, pretraining, runs: points.length, fineTuning });
  }
  return costs;
}

/**
 * What the report is told; all but costs follows from the runs. In folds those of all folds are compared as one, in which
 * each subject tests once.
 */
export function outcomeOf(
  experiment: Experiment,
  { grid, folds }: { readonly grid: Grid; readonly folds: number | null },
  finished: readonly ExperimentRun[],
): Omit<ExperimentReportInput, 'costs' | 'subjects' | 'pretrained' | 'foreign' | 'partlyTaken' | 'coverage'> {
  const { name, initialisations, labelled, steps, seeds, figure } = experiment;
  const runs = folds === null ? finished : pooledRuns(finished, folds, pooledEvaluations);
  const pooled = folds === null ? [] : pooledTables(finished, folds, pooledEvaluations);
  const results = resultsOf(runs);
  const all = Object.keys(initialisations);
  const scratch = all.find((one) => initialisations[one] === null)!;
  // of what has no run yet nothing can be said
  const names = all.filter((one) => one === scratch || runs.some((run) => run.initialisation === one));
  const places = steps.flatMap((count) => labelled.map((subjects) => ({ labelled: subjects, steps: count })));
  const main = mainOf(results, figure);
  const isUntested = (one: string): boolean =>
    leadingTo(experiment, one).some((key) => initialisations[key]?.pretrains === 'untested');
  const compare = ({ key, better }: RecordedResult) =>
    compareAll(runs, { scratch, initialisations: names, places, key, better, resample: key === main?.key });
  return {
    ...{ name, scratch, initialisations: names, labelled, steps, seeds, runs, results, places },
    ...{ main, finished, pooled, planned: grid.points.length },
    unfinished: all.filter((one) => !names.includes(one)),
    comparisons: new Map(results.map((result) => [result.key, compare(result)])),
    config: sharedExperiment(experiment),
    untested: all.filter(isUntested),
  };
}

export type Outcome = ReturnType<typeof outcomeOf>;

/** Whether runs are of folds. */
const inFolds = ({ finished }: Outcome): boolean => finished.some(({ fold }) => fold !== undefined);

const placeOf = ({ name, initialisation, pretraining, labelled, steps, seed }: ExperimentRun) =>
  [name, initialisation, pretraining, labelled, steps, seed] as const;

/** Of a run of all folds what is of all its subjects at once: rows with neither fold nor subject. */
const pooledRows = (run: ExperimentRun) =>
  run.results
    .filter(({ pooled }) => pooled)
    .map(({ key, value }) => [...placeOf(run), null, null, key, value]);

/** A row for each run, test subject and figure; of a figure that only all subjects together have, one without a subject. */
export function runsAsCsv(outcome: Outcome): string {
  const folds = inFolds(outcome);
  const head = [
    ...['run', 'initialisation', 'pretraining', 'labelled', 'steps', 'seed'],
    ...[...(folds ? ['fold'] : []), 'subject', 'figure', 'value'],
  ];
  const rows = outcome.finished.flatMap((run) =>
    run.results.flatMap(({ key, value, bySubject }) => {
      const own = Object.entries(bySubject);
      // of folds they are in the rows of all folds
      const together = own.length === 0 && value !== null && !folds ? [[null, value] as const] : own;
      return together.map(([subject, of]) => [
        ...placeOf(run),
        ...(folds ? [run.fold ?? null] : []),
        ...[subject, key, of],
      ]);
    }),
  );
  return csvLines([head, ...rows, ...(folds ? outcome.runs.flatMap(pooledRows) : [])]);
}

/** A run with its figures, means over its test subjects. */
function runRecord(run: ExperimentRun): object {
  const { results, summaries: _, ...rest } = run;
  return { ...rest, values: Object.fromEntries(results.map(({ key }) => [key, figureOf(run, key)])) };
}

/** The outcome as JSON: comparisons of every result, and each run's figures, means over its test subjects. */
export function outcomeJson(outcome: Outcome): object {
  const { name, main, scratch, planned, runs, finished, comparisons, places, results, pooled } = outcome;
  return {
    ...{ name, figure: main?.key ?? null, scratch, planned, finished: finished.length },
    places,
    results: results.map(({ key, title, unit, better }) => ({
      key,
      title,
      unit,
      better,
      comparisons: comparisons.get(key),
    })),
    runs: finished.map(runRecord),
    ...(inFolds(outcome) && {
      pooled: runs.map(runRecord),
      ...(pooled.length > 0 && { pooledTables: pooled }),
    }),
  };
}
