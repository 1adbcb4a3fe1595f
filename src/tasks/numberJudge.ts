/** @file Judges one number an image, 0 to 1: its mean absolute error beside that of the training images' mean. */
import { mean } from '../base/statistics.ts';
import type { Sample } from '../data/sample.ts';
import type { Head } from '../models/heads.ts';
import type { Mark } from '../results/mark.ts';
import type { Result } from '../results/result.ts';
import { subjectMeans } from '../results/subjects.ts';
import { blockOf } from './outputs.ts';
import type { HostOutputs, Judge, Verdict } from './task.ts';

export interface NumberJudgeOptions {
  /** Of one channel. */
  readonly head: Head;
  /** What is true of an image; null where that is not known. */
  readonly truthOf: (sample: Sample) => number | null;
  /** The trivial answer where it is known of no training image. */
  readonly otherwise: number;
  readonly result: Pick<Result, 'key' | 'title' | 'digits'>;
  /** What the error is in: `stack lengths`. */
  readonly measure: string;
  /** What the number is called, and what 0 and 1 are. */
  readonly scale: Pick<Extract<Mark, { kind: 'scale' }>, 'title' | 'from' | 'to'>;
  /** Sentences on the dots of predicted against true numbers. */
  readonly dots: string;
}

/** Mean absolute errors. */
export interface NumberErrors {
  readonly mae: number;
  readonly baselineMae: number;
  readonly images: number;
}

interface Judged {
  readonly subject: string;
  readonly predicted: number;
  readonly truth: number | null;
}

const labelled = (rows: readonly Judged[]) =>
  rows.flatMap(({ truth, ...row }) => (truth === null ? [] : [{ ...row, truth }]));

/** What is known, image by image. */
function* truthsOf(samples: readonly Sample[], { truthOf }: NumberJudgeOptions): Generator<number> {
  for (const sample of samples) {
    const truth = truthOf(sample);
    if (truth !== null) yield truth;
  }
}

export class NumberJudge implements Judge {
  readonly #options: NumberJudgeOptions;
  readonly #trivial: number;
  readonly #rows: Judged[] = [];
  #first = 0;

  constructor(options: NumberJudgeOptions, training: readonly Sample[]) {
    this.#options = options;
    this.#trivial = mean(truthsOf(training, options)) ?? options.otherwise;
  }

  add(outputs: HostOutputs, samples: readonly Sample[]): void {
    const { head, truthOf } = this.#options;
    const values = blockOf(outputs, head, samples.length);
    this.#first = this.#rows.length;
    for (const [row, sample] of samples.entries())
      this.#rows.push({ subject: sample.subject, predicted: values[row]!, truth: truthOf(sample) });
  }

  marks(row: number): Mark[] {
    const { predicted, truth } = this.#rows[this.#first + row]!;
    return [{ kind: 'scale', ...this.#options.scale, predicted, truth }];
  }

  done(): Verdict {
    const { result: told, measure, scale, dots } = this.#options;
    const points = labelled(this.#rows);
    const errorOf = (rows: typeof points): number | null =>
      mean(rows.map(({ predicted, truth }) => Math.abs(predicted - truth)));
    const mae = errorOf(points);
    const baselineMae = mean(points.map(({ truth }) => Math.abs(this.#trivial - truth)));
    if (mae === null || baselineMae === null) return { results: [], summary: null, scatters: [], notes: [] };
    const count = points.length;
    const result: Result = {
      ...told,
      unit: '',
      better: 'lower',
      value: mae,
      trivial: baselineMae,
      about: `mean absolute error of ${count} images, in ${measure}`,
      count,
      missing: null,
      notes: [],
      bySubject: subjectMeans(points, ({ predicted, truth }) => Math.abs(predicted - truth)),
    };
    const summary: NumberErrors = { mae, baselineMae, images: count };
    const scatter = { title: told.title, about: dots, axis: scale.title, points };
    return { results: [result], summary, scatters: [scatter], notes: [] };
  }
}
