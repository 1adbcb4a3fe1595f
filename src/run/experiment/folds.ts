/** @file Experiments in which every subject tests once: how many folds they have, and which runs each fold has of its own. */
import { ConfigError } from '../../base/errors.ts';
import { isRecord } from '../../base/record.ts';
import { type Fold, parseFold } from '../../data/strata.ts';
import { baseConfig, isSameFolder } from './configs.ts';
import type { Experiment, ExperimentSubjects, TestCohort } from './settings.ts';

/** Folds in which every subject tests once: so many, or one for each subject; null: the same subjects test at every point. */
export type FoldsAsked = number | 'each' | null;

export function foldsAsked({ test }: Pick<ExperimentSubjects, 'test'>): FoldsAsked {
  if (test === 'each') return test;
  const folds = typeof test === 'string' && /^(\d+) folds$/.exec(test);
  return folds ? Number(folds[1]) : null;
}

/** The fold that tests. @throws ConfigError where the text is none */
export function foldAsked(test: string): Fold {
  const fold = test.startsWith('fold ') ? parseFold(test.slice('fold '.length)) : null;
  if (fold) return fold;
  throw new ConfigError(
    `subjects.test is "${test}". Write "each", "5 folds", "fold 2/5", a count or a list of names.`,
  );
}

/** The folds that the file alone tells; undefined where only the data do. */
export function foldsInFile(experiment: Experiment): number | null | undefined {
  const asked = foldsAsked(experiment.subjects);
  if (asked !== 'each') return asked;
  const { data, phantom } = baseConfig(experiment);
  return data === null ? phantom.subjects : undefined;
}

/** The cohort that only tests, where there is one. */
export const testCohort = ({ test }: Pick<ExperimentSubjects, 'test'>): TestCohort | null =>
  isRecord(test) ? (test as unknown as TestCohort) : null;

/**
 * Whether the pretraining of an initialisation, or one that leads to it, has subjects who test, so that each fold needs
 * one without its own.
 */
export function isMadePerFold(experiment: Experiment, key: string): boolean {
  const { initialisations, base } = experiment;
  const { pretraining, pretrains, of, begins } = initialisations[key]!;
  const before = of ?? begins;
  return (
    pretrains === 'untested' ||
    isSameFolder(pretraining?.data ?? null, base.data ?? null) ||
    (before !== null && isMadePerFold(experiment, before))
  );
}
