/** @file What an experiment's file must not say: initialisations that are none, networks that differ, keys against each other. */
import * as z from 'zod/mini';
import { ConfigError } from '../../base/errors.ts';
import { listed } from '../../base/words.ts';
import { tasks } from '../../tasks/index.ts';
import { text } from '../../tasks/settings.ts';
import { type PhantomSettings, resolveConfig } from '../config.ts';
import { baseConfig, isSameFolder, pointConfigBefore, pretrainingGiven } from './configs.ts';
import { foldAsked, foldsAsked, testCohort } from './folds.ts';
import type { Experiment } from './settings.ts';

/** Names become parts of folders' names. */
export const name = text.check(
  z.refine((value) => /^[a-z0-9][a-z0-9-]*$/i.test(value), 'letters, digits and dashes are needed'),
);

/** Throws ConfigError for names that are none, and where scratch is not there once. */
export function checkNames({ initialisations }: Experiment, file: string): void {
  const entries = Object.entries(initialisations);
  const stray = entries.find(([key]) => !name.safeParse(key).success);
  if (stray)
    throw new ConfigError(`${file}: initialisations.${stray[0]}: letters, digits and dashes are needed.`);
  const scratch = entries.filter(([, value]) => value === null);
  if (scratch.length !== 1)
    throw new ConfigError(
      `${file}: initialisations has ${scratch.length} that are null; one, from scratch, is needed to compare with.`,
    );
  for (const [key, value] of entries) {
    const target = value?.of === null || !value ? undefined : initialisations[value.of];
    if (value?.of && !target?.pretraining)
      throw new ConfigError(
        `${file}: initialisations.${key}.of is ${value.of}, which is no initialisation with a pretraining.`,
      );
  }
}

/** The initialisation that one goes on from or takes over; null: none of the file. */
const before = ({ initialisations }: Experiment, key: string): string | null =>
  initialisations[key]?.of ?? initialisations[key]?.begins ?? null;

/** An initialisation and those that lead to it, last to first. */
export function leadingTo(experiment: Experiment, key: string): string[] {
  const names: string[] = [];
  for (let at: string | null = key; at !== null && !names.includes(at); at = before(experiment, at))
    names.push(at);
  return names;
}

/** Throws ConfigError where a pretraining is to begin with weights that no pretraining of the file makes, or with its own. */
export function checkChains(experiment: Experiment, file: string): void {
  const { initialisations, pretrainingSeeds } = experiment;
  const seedsOf = (key: string): readonly number[] => {
    const { seeds = [], of = null } = initialisations[key] ?? {};
    if (of !== null) return seedsOf(of);
    return seeds.length > 0 ? seeds : pretrainingSeeds;
  };
  for (const [key, one] of Object.entries(initialisations)) {
    if (!one?.begins) continue;
    const where = `${file}: initialisations.${key}.pretraining.init`;
    const other = initialisations[one.begins];
    if (!other?.pretraining && !other?.of)
      throw new ConfigError(
        `${where} is of ${one.begins}, which is no initialisation with a pretraining. Name one, or give the path of weights.`,
      );
    const chain = leadingTo(experiment, key);
    if (before(experiment, chain.at(-1)!) !== null)
      throw new ConfigError(
        `${where} is of ${one.begins}, which begins with ${key} itself: ${[...chain, key].join(', ')}.`,
      );
    const [own, theirs] = [seedsOf(key), seedsOf(one.begins)];
    const without = own.find((seed) => theirs.length > 1 && !theirs.includes(seed));
    if (without !== undefined)
      throw new ConfigError(
        `${where} is of ${one.begins}, which has pretraining seeds ${theirs.join(', ')}, but not ${without}. Give both the same seeds, or ${one.begins} a single one.`,
      );
  }
}

