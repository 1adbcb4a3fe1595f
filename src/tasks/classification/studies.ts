/** @file Studies: what is said of the slices of a subject, put together. */
import type { Sample } from '../../data/sample.ts';

/** Natural logarithms of probabilities from logits, in double precision. */
export function logSoftmax(logits: ArrayLike<number>): number[] {
  const values = Array.from(logits);
  const most = Math.max(...values);
  const sum = values.reduce((all, value) => all + Math.exp(value - most), 0);
  return values.map((value) => value - most - Math.log(sum));
}

/** What is said of a subject. */
export interface Study {
  readonly subject: string;
  /** Its group by the data; null where they do not say. */
  readonly group: string | null;
  readonly images: number;
  /** Natural logarithms of the probabilities of the classes. */
  readonly scores: readonly number[];
}

/**
 * Sums over the images of each subject, all slices and phases alike. A study's probabilities are the mean of the
 * images' log-probabilities, made to sum to 1: where every image adds what it says, and a study of many slices is no
 * surer of itself than one of few.
 */
export class Studies {
  readonly #label: string;
  readonly #sums = new Map<string, { group: string | null; images: number; logs: number[] }>();

  constructor(label: string) {
    this.#label = label;
  }

  add(sample: Sample, logs: readonly number[]): void {
    const { subject } = sample;
    const own = this.#sums.get(subject) ?? {
      group: sample.group(this.#label),
      images: 0,
      logs: logs.map(() => 0),
    };
    for (const [k, value] of logs.entries()) own.logs[k]! += value;
    own.images++;
    this.#sums.set(subject, own);
  }

  list(): Study[] {
    return [...this.#sums].map(([subject, { group, images, logs }]) => ({
      ...{ subject, group, images },
      scores: logSoftmax(logs.map((sum) => sum / images)),
    }));
  }
}

/** How many subjects of each class there are. */
export function groupCounts(samples: readonly Sample[], classes: readonly string[], label: string): number[] {
  const groups = new Map<string, string | null>();
  for (const sample of samples) groups.set(sample.subject, sample.group(label));
  return classes.map((name) => [...groups.values()].filter((group) => group === name).length);
}
