/** @file Whether the runs that exist, in whichever share, are those that an experiment now asks for. */
import { join } from 'node:path';
import { pretrainingConfig } from './configs.ts';
import type { ExperimentData } from './data.node.ts';
import type { ForeignWeights } from './foreign.node.ts';
import type { Grid, Unit } from './grid.ts';
import type { Requests } from './requests.node.ts';
import { stateOf } from './runs.node.ts';
import type { Experiment } from './settings.ts';
import { changedData, expectBegun, expectSame, expectSameFolds, expectStore } from './unchanged.node.ts';
import { keepUnmatched } from './unmatched.node.ts';

export interface ExistingRuns {
  readonly experiment: Experiment;
  /** As it was last run; null: never. */
  readonly before: Experiment | null;
  readonly folder: string;
  readonly data: ExperimentData;
  readonly requests: Requests;
  readonly weights: ForeignWeights;
}

/** Throws ConfigError naming key and run where one was made with other settings. */
export async function expectUnchanged(
  { pretrainings, points }: Grid,
  { experiment, before, folder, data, requests, weights }: ExistingRuns,
): Promise<void> {
  await expectSameFolds(folder, before, experiment);
  const at = ({ name }: Unit): string => join(folder, name);
  const there = (unit: Unit): boolean => stateOf(at(unit)) !== 'none';
  const [made, begun] = [pretrainings.filter(there), points.filter(there)];
  for (const point of begun)
    await expectStore(at(point), data.targetStore(), () => changedData(before, experiment));
  for (const unit of made) {
    const config = pretrainingConfig(experiment, unit);
    const where = `initialisations.${unit.initialisation}.pretraining`;
    await expectStore(at(unit), data.pretrainingStore(config), () => `the data of ${where}`);
    const request = await requests.of(unit);
    await expectSame(at(unit), request);
    // an earlier version did not
    await keepUnmatched(at(unit), request.unmatched);
    const init = experiment.initialisations[unit.initialisation]!.pretraining!.init ?? null;
    if (init === null) await expectBegun(at(unit), unit.from?.name ?? null, `${where}.init`);
    await weights.expectSame(at(unit), init, `${where}.init`);
  }
  for (const point of begun) {
    await expectSame(at(point), await requests.of(point));
    if (point.pretraining)
      await expectBegun(at(point), point.pretraining.name, `initialisations.${point.initialisation}.of`);
    const { weights: path = null } = experiment.initialisations[point.initialisation] ?? {};
    await weights.expectSame(at(point), path, `initialisations.${point.initialisation}.weights`);
  }
}
