/** @file A task that only tests have, with an input of its own: is the image mirrored? It shares nothing with others but the network. */
import * as ops from '../../src/autograd/ops.ts';
import { field } from '../../src/data/field.ts';
import type { Input } from '../../src/data/input.ts';
import { pooledHead } from '../../src/models/heads.ts';
import { whole } from '../../src/tasks/settings.ts';
import { defineTask, type Judge, type Part } from '../../src/tasks/task.ts';

/** Mirrors one image in two, left to right, on top of its augmentation. */
export const mirrored: Input = {
  name: 'mirrored',
  views: 1,
  pick({ sample, change, size, draw }) {
    const drawn = Math.floor(2 * draw());
    const [a, b, c, d, e, f] = change.matrix;
    const [x, y] = [c + a * (size - 1), f + d * (size - 1)];
    const matrix = drawn === 0 ? change.matrix : ([-a, b, x, -d, e, y] as const);
    return { views: [{ sample, ...change, matrix }], drawn };
  },
};

/** Settings: width of the hidden layer. */
export const mirrors = defineTask<{ readonly hidden: number }>({
  name: 'mirrors',
  title: 'Mirrors',
  about: 'Whether the image is mirrored.',
  lossTitle: 'Mirrors, mean squared error',
  settings: { hidden: whole({ from: 1 }) },
  defaults: { hidden: 8 },
  setup(_facts, { hidden }): Part {
    const truth = field('mirrored', { kind: 'value', shape: [1] });
    const head = pooledHead('mirror_layers', 1, { hidden, dropout: 0 });
    const judge = (): Judge => {
      let [sum, count] = [0, 0];
      return {
        add(outputs, samples) {
          sum += outputs(head).reduce((total, value) => total + value, 0);
          count += samples.length;
        },
        marks: (row) => [{ kind: 'words', text: `image ${row} of its block` }],
        done: () => ({
          results: [],
          summary: { mean: sum / count, count },
          scatters: [],
          notes: ['Of mirrors, only the mean is told.'],
          left: ['No image is left.'],
        }),
      };
    };
    return {
      fields: [truth],
      heads: [head],
      input: mirrored,
      series: [],
      tells: 'whether an image is mirrored',
      fill: ({ drawn }, row) => row.set(truth, [drawn]),
      loss: (step) => ops.maskedMse(step.out(head), step.at(truth), step.mask(truth)),
      judge,
      check() {},
    };
  },
});
