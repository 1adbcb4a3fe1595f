/** @file What the configurations of an experiment's runs have in common, and that of each, but for what its data decide. */
import { mergeGiven, presetOf, type RunConfig, resolveConfig } from '../config.ts';
import { fineTuning, pretraining } from '../job.ts';
import type { GivenConfig } from '../settings.ts';
import type { Point, PretrainingUnit } from './grid.ts';
import type { Experiment } from './settings.ts';

/** What fine-tuning is given. */
const baseGiven = ({ base, identifiers }: Experiment): GivenConfig => ({
  ...base,
  ...(identifiers && { identifiers }),
  preset: presetOf(fineTuning, base),
});

/** The configuration of fine-tuning, but for what differs from point to point. */
export const baseConfig = (experiment: Experiment): RunConfig => resolveConfig(baseGiven(experiment));

/** What a pretraining is given: the network is that of `base`. */
export function pretrainingGiven(experiment: Experiment, made: GivenConfig): GivenConfig {
  const { model, identifiers } = baseConfig(experiment);
  return mergeGiven({ model, identifiers, preset: made.preset ?? pretraining.preset }, made);
}

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
  return { ...mergeGiven(baseGiven(experiment), transfer), steps, seed };
}

const plainPath = (path: string): string => path.replace(/\/+$/, '').replace(/^(\.\/+)+/, '');

/** Whether two keys name one folder, as they are written. */
export const isSameFolder = (one: string | null, other: string | null): boolean =>
  one !== null && other !== null && plainPath(one) === plainPath(other);
