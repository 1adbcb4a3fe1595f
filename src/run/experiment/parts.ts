/** @file Who tests, who may be labelled and who is left for pretraining; and the labelled subjects of each point. */

import { ConfigError } from '../../base/errors.ts';
import { some } from '../../base/words.ts';
import { purposes } from '../../data/purposes.ts';
import { type Split, splitSubjects, subjectsOf } from '../../data/split.ts';
import { foldOf, stratifiedOrder } from '../../data/strata.ts';
import type { Groups, PreparedData } from '../../data/types.ts';
import { labelledSubjects } from '../../train/dataset.ts';
import { planRun } from '../plan.ts';
import { baseConfig } from './file.ts';
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
}

/** `a..b`: names from a to b, of the sorted; else the name itself. */
function named(pattern: string, subjects: readonly string[]): string[] {
  const [from, to] = pattern.split('..');
  const found =
    to === undefined
      ? subjects.filter((name) => name === pattern)
      : subjects.filter((name) => name >= from! && name <= to);
  if (found.length > 0) return found;
  throw new ConfigError(
    `subjects.test names ${pattern}, but the data hold ${subjects.length} subjects, ${subjects[0]} to ${subjects.at(-1)}.`,
  );
}

function testSubjects(
  subjects: readonly string[],
  groups: Groups,
  { test, seed }: ExperimentSubjects,
): string[] {
  if (Array.isArray(test)) return [...new Set(test.flatMap((pattern) => named(pattern, subjects)))].sort();
  if (typeof test === 'number')
    return stratifiedOrder(subjects, groups, seed, purposes.heldOut).slice(0, test).sort();
  if (typeof test !== 'string') return subjects.filter((name) => name.startsWith(cohortPrefix.test));
  const fold = /^fold (\d+)\/(\d+)$/.exec(test);
  if (!fold)
    throw new ConfigError(`subjects.test is "${test}". Write "fold 2/5", a count or a list of names.`);
  return foldOf(subjects, groups, { k: Number(fold[1]), n: Number(fold[2]) }, seed, purposes.heldOut);
}

/**
 * Divides the subjects of the target data.
 * @throws ConfigError where nobody is left to test or to be labelled, or fewer than are asked for
 */
export function partsOf(data: PreparedData, experiment: Experiment): Parts {
  const { subjects: asked, labelled } = experiment;
  const { groups = {} } = data.manifest;
  const all = subjectsOf(data);
  const plan = planRun(baseConfig(experiment), data.manifest);
  const labels = new Set(labelledSubjects(data, all, plan));
  const test = testSubjects(all, groups, asked);
  if (test.length === 0) throw new ConfigError('subjects.test leaves nobody to test.');
  const others = all.filter((name) => !test.includes(name));
  const able = others.filter((name) => labels.has(name));
  const { pool: most } = asked;
  if (most !== null && most > able.length)
    throw new ConfigError(
      `subjects.pool is ${most}, but beside the test subjects ${able.length} have labels.`,
    );
  const pool =
    most === null ? able : stratifiedOrder(able, groups, asked.seed, purposes.pool).slice(0, most).sort();
  const wanted = Math.max(...labelled.map((count) => (count === 'all' ? 1 : count)));
  if (wanted > pool.length)
    throw new ConfigError(
      `labelled asks for ${wanted}, but ${pool.length} subjects may be labelled: ${all.length} in all, of whom ${test.length} test.`,
    );
  return { test, pool, spare: others.filter((name) => !pool.includes(name)), groups };
}

/**
 * Who trains, validates and tests at a point. The labelled of a smaller count are among those of a larger one of the
 * same seed, and validation subjects are among the labelled.
 */
export function pointSplit(
  { pool, test, groups }: Parts,
  { labelled, seed }: { readonly labelled: Labelled; readonly seed: number },
  validation: number,
): Split {
  const order = stratifiedOrder(pool, groups, seed, purposes.labelled);
  const drawn = order.slice(0, labelled === 'all' ? order.length : labelled);
  const chosen = drawn.slice(drawn.length - validation, drawn.length);
  return {
    train: drawn.slice(0, drawn.length - validation).sort(),
    validation: chosen.sort(),
    test: [...test],
  };
}

/**
 * Who pretrains, of data that are the target's too: nobody who tests or may be labelled.
 * @throws ConfigError where nobody is left
 */
export function spareSplit(
  { spare }: Parts,
  where: string,
  { seed, validation, test }: { readonly seed: number; readonly validation: number; readonly test: number },
): Split {
  if (spare.length === 0)
    throw new ConfigError(
      `${where}.data are those of base, and every subject tests or may be labelled. Set subjects.pool, so that some are left to pretrain on.`,
    );
  return splitSubjects(spare, { seed, validation, test });
}

/** Throws ConfigError where names occur on both sides of what must not overlap. */
export function expectApart(pretrained: readonly string[], { pool, test }: Parts, where: string): void {
  const target = new Set([...pool, ...test]);
  const both = pretrained.filter((name) => target.has(name));
  if (both.length === 0) return;
  throw new ConfigError(
    `${where}.data and base.data both hold ${some(both, 3)}: a subject that tests or may be labelled must not pretrain. Take them out, or set subjects.distinct where names only happen to be the same.`,
  );
}
