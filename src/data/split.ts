/** @file Which subjects train, validate and test. */
import { ConfigError } from '../base/errors.ts';
import { drawsOf, permutation } from '../base/random.ts';
import { purposes } from './purposes.ts';
import { subjectColumn } from './subjectcolumn.ts';
import type { TrainingData } from './types.ts';

/** Which subjects train, validate and test, by name. */
export interface Split {
  readonly train: readonly string[];
  /** Training subjects whose annotations are not used: tasks that need none learn from them too. */
  readonly rest?: readonly string[];
  readonly validation: readonly string[];
  readonly test: readonly string[];
}

export const partNames = ['train', 'rest', 'validation', 'test'] as const satisfies (keyof Split)[];

/** A split with each part changed. */
export const changedParts = (
  { train, rest, validation, test }: Split,
  change: (names: readonly string[]) => readonly string[],
): Split => ({
  ...{ train: change(train), ...(rest && { rest: change(rest) }) },
  ...{ validation: change(validation), test: change(test) },
});

/** Throws ConfigError naming `source` where somebody has two places, or nobody trains. */
export function expectParts(split: Split, source: string): void {
  const places = new Map<string, string>();
  for (const part of partNames)
    for (const name of split[part] ?? []) {
      const other = places.get(name);
      if (other !== undefined)
        throw new ConfigError(
          `${source} names ${name} twice, in ${other} and in ${part}. Give each subject one place.`,
        );
      places.set(name, part);
    }
  if (split.train.length === 0)
    throw new ConfigError(`${source}: train is empty. Name one subject at least.`);
}

/**
 * Distinct names as draws take them: in `order`, which has those that pseudonyms stand for in theirs; others, and all
 * without it, sorted.
 */
export function inOrder(names: Iterable<string>, order: readonly string[] = []): string[] {
  const places = new Map(order.map((name, i) => [name, i]));
  const place = (name: string): number => places.get(name) ?? order.length;
  return [...new Set(names)].sort((a, b) => place(a) - place(b) || (a < b ? -1 : 1));
}

/**
 * Distinct subjects of prepared data, in the order of draws: that of their names, or of those that pseudonyms stand
 * for.
 * @example
 * const images = [{ subject: 'B' }, { subject: 'A' }, { subject: 'B' }];
 * data.subjectsOf({ manifest: { images } }); // ["A","B"]
 */
export function subjectsOf({ manifest: { images, order } }: TrainingData): string[] {
  return inOrder(subjectColumn(images).names, order);
}

/** Indices of all images of these subjects, in stored order. */
export function imagesOf({ manifest }: TrainingData, subjects: readonly string[]): number[] {
  const wanted = new Set(subjects);
  const { names, places } = subjectColumn(manifest.images);
  const isWanted = names.map((name) => wanted.has(name));
  const found: number[] = [];
  for (const [index, place] of places.entries()) if (isWanted[place]) found.push(index);
  return found;
}

/**
 * Splits subjects at random: validation and test get round(fraction·count) each, training the rest. The order in
 * which subjects are given does not matter. Throws ConfigError when fractions are not in [0, 1] with sum below 1, or
 * no subject is left for training.
 * @example
 * const split = data.splitSubjects(['A', 'B', 'C', 'D', 'E'], { seed: 1, validation: 0.2, test: 0.2 });
 * split; // {"validation":["B"],"test":["C"],"train":["A","D","E"]}
 */
export function splitSubjects(
  subjects: readonly string[],
  options: {
    readonly seed?: number;
    readonly validation?: number;
    readonly test?: number;
    /** See `inOrder`. */
    readonly order?: readonly string[] | undefined;
  } = {},
): Split {
  const { seed = 0, validation = 0.1, test = 0, order: names } = options;
  const total = validation + test;
  if (!(validation >= 0 && test >= 0 && total < 1))
    throw new ConfigError(`Fractions validation ${validation} and test ${test} must be ≥ 0 and sum below 1.`);
  const sorted = inOrder(subjects, names);
  const order = Array.from(permutation(sorted.length, drawsOf(seed, purposes.split, 0)), (i) => sorted[i]!);
  const [v, t] = [Math.round(validation * order.length), Math.round(test * order.length)];
  if (v + t >= order.length)
    throw new ConfigError(
      `${order.length} subjects leave none for training. Add subjects or lower the fractions.`,
    );
  return {
    validation: order.slice(0, v).sort(),
    test: order.slice(v, v + t).sort(),
    train: order.slice(v + t).sort(),
  };
}
