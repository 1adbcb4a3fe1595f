/** @file What the configurations of an experiment's runs have in common, and that of each, but for what its data decide. */
import { mergeGiven, presetOf, type RunConfig, resolveConfig } from '../config.ts';
import { fineTuning, pretraining } from '../job.ts';
import type { GivenConfig } from '../settings.ts';
import type { Point, PretrainingUnit } from './grid.ts';
import type { Experiment } from './settings.ts';

/** What of a point decides its settings, but for its data. */
type PointSettings = Pick<Point, 'initialisation' | 'steps' | 'seed'>;

/** What fine-tuning is given. */
const baseGiven = ({ base, identifiers }: Experiment): GivenConfig => ({
  ...base,
  ...(identifiers && { identifiers }),
  preset: presetOf(fineTuning, base),
});

/** The configuration of fine-tuning, but for what differs from point to point. */
export const baseConfig = (experiment: Experiment): RunConfig => resolveConfig(baseGiven(experiment));

/**
 * What an initialisation's pretraining is given: the network is that of `base`, and the name of the initialisation that it
 * begins with stands in for its weights.
 */
export function pretrainingGiven(experiment: Experiment, initialisation: string): GivenConfig {
  const { model, identifiers } = baseConfig(experiment);
  const { pretraining: own, begins } = experiment.initialisations[initialisation]!;
  const made = { ...own!, ...(begins !== null && { init: begins }) };
  return mergeGiven({ model, identifiers, preset: made.preset ?? pretraining.preset }, made);
}

/** The configuration of a pretraining, before its data are prepared. */
export function pretrainingConfig(
  experiment: Experiment,
  { initialisation, seed }: PretrainingUnit,
): RunConfig {
  return resolveConfig({ ...pretrainingGiven(experiment, initialisation), seed });
}

/** The settings of a point that do not depend on its data: also what its cost follows from. */
export function pointConfig(
  experiment: Experiment,
  { initialisation, steps, seed }: PointSettings,
): GivenConfig {
  const { transfer = {} } = experiment.initialisations[initialisation] ?? {};
  return { ...mergeGiven(baseGiven(experiment), transfer), steps, seed };
}

/**
 * The configuration of a point before anything is prepared or trained: stand-ins are where its weights and its subjects
 * will be, so that keys which go with these, or do not, are told of in time.
 * @throws ConfigError for keys that contradict each other
 */
export function pointConfigBefore(experiment: Experiment, point: PointSettings): RunConfig {
  const { initialisations, subjects } = experiment;
  const init = initialisations[point.initialisation] ? point.initialisation : null;
  const validation = subjects.validation > 0 ? ['some'] : [];
  return resolveConfig({
    ...pointConfig(experiment, point),
    ...{ init, subjects: { train: ['some'], validation, test: [] } },
  });
}

const plainPath = (path: string): string => path.replace(/\/+$/, '').replace(/^(\.\/+)+/, '');

/** Whether two keys name one folder, as they are written. */
export const isSameFolder = (one: string | null, other: string | null): boolean =>
  one !== null && other !== null && plainPath(one) === plainPath(other);
