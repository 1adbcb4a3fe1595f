/** @file The report of an experiment, with its tables as CSV and JSON, from whatever runs are finished. */
import { join } from 'node:path';
import { FileError } from '../../base/errors.ts';
import { writeFiles } from '../../data/files/files.node.ts';
import { renderExperiment } from '../../report/experiment.ts';
import type { PretrainedRun } from '../../results/experiment.ts';
import { DiskFiles } from '../../train/runfiles.node.ts';
import { readText } from '../../train/runfiles.ts';
import { pretrainingConfig } from './configs.ts';
import { subjectsFile } from './data.node.ts';
import { baseConfig } from './file.ts';
import { gridOf } from './grid.ts';
import {
  costsOf,
  type Outcome,
  outcomeJson,
  outcomeOf,
  readPretrained,
  readRuns,
  runsAsCsv,
} from './outcome.node.ts';
import type { Parts } from './parts.ts';
import { openFolder } from './runs.node.ts';
import type { Experiment } from './settings.ts';

export const experimentReport = 'report.html';
export const experimentCsv = 'results.csv';
export const experimentJson = 'results.json';

async function partsIn(folder: string): Promise<Parts> {
  const text = await readText(new DiskFiles(folder), subjectsFile);
  return text === null ? { test: [], pool: [], spare: [], groups: {} } : (JSON.parse(text) as Parts);
}

export interface ReportedExperiment extends Outcome {
  readonly pretrained: readonly PretrainedRun[];
  /** Path of its report. */
  readonly report: string;
}

/**
 * Writes report.html, results.csv and results.json, and says what they say. All but the times follows from the
 * runs: the same runs give the same bytes.
 * @throws FileError where the folder holds no run of it or something else, or a file cannot be read or written
 */
export async function reportExperiment(experiment: Experiment, folder: string): Promise<ReportedExperiment> {
  if ((await openFolder(folder, experiment)) === null)
    throw new FileError(folder, 'holds no runs of this experiment yet', 'Run it first, without --report.');
  const grid = gridOf(experiment);
  const outcome = outcomeOf(experiment, grid, await readRuns(folder, grid));
  const pretrained = await readPretrained(folder, grid);
  const { test, pool, spare, groups } = await partsIn(folder);
  const batches = new Map(
    grid.pretrainings.map((unit) => [unit.name, pretrainingConfig(experiment, unit).batch]),
  );
  const costs = await costsOf(folder, grid, {
    point: baseConfig(experiment).batch,
    pretraining: (name) => batches.get(name)!,
  });
  const subjects = {
    ...{ test: test.length, pool: pool.length, spare: spare.length },
    validation: experiment.subjects.validation,
    groups: [...new Set([...test, ...pool].flatMap((name) => groups[name] ?? []))].sort(),
  };
  const texts = [
    [experimentCsv, runsAsCsv(outcome)],
    [experimentJson, `${JSON.stringify(outcomeJson(outcome), null, 2)}\n`],
    [experimentReport, renderExperiment({ ...outcome, pretrained, costs, subjects })],
  ] as const;
  await writeFiles(
    texts.map(([name, text]) => ({ path: join(folder, name), bytes: new TextEncoder().encode(text) })),
  );
  return { ...outcome, pretrained, report: join(folder, experimentReport) };
}
