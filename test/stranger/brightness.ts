/** @file The task of docs/adding-a-task.md, which only tests have: how much of the image is bright. */
import * as ops from '../../src/autograd/ops.ts';
import { mean } from '../../src/base/statistics.ts';
import { field } from '../../src/data/field.ts';
import type { Sample } from '../../src/data/sample.ts';
import { pooledHead } from '../../src/models/heads.ts';
import { NumberJudge } from '../../src/tasks/numberJudge.ts';
import { number, whole } from '../../src/tasks/settings.ts';
import { defineTask } from '../../src/tasks/task.ts';

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
    const judged = {
      ...{ head, truthOf, otherwise: 0.5, measure: 'shares of the pixels' },
      result: { key: 'brightness.mae', title: 'Bright share', digits: 3 },
      scale: { title: 'brightness', from: 'dark', to: 'bright' },
      dots: 'Each dot is an image.',
    };
    return {
      fields: [share],
      heads: [head],
      series: [],
      tells: 'how much of an image is bright',
      fill: ({ views: [view] }, row) => row.set(share, [truthOf(view!.sample)]),
      loss: (step) => ops.maskedMse(step.out(head), step.at(share), step.mask(share)),
      judge: (training) => new NumberJudge(judged, training),
      check() {}, // every image has this label
    };
  },
});
