/** @file Location (paper §3): the relative place of the slice in its stack, 0 at the base and 1 at the apex. */
import * as ops from '../autograd/ops.ts';
import { ConfigError } from '../base/errors.ts';
import { mean } from '../base/statistics.ts';
import { field } from '../data/field.ts';
import { groupBy } from '../data/lists.ts';
import type { Sample } from '../data/sample.ts';
import { type Head, pooledHead } from '../models/heads.ts';
import type { Mark } from '../results/mark.ts';
import type { Result } from '../results/result.ts';
import { blockOf } from './outputs.ts';
import { number, whole } from './settings.ts';
import { defineTask, type HostOutputs, type Judge, type Verdict } from './task.ts';

export interface LocationSettings {
  /** Width of the head's hidden layer. */
  readonly hidden: number;
  /** Of the hidden layer: from 0, below 1. */
  readonly dropout: number;
}

/** Mean absolute errors of the relative slice location, 0 … 1. */
export interface LocationErrors {
  readonly mae: number;
  readonly baselineMae: number;
  readonly images: number;
}

interface Located {
  readonly subject: string;
  readonly predicted: number;
  readonly truth: number | null;
}

const labelled = (rows: readonly Located[]) =>
  rows.flatMap(({ truth, ...row }) => (truth === null ? [] : [{ ...row, truth }]));

/** The middle of the stack, where no training image has a location. */
const MIDDLE = 0.5;

class LocationJudge implements Judge {
  readonly #head: Head;
  readonly #trivial: number;
  readonly #rows: Located[] = [];
  #first = 0;

  constructor(head: Head, training: readonly Sample[]) {
    this.#head = head;
    const known = training.map(({ location }) => location).filter((location) => location !== null);
    this.#trivial = mean(known) ?? MIDDLE;
  }

  add(outputs: HostOutputs, samples: readonly Sample[]): void {
    const values = blockOf(outputs, this.#head, samples.length);
    this.#first = this.#rows.length;
    for (const [row, { subject, location }] of samples.entries())
      this.#rows.push({ subject, predicted: values[row]!, truth: location });
  }

  marks(row: number): Mark[] {
    const { predicted, truth } = this.#rows[this.#first + row]!;
    return [{ kind: 'scale', title: 'location', predicted, truth, from: 'base', to: 'apex' }];
  }

  done(): Verdict {
    const points = labelled(this.#rows);
    const errorOf = (rows: typeof points): number | null =>
      mean(rows.map(({ predicted, truth }) => Math.abs(predicted - truth)));
    const mae = errorOf(points);
    const baselineMae = mean(points.map(({ truth }) => Math.abs(this.#trivial - truth)));
    if (mae === null || baselineMae === null) return { results: [], summary: null, scatters: [], notes: [] };
    const count = points.length;
    const result: Result = {
      key: 'location.mae',
      title: 'Slice location',
      unit: '',
      digits: 4,
      better: 'lower',
      value: mae,
      trivial: baselineMae,
      about: `mean absolute error of ${count} images, in stack lengths`,
      count,
      missing: null,
      notes: [],
      bySubject: new Map(
        [...groupBy(points, ({ subject }) => subject)].map(([id, rows]) => [id, errorOf(rows)!]),
      ),
    };
    const summary: LocationErrors = { mae, baselineMae, images: count };
    const scatter = {
      title: 'Slice location',
      about:
        'Each dot is a slice. 0 is the stack’s slice nearest the base of the heart, 1 the one nearest its apex; on the dashed line prediction and truth agree.',
      axis: 'location',
      points,
    };
    return { results: [result], summary, scatters: [scatter], notes: [] };
  }
}

/** Mean squared error of the location over images. */
export const location = defineTask<LocationSettings>({
  name: 'location',
  title: 'Location',
  about: 'How far along its stack the slice lies, from base (0) to apex (1).',
  lossTitle: 'Slice location, mean squared error',
  settings: { hidden: whole({ from: 1, to: 4096 }), dropout: number({ from: 0, below: 1 }) },
  defaults: { hidden: 128, dropout: 0.5 },
  setup(_facts, { hidden, dropout }) {
    const locations = field('locations', { kind: 'value', shape: [1] });
    const head = pooledHead('global_layers', 1, { hidden, dropout });
    return {
      fields: [locations],
      heads: [head],
      series: [],
      tells: 'how far along its stack a slice lies',
      fill({ views: [first] }, row) {
        const { location: place } = first!.sample;
        if (place !== null) row.set(locations, [place]);
      },
      loss: (step) => ops.maskedMse(step.out(head), step.at(locations), step.mask(locations)),
      judge: (training) => new LocationJudge(head, training),
      check(training) {
        if (training.some((sample) => sample.location !== null)) return;
        throw new ConfigError(
          'Task location: no training image has a slice location: every stack has one location only. Map the views, or leave the task out.',
        );
      },
    };
  },
});
