/** @file Which mutants are made of all that could be: a seeded sample of each stratum. */
import { createHash } from 'node:crypto';

/** Of a stratum at least so many are drawn, where it has them and the sample is large. */
const LEAST = 12;

/** Values by a key of each, in order of first appearance. */
export function groupBy(values, keyOf) {
  const groups = new Map();
  for (const value of values) {
    const key = keyOf(value);
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(value);
  }
  return groups;
}

/** What no two mutants share: several may begin at one place. */
export const nameOf = ({ key, original }) => `${key} for ${original}`;

/**
 * About `sample` mutants, as many of each `stratum` as its share, in order of files. What is drawn depends on the seed and
 * on each mutant's `key` alone, so that others that come or go move none.
 */
export function draw(mutants, { sample, seed }) {
  if (!(sample < mutants.length)) return mutants;
  const rank = ({ key }) => createHash('sha256').update(`${seed}\n${key}`).digest('hex');
  const drawn = new Set();
  const strata = [...groupBy(mutants, ({ stratum }) => stratum).values()];
  const least = Math.min(LEAST, Math.ceil(sample / strata.length));
  for (const members of strata) {
    const count = Math.max(least, Math.round((sample * members.length) / mutants.length));
    const ranked = members.map((mutant) => ({ mutant, at: rank(mutant) }));
    ranked.sort((a, b) => (a.at < b.at ? -1 : 1));
    for (const { mutant } of ranked.slice(0, count)) drawn.add(mutant);
  }
  return mutants.filter((mutant) => drawn.has(mutant));
}