/** Throws ConfigError for words about who tests, or a figure, that no data could make sense of. */
export function checkWords(experiment: Experiment, file: string): void {
  const { subjects, figure } = experiment;
  const { test } = subjects;
  const base = baseConfig(experiment);
  const folds = foldsAsked(subjects);
  if (typeof test === 'string' && (folds === null || (folds !== 'each' && folds < 2)))
    inside(file, () => foldAsked(test));
  const first = figure?.split('.')[0];
  if (figure !== null && !tasks.some((task) => task.name === first))
    throw new ConfigError(
      `${file}: figure is ${figure}, but what figures are called begins with the name of a task, here ${listed(Object.keys(base.tasks))}. Leave it out for the first of the evaluation.`,
    );
}

/** What `work` gives; its ConfigErrors name `where`. */
export function inside<T>(where: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError(`${where}: ${error.message}`, { cause: error });
  }
}

/** Throws ConfigError where a pretraining makes another network than the one that is fine-tuned, or settings of a run clash. */
export function checkConfigs(experiment: Experiment, file: string): void {
  const base = baseConfig(experiment);
  for (const [key, value] of Object.entries(experiment.initialisations)) {
    if (!value?.pretraining) continue;
    const where = `initialisations.${key}.pretraining`;
    const config = inside(`${file}: ${where}`, () => resolveConfig(pretrainingGiven(experiment, key)));
    const differs = Object.keys({ ...config.model, ...base.model }).find(
      (setting) => JSON.stringify(config.model[setting]) !== JSON.stringify(base.model[setting]),
    );
    if (differs)
      throw new ConfigError(
        `${file}: ${where}.model.${differs} is ${config.model[differs]}, but base has ${base.model[differs]}: its weights would not fit. Set it in base alone.`,
      );
  }
  // else keys that contradict each other only where subjects, steps and weights are known are found after pretraining
  for (const key of Object.keys(experiment.initialisations))
    for (const steps of experiment.steps)
      inside(`${file}: points of ${key}, ${steps} steps`, () =>
        pointConfigBefore(experiment, { initialisation: key, steps, seed: experiment.seeds[0]! }),
      );
}

/** Throws ConfigError where a pretraining is to leave out test subjects of whom it can have none. */
export function checkPretrains({ initialisations, base, subjects }: Experiment, file: string): void {
  for (const [key, value] of Object.entries(initialisations)) {
    if (value?.pretrains !== 'untested') continue;
    const where = `${file}: initialisations.${key}.pretrains is untested`;
    const data = value.pretraining!.data ?? null;
    if (data === null)
      throw new ConfigError(`${where}, but it pretrains on phantom hearts, who do not test. Leave it out.`);
    if (subjects.distinct && !isSameFolder(data, base.data ?? null))
      throw new ConfigError(
        `${where}, but subjects.distinct says that ${data} has no subject of base. Leave out one of them.`,
      );
  }
}

/**
 * Throws ConfigError where two cohorts of an anatomy are of one seed: they are the same subjects.
 * @param seen the cohorts that weights from elsewhere saw, by where the experiment names these
 */
export function expectCohortsApart(experiment: Experiment, seen: ReadonlyMap<string, PhantomSettings>): void {
  const base = baseConfig(experiment);
  if (base.data !== null) return;
  const test = testCohort(experiment.subjects);
  const taken = new Map([[base.phantom.seed, 'base']]);
  const claim = (seed: number, where: string): void => {
    const other = taken.get(seed);
    if (other)
      throw new ConfigError(
        `${where} is ${seed}, which is the cohort of ${other}: these are the same ${base.phantom.anatomy}s. Give each its own seed.`,
      );
  };
  if (test) {
    claim(test.seed, 'subjects.test.seed');
    taken.set(test.seed, 'subjects.test');
  }
  for (const [key, one] of Object.entries(experiment.initialisations)) {
    if (!one?.pretraining) continue;
    const config = resolveConfig(pretrainingGiven(experiment, key));
    if (config.data === null && config.phantom.anatomy === base.phantom.anatomy)
      claim(config.phantom.seed, `initialisations.${key}.pretraining.phantom.seed`);
  }
  for (const [where, { anatomy, seed }] of seen)
    if (anatomy === base.phantom.anatomy) claim(seed, `the cohort that ${where} saw`);
}
