/** @file What an experiment's file must not say: initialisations that are none, networks that differ, keys against each other. */
import * as z from 'zod/mini';
import { ConfigError } from '../../base/errors.ts';
import { text } from '../../tasks/settings.ts';
import { resolveConfig } from '../config.ts';
import { baseConfig, isSameFolder, pretrainingGiven } from './configs.ts';
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

/** What `work` gives; its ConfigErrors name `where`. */
export function inside<T>(where: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError(`${where}: ${error.message}`, { cause: error });
  }
}

/** Throws ConfigError where a pretraining makes another network than the one that is fine-tuned, or the settings clash. */
export function checkConfigs(experiment: Experiment, file: string): void {
  const base = baseConfig(experiment);
  for (const [key, value] of Object.entries(experiment.initialisations)) {
    if (!value?.pretraining) continue;
    const where = `initialisations.${key}.pretraining`;
    const config = inside(`${file}: ${where}`, () =>
      resolveConfig(pretrainingGiven(experiment, value.pretraining!)),
    );
    const differs = Object.keys({ ...config.model, ...base.model }).find(
      (setting) => JSON.stringify(config.model[setting]) !== JSON.stringify(base.model[setting]),
    );
    if (differs)
      throw new ConfigError(
        `${file}: ${where}.model.${differs} is ${config.model[differs]}, but base has ${base.model[differs]}: its weights would not fit. Set it in base alone.`,
      );
  }
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
