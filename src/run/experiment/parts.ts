/** @file Who tests, who may be labelled and who is left for pretraining; and the labelled subjects of each point. */

import { ConfigError } from '../../base/errors.ts';
import { plural, some } from '../../base/words.ts';
import { phantomId } from '../../data/phantom/subject.ts';
import { purposes } from '../../data/purposes.ts';
import { type Split, splitSubjects, subjectsOf } from '../../data/split.ts';
import { foldOf, stratifiedOrder } from '../../data/strata.ts';
import type { Groups, TrainingData } from '../../data/types.ts';
import { labelledSubjects } from '../../train/labelled.ts';
import { planRun } from '../plan.ts';
import { inside } from './check.ts';
import { baseConfig } from './configs.ts';
import { foldAsked, foldsAsked, testCohort } from './folds.ts';
import type { Experiment, ExperimentSubjects, Labelled } from './settings.ts';

/** Names of the prefixes that tell phantom hearts of two cohorts apart. */
export const cohortPrefix = { pool: 'pool/', test: 'test/' } as const;

/** The subjects of an experiment's target data; no one is in two lists. */
export interface Parts {
  readonly test: readonly string[];
  /** Of whom labelled subjects are drawn. */
  readonly pool: readonly string[];
  /** Nobody's: they may pretrain. */
  readonly spare: readonly string[];
  /** Pathology groups, where the source knows them. */
  readonly groups: Groups;
  /** Of all, where names are pseudonyms; see `inOrder`. */
  readonly order?: readonly string[];
}

/** `a..b`: names from a to b, of the sorted; else the name itself. */
function named(pattern: string, { all, called }: Population): string[] {
  const [from, to] = pattern.split('..');
  const found = all.filter((name) => {
    const own = called(name);
    return to === undefined ? [name, own].includes(pattern) : own >= from! && own <= to;
  });
  if (found.length > 0) return found;
  throw new ConfigError(
    `subjects.test names ${pattern}, but the data hold ${all.length} subjects, ${called(all[0]!)} to ${called(all.at(-1)!)}.`,
  );
}

/** What is drawn from: all subjects, and those with what is learnt from, who alone can be tested. */
interface Population {
  readonly all: readonly string[];
  readonly able: readonly string[];
  readonly groups: Groups;
  readonly heldOut: readonly string[];
  /** Of all; see `inOrder`. */
  readonly order: readonly string[] | undefined;
  readonly called: Called;
}

/** The name that a subject is called by in an experiment's file: its own, or the one that a pseudonym stands for. */
export type Called = (name: string) => string;

/** The subjects that those who published the data hold out. */
function publishedTest({ all, heldOut }: Population): string[] {
  if (heldOut.length > 0) return all.filter((name) => heldOut.includes(name));
  throw new ConfigError(
    'subjects.test is needed, for the data hold out nobody: "each", "5 folds", "fold 1/5", a count or names.',
  );
}

function testSubjects(population: Population, { test, seed }: ExperimentSubjects): string[] {
  const { all, able, groups, order } = population;
  const draw = { seed, purpose: purposes.heldOut, order };
  if (test === null) return publishedTest(population);
  if (Array.isArray(test)) return [...new Set(test.flatMap((pattern) => named(pattern, population)))].sort();
  if (typeof test === 'number') return stratifiedOrder(able, groups, draw).slice(0, test).sort();
  if (typeof test !== 'string') return all.filter((name) => name.startsWith(cohortPrefix.test));
  return inside('subjects.test', () => foldOf(able, groups, foldAsked(test), draw));
}

/** Who tests in each fold; one list where the same test at every point. */
function testSets(population: Population, asked: ExperimentSubjects): string[][] {
  const { able, groups, order } = population;
  const draw = { seed: asked.seed, purpose: purposes.heldOut, order };
  const folds = foldsAsked(asked);
  if (folds === null) return [testSubjects(population, asked)];
  if (folds === 'each') return able.map((name) => [name]);
  return Array.from({ length: folds }, (_, i) =>
    inside('subjects.test', () => foldOf(able, groups, { k: i + 1, n: folds }, draw)),
  );
}

function partsBeside(
  test: readonly string[],
  { all, able, groups, order }: Population,
  { subjects: asked, labelled }: Experiment,
): Parts {
  if (test.length === 0) throw new ConfigError('subjects.test leaves nobody to test.');
  const others = all.filter((name) => !test.includes(name));
  const free = able.filter((name) => !test.includes(name));
  const { pool: most } = asked;
  if (most !== null && most > free.length)
    throw new ConfigError(
      `subjects.pool is ${most}, but beside the test subjects ${free.length} have labels.`,
    );
  const draw = { seed: asked.seed, purpose: purposes.pool, order };
  const pool = most === null ? free : stratifiedOrder(free, groups, draw).slice(0, most).sort();
  const wanted = Math.max(...labelled.map((count) => (count === 'all' ? 1 : count)));
  if (wanted > pool.length)
    throw new ConfigError(
      `labelled asks for ${wanted}, but ${pool.length} subjects may be labelled: ${all.length} in all, of whom ${test.length} test.`,
    );
  return {
    ...{ test, pool, spare: others.filter((name) => !pool.includes(name)), groups },
    ...(order && { order }),
  };
}

function populationOf(data: TrainingData, experiment: Experiment, called: Called): Population {
  const all = subjectsOf(data);
  const plan = planRun(baseConfig(experiment), data.manifest);
  const { groups = {}, heldOut = [], order } = data.manifest;
  return { all, able: labelledSubjects(data, all, plan), groups, heldOut, order, called };
}

