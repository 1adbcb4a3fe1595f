/** @file A measure over many cases, of which some have none. */

import { mean, median } from '../base/statistics.ts';

export interface Summary {
  /** Null where no case has a value. */
  readonly mean: number | null;
  readonly median: number | null;
  /** Sample standard deviation (n − 1); null below two values. */
  readonly deviation: number | null;
  /** Cases with a value, and without. */
  readonly count: number;
  readonly missing: number;
}

/** Mean, median and deviation over the values there are; null is missing and only counted. */
export function summarize(values: readonly (number | null)[]): Summary {
  const present = values.filter((v) => v !== null);
  const middle = mean(present);
  const squares = present.reduce((sum, v) => sum + (v - middle!) ** 2, 0);
  return {
    mean: middle,
    median: median(present),
    deviation: present.length < 2 ? null : Math.sqrt(squares / (present.length - 1)),
    count: present.length,
    missing: values.length - present.length,
  };
}
