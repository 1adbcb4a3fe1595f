/** @file Opens an experiment in its folder and looks whether it may run there, whoever then runs it. */
import { ConfigError } from '../../base/errors.ts';
import type { DataOptions } from '../dataset.node.ts';
import { onStoreGrids } from './adopt.node.ts';
import { expectCohortsApart } from './check.ts';
import { ExperimentData } from './data.node.ts';
import { expectUnchanged } from './existing.node.ts';
import { ForeignWeights } from './foreign.node.ts';
import { type Grid, gridOf, type Share, shareOf } from './grid.ts';
import type { ExperimentOptions } from './options.node.ts';
import { expectEnoughPhantoms } from './parts.ts';
import { Requests } from './requests.node.ts';
import { keepExperiment, openFolder } from './runs.node.ts';
import type { Experiment } from './settings.ts';

/** An experiment that may run in its folder, where it is kept. */
export interface BegunExperiment {
  /** With what its runs call people. */
  readonly experiment: Experiment;
  readonly grid: Grid;
  /** What of it is asked for. */
  readonly own: Grid;
  readonly data: ExperimentData;
  readonly requests: Requests;
}

export type BeginOptions = Pick<ExperimentOptions, 'experiment' | 'folder' | 'share' | 'console' | 'worker'>;

/**
 * The share of a grid that is asked for.
 * @throws ConfigError where there is no such point, subjects are too few, weights from elsewhere fit no network, or cohorts overlap
 */
export async function askedOf(
  experiment: Experiment,
  grid: Grid,
  share: Share,
  weights = new ForeignWeights(),
): Promise<Grid> {
  const own = shareOf(grid, share);
  if (own.points.length === 0)
    throw new ConfigError(
      `No point of ${experiment.name} is asked for. Its first is ${grid.points[0]!.name}.`,
    );
  expectEnoughPhantoms(experiment);
  await weights.expectFitting(experiment, own);
  expectCohortsApart(experiment, await weights.cohorts(experiment));
  return own;
}

/**
 * Checks an experiment against its folder, and keeps it there.
 * @throws ConfigError where no point is asked for, subjects overlap, or a run that exists was made with other settings
 * @throws FileError where the folder holds something else, or cannot be read or written
 */
export async function beginExperiment({
  experiment: asked,
  folder,
  share,
  console,
  worker,
}: BeginOptions): Promise<BegunExperiment> {
  const { experiment, before } = await openFolder(folder, await onStoreGrids(asked));
  const options: DataOptions = {
    startStage: console.startStage.bind(console),
    onWarning: console.warn.bind(console),
    worker,
  };
  const data = new ExperimentData(experiment, folder, options);
  const requests = new Requests(experiment, folder, data, options.onWarning);
  const grid = gridOf(experiment, await data.folds());
  const weights = new ForeignWeights();
  const own = await askedOf(experiment, grid, share, weights);
  await expectUnchanged(grid, { experiment, before, folder, data, requests, weights });
  await keepExperiment(folder, experiment);
  return { experiment, grid, own, data, requests };
}
