/** @file What an experiment would run, and for how long, without running it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PlanewiseError } from '../../base/errors.ts';
import type { Device } from '../../tensor/device.ts';
import type { RunConfig } from '../config.ts';
import type { DataOptions } from '../dataset.node.ts';
import { openProgramDevice } from '../device.node.ts';
import { onStoreGrids } from './adopt.node.ts';
import { expectFigure } from './ahead.node.ts';
import { askedOf } from './begin.node.ts';
import { baseConfig, pointConfigBefore, pretrainingConfig } from './configs.ts';
import { ExperimentData } from './data.node.ts';
import { gridOf, type Share, type Unit } from './grid.ts';
import { ExperimentPace } from './pace.ts';
import { secondsPerStep } from './probe.ts';
import { expectRecorded } from './recorded.node.ts';
import { openFolder, type RunState, stateOf, trainingSeconds } from './runs.node.ts';
import type { Experiment } from './settings.ts';

/** A run of the plan. */
export interface PlannedUnit {
  readonly unit: Unit;
  readonly state: RunState;
  readonly steps: number;
  /** Of its training steps, where that is known or was tried; of a finished run as its log has it. Null: see `untried`. */
  readonly seconds: number | null;
}

export interface ExperimentPlan {
  readonly units: readonly PlannedUnit[];
  /** Of what is not finished; null where that could not be tried. */
  readonly secondsLeft: number | null;
  /** Whether steps were tried here, for want of finished runs. */
  readonly tried: boolean;
  /** Why steps could not be tried here: an adapter too small for the network, say, on which nothing is to run; else null. */
  readonly untried: string | null;
}

/** What to compute on, and how reading data is told of where only they say how many folds there are. */
export interface PlanOptions extends DataOptions {
  readonly adapter?: NonNullable<RunConfig['adapter']>;
}

interface Work {
  readonly unit: Unit;
  readonly state: RunState;
  readonly config: RunConfig;
}

/** Tries a step of each kind of run of which none is finished. @returns why that could not be done; null where it was */
async function tryKinds(
  work: readonly Work[],
  pace: ExperimentPace,
  open: () => Promise<Device>,
): Promise<string | null> {
  let device: Device | null = null;
  try {
    device = await open();
    for (const { unit, config } of work)
      if (pace.secondsOf(unit.kind, 1) === null) pace.add(unit.kind, 1, await secondsPerStep(device, config));
    return null;
  } catch (error) {
    if (error instanceof PlanewiseError) return error.message;
    throw error;
  } finally {
    device?.dispose();
  }
}

/**
 * The runs of a share with what their training steps take: by the logs of finished runs, else by a short try on this
 * machine. Nothing is written.
 * @throws ConfigError where it could not run, as far as that can be known before, or runs were made with other settings
 * @throws FileError where the folder holds something else
 */
export async function planExperiment(
  asked: Experiment,
  folder: string,
  share: Share,
  { adapter, ...data }: PlanOptions,
): Promise<ExperimentPlan> {
  const own = await onStoreGrids(asked);
  const { experiment, before } = existsSync(folder)
    ? await openFolder(folder, own)
    : { experiment: own, before: null };
  const shared = new ExperimentData(experiment, folder, data);
  const grid = gridOf(experiment, await shared.folds());
  const { pretrainings, points } = await askedOf(experiment, grid, share);
  const target = await shared.preparedTarget();
  if (target) expectFigure(experiment, points[0]!, target);
  if (before) await expectRecorded(grid, { experiment, before, folder, data: shared });
  const work = [...pretrainings, ...points].map((unit): Work => {
    const config =
      unit.kind === 'pretraining' ? pretrainingConfig(experiment, unit) : pointConfigBefore(experiment, unit);
    return { unit, config, state: stateOf(join(folder, unit.name)) };
  });
  const took = new Map<Unit, number>();
  const pace = new ExperimentPace();
  for (const { unit, state, config } of work) {
    if (state !== 'done') continue;
    const seconds = await trainingSeconds(join(folder, unit.name), config.batch);
    took.set(unit, seconds);
    pace.add(unit.kind, config.steps, seconds);
  }
  const tried = work.some(({ unit }) => pace.secondsOf(unit.kind, 1) === null);
  const { adapter: usual, precision } = baseConfig(experiment);
  const chosen = adapter ?? usual;
  const open = () => openProgramDevice({ ...(chosen && { adapter: chosen }), precision });
  const untried = tried ? await tryKinds(work, pace, open) : null;
  const units = work.map(({ unit, state, config: { steps } }) => ({
    ...{ unit, state, steps },
    seconds: took.get(unit) ?? pace.secondsOf(unit.kind, steps),
  }));
  const due = units.filter(({ state }) => state !== 'done');
  const secondsLeft = pace.left(due.map(({ unit: { kind }, steps }) => ({ kind, steps })));
  return { units, secondsLeft, tried, untried };
}
