/** @file What of an experiment's file may be handed on: no path and no name of a person. */
import { builtinWeights, withoutLocal } from '../shared.ts';
import type { Experiment, Initialisation } from './settings.ts';

function sharedInitialisation(made: Initialisation | null): object | null {
  if (!made) return null;
  const { weights, pretraining, ...rest } = made;
  return {
    ...rest,
    weights: weights === null || weights === builtinWeights ? weights : 'a file',
    pretraining: pretraining && withoutLocal(pretraining),
  };
}

/** The experiment without where things lie and who is named; the same one where identifiers are kept. */
export function sharedExperiment(experiment: Experiment): Experiment {
  const { base, initialisations, subjects, identifiers } = experiment;
  if (identifiers === 'keep') return experiment;
  const made = Object.entries(initialisations).map(([name, one]) => [name, sharedInitialisation(one)]);
  const { test, same, ...others } = subjects;
  return {
    ...experiment,
    // accounts, paths and hosts are a cluster's own affair
    slurm: null,
    base: withoutLocal(base),
    initialisations: Object.fromEntries(made),
    subjects: {
      ...others,
      test: Array.isArray(test) ? `${test.length} named` : test,
      same: Object.keys(same).length > 0 ? { others: 'named' } : {},
    },
  };
}
