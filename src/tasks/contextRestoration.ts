/**
 * @file Context restoration (Chen et al., Medical Image Analysis 2019): patches of the image were exchanged; put them
 * back. The slice form.
 */
import * as ops from '../autograd/ops.ts';
import { field } from '../data/field.ts';
import { pixelHead } from '../models/heads.ts';
import { RestorationJudge } from './restoration/judge.ts';
import { restoredMse } from './restoration/loss.ts';
import { whole } from './settings.ts';
import { defineTask, type TaskInput } from './task.ts';

/**
 * The paper says neither how large the patches are nor how many are exchanged. Our reading, at 224 px: 16 px and 20
 * exchanges, which moves some 20 % of the pixels.
 */
export interface ContextRestorationSettings {
  /** Exchanges, one after another on the running image. */
  readonly swaps: number;
  /** How often a patch's side fits into the image's, rounded to whole pixels. */
  readonly patches: number;
}

type Corner = readonly [x: number, y: number];

const overlap = ([ax, ay]: Corner, [bx, by]: Corner, side: number): boolean =>
  Math.abs(ax - bx) < side && Math.abs(ay - by) < side;

/** Two patches inside the image that share no pixel, each pair with equal chance. */
function apart(size: number, side: number, draw: () => number): [Corner, Corner] {
  const corner = (): Corner => [
    Math.floor(draw() * (size - side + 1)),
    Math.floor(draw() * (size - side + 1)),
  ];
  for (;;) {
    const [a, b] = [corner(), corner()];
    if (!overlap(a, b, side)) return [a, b];
  }
}

/** [size, size]: the pixel that each pixel's value comes from, after the exchanges. Each occurs once. */
export function swappedPlaces(size: number, side: number, swaps: number, draw: () => number): Uint32Array {
  const places = Uint32Array.from({ length: size * size }, (_, i) => i);
  for (let swap = 0; swap < swaps; swap++) {
    const [[ax, ay], [bx, by]] = apart(size, side, draw);
    for (let i = 0; i < side * side; i++) {
      const [x, y] = [i % side, Math.floor(i / side)];
      const [a, b] = [(ay + y) * size + ax + x, (by + y) * size + bx + x];
      [places[a], places[b]] = [places[b]!, places[a]!];
    }
  }
  return places;
}

export const contextRestoration = defineTask<ContextRestorationSettings>({
  name: 'contextRestoration',
  title: 'Context restoration',
  about: 'The image, of which patches have been exchanged, as it was before.',
  lossTitle: 'Context restoration, mean squared error',
  settings: { swaps: whole({ from: 1, to: 10_000 }), patches: whole({ from: 4, to: 256 }) },
  defaults: { swaps: 20, patches: 14 },
  setup(_facts, { swaps, patches }, { size }) {
    const side = Math.max(1, Math.round(size / patches));
    const places = field('exchanged places', { kind: 'value', shape: [size, size], dtype: 'u32' });
    const head = pixelHead('final', 1);
    const input: TaskInput = {
      ...{ name: 'exchanged patches', views: 1, tables: [places] },
      pick: ({ sample, change, draw }) => ({
        ...{ views: [{ sample, ...change }], drawn: 0 },
        tables: new Map([[places, swappedPlaces(size, side, swaps, draw)]]),
      }),
      alter: (images, at) => ops.gatherPixels(images, at(places)),
    };
    const result = { key: 'contextRestoration.rmse', title: 'Context restoration, error' };
    return {
      fields: [places],
      heads: [head],
      input,
      series: [],
      tells: 'what an image was like before patches of it were exchanged',
      fill() {}, // the image is its own label
      loss: (step) => restoredMse(step, head, places),
      judge: () => new RestorationJudge({ head, size, result }),
      check() {},
    };
  },
});
