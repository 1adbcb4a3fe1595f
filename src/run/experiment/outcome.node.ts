/** @file What the finished runs of an experiment came to, read from their folders and put in tables and files. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExperimentCost, ExperimentReportInput } from '../../report/experiment.ts';
import { csvLines } from '../../results/csv.ts';
import type { Evaluation } from '../../results/evaluation.ts';
import {
  compareAll,
  type ExperimentRun,
  type PretrainedRun,
  type RecordedResult,
} from '../../results/experiment.ts';
import { type Grid, type Point, unitTitle } from './grid.ts';
import { stateOf, trainingSeconds } from './runs.node.ts';
import type { Experiment } from './settings.ts';

/** The results of a point with their values by subject, in its folder beside evaluation.json. */
export const resultsFile = 'results.json';

/** The content of results.json. */
export const recordedResults = ({ results }: Evaluation): RecordedResult[] =>
  results.map(({ key, title, unit, digits, better, value, trivial, detail = false, bySubject }) => ({
    ...{ key, title, unit, digits, better, value, trivial, detail },
    bySubject: Object.fromEntries([...bySubject].sort(([a], [b]) => (a < b ? -1 : 1))),
  }));

async function readRun(folder: string, point: Point): Promise<ExperimentRun> {
  const { name, initialisation, pretraining, labelled, steps, seed } = point;
  const text = await readFile(join(folder, name, resultsFile), 'utf8');
  const results = JSON.parse(text) as RecordedResult[];
  return { name, initialisation, pretraining: pretraining?.seed ?? null, labelled, steps, seed, results };
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
      const text = await readFile(join(folder, unit.name, resultsFile), 'utf8');
      const results = JSON.parse(text) as RecordedResult[];
      return { name: unit.name, title: unitTitle(unit), results };
    }),
  );
}

/** The results that the runs have, in the order of the first that has them. */
function resultsOf(runs: readonly ExperimentRun[]): RecordedResult[] {
  const all = runs.flatMap(({ results }) => results);
  return [...new Map(all.map((result) => [result.key, result])).values()];
}

/** Training time by initialisation: its pretrainings once, and its fine-tunings. */
export async function costsOf(
  folder: string,
  grid: Grid,
  batches: { readonly point: number; readonly pretraining: (name: string) => number },
): Promise<ExperimentCost[]> {
  const names = [...new Set(grid.points.map(({ initialisation }) => initialisation))];
  const costs: ExperimentCost[] = [];
  for (const initialisation of names) {
    const points = grid.points.filter((point) => point.initialisation === initialisation);
    const own = [...new Set(points.flatMap(({ pretraining }) => pretraining?.name ?? []))];
    let [pretraining, fineTuning] = [0, 0];
    for (const name of own)
      pretraining += await trainingSeconds(join(folder, name), batches.pretraining(name));
    for (const { name } of points) fineTuning += await trainingSeconds(join(folder, name), batches.point);
    const runs = points.filter(({ name }) => stateOf(join(folder, name)) === 'done').length;
    costs.push({ initialisation, pretrainings: own.length, pretraining, runs, fineTuning });
  }
  return costs;
}

/** What the report is told; all but costs follows from the runs. */
export function outcomeOf(
  experiment: Experiment,
  grid: Grid,
  runs: readonly ExperimentRun[],
): Omit<ExperimentReportInput, 'costs' | 'subjects' | 'pretrained'> {
  const { name, initialisations, labelled, steps, seeds, figure } = experiment;
  const results = resultsOf(runs);
  const names = Object.keys(initialisations);
  const scratch = names.find((one) => initialisations[one] === null)!;
  const places = steps.flatMap((count) => labelled.map((subjects) => ({ labelled: subjects, steps: count })));
  const main = results.find(({ key }) => key === figure) ?? results[0] ?? null;
  const compare = ({ key, better }: RecordedResult) =>
    compareAll(runs, { scratch, initialisations: names, places, key, better, resample: key === main?.key });
  return {
    ...{ name, scratch, initialisations: names, labelled, steps, seeds, runs, results, places },
    main,
    planned: grid.points.length,
    comparisons: new Map(results.map((result) => [result.key, compare(result)])),
    config: experiment,
    foreign: names.filter((one) => initialisations[one]?.weights),
  };
}

export type Outcome = ReturnType<typeof outcomeOf>;

/** A row for each run, test subject and figure. */
export function runsAsCsv({ runs }: Outcome): string {
  const head = [
    'run',
    'initialisation',
    'pretraining',
    'labelled',
    'steps',
    'seed',
    'subject',
    'figure',
    'value',
  ];
  const rows = runs.flatMap(({ name, initialisation, pretraining, labelled, steps, seed, results }) =>
    results.flatMap(({ key, bySubject }) =>
      Object.entries(bySubject).map(([subject, value]) => [
        ...[name, initialisation, pretraining, labelled, steps, seed],
        ...[subject, key, value],
      ]),
    ),
  );
  return csvLines([head, ...rows]);
}

/** The outcome as JSON: arms and comparisons of every result, and the value of every run. */
export function outcomeJson({
  name,
  main,
  scratch,
  planned,
  runs,
  comparisons,
  places,
  results,
}: Outcome): object {
  return {
    ...{ name, figure: main?.key ?? null, scratch, planned, finished: runs.length },
    places,
    results: results.map(({ key, title, unit, better }) => ({
      key,
      title,
      unit,
      better,
      comparisons: comparisons.get(key),
    })),
    runs: runs.map(({ results: own, ...run }) => ({
      ...run,
      values: Object.fromEntries(own.map(({ key, value }) => [key, value])),
    })),
  };
}
