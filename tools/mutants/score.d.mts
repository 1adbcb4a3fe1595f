/** @file Types of score.mjs for the tests. */

interface Interval {
  readonly low: number;
  readonly high: number;
}

export interface Score extends Interval {
  readonly rows: readonly { readonly stratum: string; readonly valid: number; readonly found: number }[];
  readonly score: number;
}

export function wilson(found: number, count: number): Interval;

export function scoreOf(
  results: readonly { readonly stratum: string; readonly status: string }[],
  sizes: Readonly<Record<string, number>>,
): Score;

export function tableOf(score: Score): string;