/**
 * Divides the subjects of the target data: for each fold, where all test in turn; else once.
 * @throws ConfigError where nobody is left to test or to be labelled, or fewer than are asked for
 */
export function partsOf(
  data: TrainingData,
  experiment: Experiment,
  called: Called = (name) => name,
): Parts[] {
  return partsAmong(populationOf(data, experiment, called), experiment);
}

function partsAmong(population: Population, experiment: Experiment): Parts[] {
  const { able } = population;
  const sets = testSets(population, experiment.subjects);
  if (sets.length < 2 && foldsAsked(experiment.subjects) !== null)
    throw new ConfigError(
      `subjects.test is "${experiment.subjects.test}", but ${plural(able.length, 'subject')} of the data can be tested.`,
    );
  return sets.map((test) => partsBeside(test, population, experiment));
}

/**
 * Throws ConfigError where a phantom that is not made yet will have too few subjects, or nobody to test; the names of those who
 * test are looked for once it is.
 */
export function expectEnoughPhantoms(experiment: Experiment): void {
  const { data, phantom } = baseConfig(experiment);
  if (data !== null || Array.isArray(experiment.subjects.test)) return;
  const cohort = testCohort(experiment.subjects);
  const names = (prefix: string, count: number): string[] =>
    Array.from({ length: count }, (_, index) => prefix + phantomId(index));
  const all = cohort
    ? [...names(cohortPrefix.pool, phantom.subjects), ...names(cohortPrefix.test, cohort.subjects)]
    : names('', phantom.subjects);
  const unknown = { groups: {}, heldOut: [], order: undefined };
  partsAmong({ all, able: all, ...unknown, called: (name) => name }, experiment);
}

/** What to know where others test than those whom the data's publishers hold out; null where nobody is, or these test. */
export function heldOutNotice(data: TrainingData, parts: readonly Parts[]): string | null {
  const { heldOut = [] } = data.manifest;
  if (heldOut.length === 0) return null;
  const tested = new Set(parts.flatMap(({ test }) => test));
  const among = heldOut.filter((name) => tested.has(name)).length;
  if (parts.length === 1 && among === heldOut.length && tested.size === among) return null;
  const who = `${plural(heldOut.length, 'subject')} (${some(heldOut, 3)})`;
  return `Those who published the data hold out ${who}, of whom ${among} test here, with ${tested.size - among} others; figures do not compare with those published for them. Leave subjects.test out to test on them alone.`;
}

/**
 * Who trains, validates and tests at a point. The labelled of a smaller count are among those of a larger one of the
 * same seed, and validation subjects are among the labelled.
 */
export function pointSplit(
  { pool, test, groups, order: names }: Parts,
  { labelled, seed }: { readonly labelled: Labelled; readonly seed: number },
  validation: number,
): Split {
  const order = stratifiedOrder(pool, groups, { seed, purpose: purposes.labelled, order: names });
  const drawn = order.slice(0, labelled === 'all' ? order.length : labelled);
  const chosen = drawn.slice(drawn.length - validation, drawn.length);
  return {
    train: drawn.slice(0, drawn.length - validation).sort(),
    validation: chosen.sort(),
    test: [...test],
  };
}

interface Fractions {
  readonly seed: number;
  readonly validation: number;
  readonly test: number;
  /** Of the pretraining's subjects; see `inOrder`. */
  readonly order?: readonly string[] | undefined;
}

/**
 * Who pretrains, of data that are the target's too: nobody who tests or may be labelled.
 * @throws ConfigError where nobody is left
 */
export function spareSplit({ spare }: Parts, where: string, fractions: Fractions): Split {
  if (spare.length === 0)
    throw new ConfigError(
      `${where}.data are those of base, and every subject tests or may be labelled. Set subjects.pool, so that some are left to pretrain on, or pretrains to "untested", so that all do who do not test.`,
    );
  return splitSubjects(spare, fractions);
}

/**
 * Who pretrains, of data that share subjects with the target's: all who do not test.
 * @param target name in the target data of each of the pretraining's
 * @throws ConfigError where nobody is left, or nobody is of the target data
 */
export function untestedSplit(
  pretrained: readonly string[],
  { test, pool, spare }: Parts,
  target: (name: string) => string,
  where: string,
  fractions: Fractions,
): { readonly split: Split; readonly missing: readonly string[] } {
  const all = new Set([...test, ...pool, ...spare]);
  const own = new Set(pretrained.map(target));
  if (![...own].some((name) => all.has(name)))
    throw new ConfigError(
      `${where} is to leave out who tests, but of base.data nobody is known there by name: ${some(pretrained, 3)}. Say in subjects.same who is whom, or leave out pretrains.`,
    );
  const left = pretrained.filter((name) => !test.includes(target(name)));
  if (left.length === 0)
    throw new ConfigError(`${where} leaves nobody to pretrain: all ${pretrained.length} test.`);
  return { split: splitSubjects(left, fractions), missing: test.filter((name) => !own.has(name)) };
}

/** Throws ConfigError where names occur on both sides of what must not overlap. */
export function expectApart(pretrained: readonly string[], parts: readonly Parts[], where: string): void {
  const target = new Set(parts.flatMap(({ pool, test }) => [...pool, ...test]));
  const both = pretrained.filter((name) => target.has(name));
  if (both.length === 0) return;
  throw new ConfigError(
    `${where}.data and base.data both hold ${some(both, 3)}: a subject that tests or may be labelled must not pretrain. Take them out, set pretrains to "untested" so that all pretrain who do not test, or set subjects.distinct where names only happen to be the same.`,
  );
}
