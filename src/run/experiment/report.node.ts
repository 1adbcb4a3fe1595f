/** @file The report of an experiment, with its tables as CSV and JSON, from whatever runs are finished. */

import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { FileError } from '../../base/errors.ts';
import { ownOf } from '../../base/record.ts';
import { writeFiles } from '../../data/files/files.node.ts';
import { renderExperiment } from '../../report/experiment.ts';
import type { ExperimentParts } from '../../report/subjects.ts';
import { type Coverage, coverageOf } from '../../results/coverage.ts';
import type { PretrainedRun } from '../../results/experiment.ts';
import type { DataOptions } from '../dataset.node.ts';
import { onStoreGrids } from './adopt.node.ts';
import { baseConfig, pretrainingConfig } from './configs.ts';
import { ExperimentData } from './data.node.ts';
import { foldsInFile } from './folds.ts';
import { ForeignWeights } from './foreign.node.ts';
import { type Grid, gridOf } from './grid.ts';
import {
  costsOf,
  type Outcome,
  outcomeJson,
  outcomeOf,
  readPretrained,
  readRuns,
  runsAsCsv,
} from './outcome.node.ts';
import { isPlanned } from './planes.node.ts';
import { expectRecorded } from './recorded.node.ts';
import { openFolder, stateOf } from './runs.node.ts';
import type { Experiment } from './settings.ts';
import { type KeptSubjects, readSubjects } from './subjects.node.ts';
import { partlyTaken } from './takenover.node.ts';

export const experimentReport = 'report.html';
export const experimentCsv = 'results.csv';
export const experimentJson = 'results.json';

const testedIn = ({ parts }: KeptSubjects): string[] => [...new Set(parts.flatMap(({ test }) => test))];

/** How many subjects do what. */
function subjectsOf(
  { subjects: { validation } }: Experiment,
  folds: number | null,
  kept: KeptSubjects,
): ExperimentParts {
  const { parts, notice } = kept;
  const names = (part: 'test' | 'pool' | 'spare') => parts.map((one) => new Set(one[part]).size);
  const everyone = new Set(parts.flatMap(({ test, pool }) => [...test, ...pool]));
  const groups = parts[0]?.groups ?? {};
  return {
    ...{ folds, validation, notice, pool: names('pool'), spare: names('spare') },
    test: testedIn(kept).length,
    groups: [...new Set([...everyone].flatMap((name) => ownOf(groups, name) ?? []))].sort(),
  };
}

/** In how many folds every subject tests; where the file does not say, as the runs had them. */
function foldsOf(experiment: Experiment, { parts }: KeptSubjects): number | null {
  const said = foldsInFile(experiment);
  return said === undefined ? parts.length : said;
}

export interface ReportedExperiment extends Outcome {
  readonly pretrained: readonly PretrainedRun[];
  /** Of the test subjects, who has a value of the main result. */
  readonly coverage: Coverage | null;
  /** Path of its report. */
  readonly report: string;
}

/** How far all runs are, as a report has them. */
const statesIn = (folder: string, { pretrainings, points }: Grid) =>
  [...pretrainings, ...points].map(({ name }) => [
    stateOf(join(folder, name)) === 'done',
    isPlanned(join(folder, name)),
  ]);

/**
 * Writes report.html, results.csv and results.json, and says what they say. All but the times follows from the
 * runs: the same runs give the same bytes.
 * @throws FileError where the folder holds no run of it or something else, or a file cannot be read or written
 */
export async function reportExperiment(asked: Experiment, folder: string): Promise<ReportedExperiment> {
  const { experiment, before } = await openFolder(folder, asked);
  if (before === null)
    throw new FileError(folder, 'holds no runs of this experiment yet', 'Run it first, without --report.');
  const kept = await readSubjects(folder);
  const folds = foldsOf(experiment, kept);
  const grid = gridOf(experiment, folds);
  for (;;) {
    const states = statesIn(folder, grid);
    const reported = await writeReport(experiment, folder, { kept, folds, grid });
    // who has finished a run meanwhile has reported it, and this must not be what lasts
    if (isDeepStrictEqual(statesIn(folder, grid), states)) return reported;
  }
}

/**
 * As `reportExperiment`, of a file that may have changed since the runs were made, which a report must not say of them.
 * @throws ConfigError naming key and run where one was made with other settings; else as `reportExperiment`
 */
export async function reportAgain(
  asked: Experiment,
  folder: string,
  options: DataOptions,
): Promise<ReportedExperiment> {
  const { experiment, before } = await openFolder(folder, await onStoreGrids(asked));
  if (before !== null) {
    const grid = gridOf(experiment, foldsOf(experiment, await readSubjects(folder)));
    const data = new ExperimentData(experiment, folder, options);
    await expectRecorded(grid, { experiment, before, folder, data });
  }
  return reportExperiment(asked, folder);
}

async function writeReport(
  experiment: Experiment,
  folder: string,
  { kept, folds, grid }: { readonly kept: KeptSubjects; readonly folds: number | null; readonly grid: Grid },
): Promise<ReportedExperiment> {
  const outcome = outcomeOf(experiment, { grid, folds }, await readRuns(folder, grid));
  const pretrained = await readPretrained(folder, grid);
  const batches = new Map(
    grid.pretrainings.map((unit) => [unit.name, pretrainingConfig(experiment, unit).batch]),
  );
  const costs = await costsOf(folder, grid, {
    point: baseConfig(experiment).batch,
    pretraining: (name) => batches.get(name)!,
  });
  const subjects = subjectsOf(experiment, folds, kept);
  const foreign = await new ForeignWeights().seen(experiment, grid, folder);
  const coverage = coverageOf(outcome.runs, outcome.main?.key ?? null, testedIn(kept));
  const told = {
    pretrained,
    costs,
    subjects,
    foreign,
    coverage,
    partlyTaken: await partlyTaken(folder, grid),
  };
  const texts = [
    [experimentCsv, runsAsCsv(outcome)],
    [experimentJson, `${JSON.stringify(outcomeJson(outcome), null, 2)}\n`],
    [experimentReport, renderExperiment({ ...outcome, ...told })],
  ] as const;
  await writeFiles(
    texts.map(([name, text]) => ({ path: join(folder, name), bytes: new TextEncoder().encode(text) })),
  );
  return { ...outcome, pretrained, coverage, report: join(folder, experimentReport) };
}
