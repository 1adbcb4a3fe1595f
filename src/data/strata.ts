/** @file Draws of subjects in which every group has its share: an order whose beginnings are such draws, and folds. */

import { ConfigError } from '../base/errors.ts';
import { drawsOf, permutation } from '../base/random.ts';
import { ownOf } from '../base/record.ts';
import { groupBy } from './lists.ts';
import { inOrder } from './split.ts';
import type { Groups } from './types.ts';

/** Which draw it is. */
export interface Draw {
  /** Integer 0 … 2⁵³−1. */
  readonly seed: number;
  /** Of `purposes`. */
  readonly purpose: number;
  /** Of the subjects; see `inOrder`. */
  readonly order?: readonly string[] | undefined;
}

/** One of `n` parts, counted from 1. */
export interface Fold {
  readonly k: number;
  readonly n: number;
}

/** Of `2/5`; null where the text is no such part, or of fewer than `least`. */
export function parseFold(text: string, least = 2): Fold | null {
  const [, k, n] = /^(\d+)\/(\d+)$/.exec(text) ?? [];
  const fold = { k: Number(k), n: Number(n) };
  return fold.n >= least && fold.k >= 1 && fold.k <= fold.n ? fold : null;
}

/** The subjects of each group at random, groups by name, subjects without one a group of their own: whichever order they are given in. */
function shuffledGroups(
  subjects: readonly string[],
  groups: Groups,
  { seed, purpose, order }: Draw,
): string[][] {
  const sorted = inOrder(subjects, order);
  const strata = [...groupBy(sorted, (name) => ownOf(groups, name) ?? '')].sort(([a], [b]) =>
    a < b ? -1 : 1,
  );
  return strata.map(([, names], stratum) =>
    Array.from(permutation(names.length, drawsOf(seed, purpose, stratum)), (i) => names[i]!),
  );
}

/**
 * Subjects in a random order whose every beginning has the groups in about their shares (systematic sampling: each
 * group is spread evenly over the order, from a random start). The first n of two counts are nested.
 */
export function stratifiedOrder(subjects: readonly string[], groups: Groups, draw: Draw): string[] {
  const { seed, purpose, order } = draw;
  const ranks = new Map(inOrder(subjects, order).map((name, rank) => [name, rank]));
  const strata = shuffledGroups(subjects, groups, draw);
  const start = drawsOf(seed, purpose, strata.length);
  const placed = strata.flatMap((names) => {
    const from = start();
    return names.map((name, i) => ({ name, rank: ranks.get(name)!, place: (i + from) / names.length }));
  });
  return placed.sort((a, b) => a.place - b.place || a.rank - b.rank).map(({ name }) => name);
}

/**
 * Fold `k` (from 1) of `n`, sorted: the folds share nobody, hold all, and differ by one subject at most, in each group
 * too. Throws ConfigError where there are fewer subjects than folds, or no such fold.
 */
export function foldOf(subjects: readonly string[], groups: Groups, fold: Fold, draw: Draw): string[] {
  const { k, n } = fold;
  const dealt = shuffledGroups(subjects, groups, draw).flat();
  if (!(k >= 1 && k <= n && n >= 2 && n <= dealt.length))
    throw new ConfigError(
      `fold ${k}/${n} of ${dealt.length} subjects: 2 folds or more, no more than subjects, and a number among them are needed.`,
    );
  return dealt.filter((_, i) => i % n === k - 1).sort();
}
