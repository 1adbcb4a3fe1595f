/** @file What the configurations of an experiment's runs have in common. */
import { mergeGiven, presetOf, resolveConfig } from '../config.ts';
import { fineTuning, pretraining } from '../job.ts';
import type { GivenConfig, RunConfig } from '../settings.ts';
import type { Experiment } from './settings.ts';

/** The configuration of fine-tuning, but for what differs from point to point. */
export const baseConfig = ({ base }: Experiment): RunConfig =>
  resolveConfig({ ...base, preset: presetOf(fineTuning, base) });

/** What a pretraining is given: the network is that of `base`. */
export function pretrainingGiven(experiment: Experiment, made: GivenConfig): GivenConfig {
  const { model } = baseConfig(experiment);
  return mergeGiven({ model, preset: made.preset ?? pretraining.preset }, made);
}

const plainPath = (path: string): string => path.replace(/\/+$/, '').replace(/^(\.\/+)+/, '');

/** Whether two keys name one folder, as they are written. */
export const isSameFolder = (one: string | null, other: string | null): boolean =>
  one !== null && other !== null && plainPath(one) === plainPath(other);
