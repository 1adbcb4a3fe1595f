/** @file A task that only tests have, as docs/adding-a-task.md shows it: how much of the image is bright? */
import * as ops from '../../src/autograd/ops.ts';
import { mean } from '../../src/base/statistics.ts';
import { field } from '../../src/data/field.ts';
import type { Sample } from '../../src/data/sample.ts';
import { type Head, pooledHead } from '../../src/models/heads.ts';
import { blockOf } from '../../src/tasks/outputs.ts';
import { number, whole } from '../../src/tasks/settings.ts';
import { defineTask, type Judge } from '../../src/tasks/task.ts';

/** Compares what the head says with the truth, and both with the mean of the training images. */
function judgeOf(head: Head, truthOf: (sample: Sample) => number, training: readonly Sample[]): Judge {
  const usual = mean(training.map(truthOf)) ?? 0.5;
  const rows: { subject: string; predicted: number; truth: number }[] = [];
  let first = 0; // row of the newest block
  return {
    add(outputs, samples) {
      first = rows.length;
      for (const [i, predicted] of blockOf(outputs, head, samples.length).entries())
        rows.push({ subject: samples[i]!.subject, predicted, truth: truthOf(samples[i]!) });
    },
    marks: (row) => [
      { kind: 'scale', title: 'brightness', from: 'dark', to: 'bright', ...rows[first + row]! },
    ],
    done() {
      const errorOf = (of: typeof rows) =>
        mean(of.map(({ predicted, truth }) => Math.abs(predicted - truth)));
      const trivial = mean(rows.map(({ truth }) => Math.abs(usual - truth)));
      const subjects = [...new Set(rows.map(({ subject }) => subject))];
      const bySubject = new Map(
        subjects.map((s) => [s, errorOf(rows.filter(({ subject }) => subject === s))!]),
      );
      const told = {
        key: 'brightness.mae',
        title: 'Bright share',
        about: `mean error of ${rows.length} images`,
      };
      const how = {
        unit: '',
        digits: 3,
        better: 'lower',
        count: rows.length,
        missing: null,
        notes: [],
      } as const;
      const results = [{ ...told, ...how, value: errorOf(rows), trivial, bySubject }];
      return { results, summary: { mae: errorOf(rows), baselineMae: trivial }, scatters: [], notes: [] };
    },
  };
}

export const brightness = defineTask<{ readonly threshold: number; readonly hidden: number }>({
  name: 'brightness',
  title: 'Brightness',
  about: 'How much of the image is bright.',
  lossTitle: 'Bright share, mean squared error',
  settings: { threshold: number(), hidden: whole({ from: 1 }) },
  defaults: { threshold: 0, hidden: 8 },
  setup(_facts, { threshold, hidden }) {
    const share = field('bright share', { kind: 'value', shape: [1] });
    const head = pooledHead('bright_layers', 1, { hidden, dropout: 0 });
    const truthOf = (sample: Sample) => mean(Array.from(sample.pixels(), (v) => Number(v > threshold)))!;
    return {
      ...{ fields: [share], heads: [head], series: [], tells: 'how much of an image is bright' },
      fill: ({ views: [view] }, row) => row.set(share, [truthOf(view!.sample)]),
      loss: (step) => ops.maskedMse(step.out(head), step.at(share), step.mask(share)),
      judge: (training) => judgeOf(head, truthOf, training),
      check() {}, // every image has this label
    };
  },
});
