/** @file Winners: what the tuner found for a problem, what was known of it, and what stands where it found nothing. */
import type { Choices } from '../kernels/launch/variant.ts';
import type { Problem } from './problems.ts';
import { expectList, type KnownWinner, type KnownWinners } from './tuneOptions.ts';

/** What the tuner found for a problem. */
export interface Winner {
  readonly key: string;
  /** Problems alike enough to learn from this one; see `bucketKey`. */
  readonly bucket: string;
  /** Names of the variants that fit. */
  readonly fitting: readonly string[];
  readonly title: string;
  readonly uses: number;
  /** Of the time that all problems take together, as their sizes let expect: modelled, not measured. */
  readonly share: number;
  /** What the order of preference takes. */
  readonly ordered: string;
  readonly chosen: string;
  /** Milliseconds of its launches with the chosen variant and with the ordered one; null where not measured now. */
  readonly ms: number | null;
  readonly orderedMs: number | null;
  /** Whether every variant that fits was tried or could gain nothing; the time limit may prevent it. */
  readonly complete: boolean;
  /** Names of the variants that were tried, now or for what was known before; all that fit where it is complete. */
  readonly tried: readonly string[];
  /** Names of the shaders that were run to find this out, on which it depends; empty where nothing was measured now. */
  readonly shaders: readonly string[];
}

export function summaryOf({ key, bucket, fitting, title, uses, chosen }: Problem) {
  return { key, bucket, fitting, title, uses, ordered: chosen, chosen };
}

export const entryFor = (bucket: string, known: KnownWinners): KnownWinner | undefined =>
  Object.hasOwn(known, bucket) ? known[bucket] : undefined;

/** The winner found earlier for a problem's bucket, where it is one for the problem. */
export function knownFor({ bucket, fitting }: Problem, known: KnownWinners): string | undefined {
  const winner = entryFor(bucket, known);
  const met = winner && fitting.every((name) => winner.fitting.includes(name));
  return met && fitting.includes(winner.chosen) ? winner.chosen : undefined;
}

/** A problem's winner as it is known, else what the order of preference takes. */
export function unmeasuredWinner(problem: Problem, share: number, known: string | undefined): Winner {
  const tried = known === undefined ? [] : problem.fitting;
  const summary = { ...summaryOf(problem), share, ms: null, orderedMs: null, tried, shaders: [] };
  return { ...summary, chosen: known ?? problem.chosen, complete: known !== undefined };
}

/**
 * The winners as `setChoices` takes them. @throws ConfigError for what are none
 * @example
 * choicesBy([]); // {}
 */
export function choicesBy(winners: readonly Winner[]): Choices {
  expectList('choicesBy', winners, 'key', 'Pass the winners that tune() gives');
  return Object.fromEntries(winners.map(({ key, chosen }) => [key, chosen]));
}
