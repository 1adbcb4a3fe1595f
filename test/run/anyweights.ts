/** @file Weights files of small networks of any tasks, with any numbers, made without a device. */
import { shapesOf } from '../../src/exchange/names.ts';
import type { Weight } from '../../src/models/state.ts';
import { encodeWeights } from '../../src/models/weights.ts';
import { planRun } from '../../src/run/plan.ts';
import { describeWeights } from '../../src/run/trained.ts';
import { noise } from '../exchange/onnxruntime.ts';

export const facts = {
  size: 16,
  spacingMm: 2,
  targetView: 'short-axis',
  referenceViews: ['2-chamber', '4-chamber'],
};
export const orientation = { weight: 1, sigmaMm: 7.56, gain: 1 };
export const segmentation = { weight: 1, crossEntropy: 1, dice: 0, classWeights: 'equal', chambers: [] };
export const location = { weight: 1, hidden: 4, dropout: 0 };

/** A file of a network with any weights. */
export function fileOf(tasks: object, classes: readonly string[], width = 3) {
  const info = {
    ...{ version: 2 as const, steps: 1, ...facts, classes },
    ...{ model: { name: 'unet', width, depth: 2, unusedLayers: false }, tasks: tasks as never },
  };
  const plan = planRun(info, info);
  const state = new Map(
    [...shapesOf(plan)].map(([name, shape], i): [string, Weight] => [
      name,
      {
        shape,
        values: shape.length === 0 ? Float32Array.of(i) : noise(shape, i + 1),
        integer: shape.length === 0,
      },
    ]),
  );
  return { info, plan, state, bytes: encodeWeights(state, describeWeights(info, info, 1)) };
}
