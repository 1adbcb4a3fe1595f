/** @file Weights files of small networks of any tasks, with any numbers, made without a device. */
import { shapesOf } from '../../src/exchange/names.ts';
import type { Weight } from '../../src/models/state.ts';
import { encodeWeights } from '../../src/models/weights.ts';
import { planRun } from '../../src/run/plan.ts';
import { describeWeights } from '../../src/run/trained.ts';
import type { Shape } from '../../src/tensor/shape.ts';
import { noise } from '../exchange/onnxruntime.ts';

export const facts = {
  size: 16,
  spacingMm: 2,
  targetView: 'short-axis',
  referenceViews: ['2-chamber', '4-chamber'],
};
export const orientation = { weight: 1, sigmaMm: 7.56, gain: 1, output: 'linear' };
export const segmentation = { weight: 1, crossEntropy: 1, dice: 0, classWeights: 'equal', chambers: [] };
export const location = { weight: 1, hidden: 4, dropout: 0 };

interface Grid {
  readonly width?: number;
  readonly size?: number;
  readonly spacingMm?: number;
}

function weightOf(name: string, shape: Shape, seed: number): Weight {
  if (shape.length === 0) return { shape, values: Float32Array.of(seed), integer: true };
  const values = noise(shape, seed);
  return {
    shape,
    values: name.endsWith('running_var') ? values.map((v) => 0.5 + v * v) : values,
    integer: false,
  };
}

/** A file of a network with any weights. */
export function fileOf(tasks: object, classes: readonly string[], grid: Grid = {}) {
  const { width = 3, ...own } = grid;
  const info = {
    ...{ version: 2 as const, steps: 1, ...facts, ...own, classes },
    ...{ model: { name: 'unet', width, depth: 2, unusedLayers: false }, tasks: tasks as never },
  };
  const plan = planRun(info, info);
  const state = new Map(
    [...shapesOf(plan)].map(([name, shape], i): [string, Weight] => [name, weightOf(name, shape, i + 1)]),
  );
  return { info, plan, state, bytes: encodeWeights(state, describeWeights(info, info, 1)) };
}
