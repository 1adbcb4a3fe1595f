/** @file What the runs of an experiment are given: the configuration of each pretraining and each point. */
import { join } from 'node:path';
import type { Split } from '../../data/split.ts';
import { mergeGiven, type RunConfig, resolveConfig } from '../config.ts';
import { fineTuning } from '../job.ts';
import type { GivenConfig } from '../settings.ts';
import { baseConfig, pretrainingGiven } from './file.ts';
import type { Point, PretrainingUnit } from './grid.ts';
import type { Experiment } from './settings.ts';

/** What a run is given, and what that comes to. */
export interface Request {
  readonly given: GivenConfig;
  readonly config: RunConfig;
  /** Where the file has its settings. */
  readonly section: string;
}

/** The data are prepared already: what made them is no setting of the run. */
function onStore({ phantom: _, map: __, target: ___, ...given }: GivenConfig, store: string): GivenConfig {
  return { ...given, data: store };
}

const request = (given: GivenConfig, section: string): Request => ({
  given,
  config: resolveConfig(given),
  section,
});

/** The configuration of a pretraining, before its data are prepared. */
export function pretrainingConfig(
  experiment: Experiment,
  { initialisation, seed }: PretrainingUnit,
): RunConfig {
  const made = experiment.initialisations[initialisation]!.pretraining!;
  return resolveConfig({ ...pretrainingGiven(experiment, made), seed });
}

/** @param split who pretrains, where the data are those that are fine-tuned on */
export function pretrainingRequest(
  experiment: Experiment,
  unit: PretrainingUnit,
  { folder, store, split }: { readonly folder: string; readonly store: string; readonly split: Split | null },
): Request {
  const { initialisation, seed, name } = unit;
  const given = pretrainingGiven(experiment, experiment.initialisations[initialisation]!.pretraining!);
  const { size, spacingMm } = pretrainingConfig(experiment, unit);
  const own = { ...onStore(given, store), size, spacingMm, seed, out: join(folder, name) };
  return request(
    { ...own, ...(split && { subjects: split }) },
    `initialisations.${initialisation}.pretraining`,
  );
}

/** The settings of a point that do not depend on its data: also what its cost follows from. */
export function pointConfig(experiment: Experiment, { initialisation, steps, seed }: Point): GivenConfig {
  const { transfer = {} } = experiment.initialisations[initialisation] ?? {};
  const base = { ...experiment.base, preset: experiment.base.preset ?? fineTuning.preset };
  return { ...mergeGiven(base, transfer), steps, seed };
}

export function pointRequest(
  experiment: Experiment,
  point: Point,
  { folder, store, split }: { readonly folder: string; readonly store: string; readonly split: Split },
): Request {
  const weights = experiment.initialisations[point.initialisation]?.weights ?? null;
  const { model, size, spacingMm } = baseConfig(experiment);
  const given = onStore(pointConfig(experiment, point), store);
  const init = point.pretraining ? join(folder, point.pretraining.name) : weights;
  const own = { model, size, spacingMm, subjects: split, init, out: join(folder, point.name) };
  return request({ ...given, ...own }, 'base');
}
