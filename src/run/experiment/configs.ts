/** @file The configuration of each run of an experiment, but for what its data decide. */
import { mergeGiven, type RunConfig, resolveConfig } from '../config.ts';
import { fineTuning } from '../job.ts';
import type { GivenConfig } from '../settings.ts';
import { pretrainingGiven } from './file.ts';
import type { Point, PretrainingUnit } from './grid.ts';
import type { Experiment } from './settings.ts';

/** The configuration of a pretraining, before its data are prepared. */
export function pretrainingConfig(
  experiment: Experiment,
  { initialisation, seed }: PretrainingUnit,
): RunConfig {
  const made = experiment.initialisations[initialisation]!.pretraining!;
  return resolveConfig({ ...pretrainingGiven(experiment, made), seed });
}

/** The settings of a point that do not depend on its data: also what its cost follows from. */
export function pointConfig(experiment: Experiment, { initialisation, steps, seed }: Point): GivenConfig {
  const { transfer = {} } = experiment.initialisations[initialisation] ?? {};
  const base = { ...experiment.base, preset: experiment.base.preset ?? fineTuning.preset };
  return { ...mergeGiven(base, transfer), steps, seed };
}
