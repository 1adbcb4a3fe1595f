/** @file Batch norm over all axes but the last, with the ReLU that follows it fused in: statistics, output, gradients. */

import { ShapeError } from '../base/errors.ts';
import { formatShape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { mapSizes, type Sizes, sumRows } from './batchNormRows.ts';
import {
  type Forward,
  mergeGradients,
  paramsOf,
  partialsOf,
  settings,
  shareOfRow,
  summarise,
} from './batchNormSums.ts';
import { expectNumber, expectOneOf } from './checks.ts';
import { expectFloat } from './elements.ts';
import { launch } from './launch/queue.ts';
import { Call, call, expectShape, expectType, type Inputs, type Op } from './op.ts';
import { throughUnits, type Units } from './runs.ts';
import * as shaders from './shaders.gen.ts';

export interface BatchNormAttrs {
  /** Normalise by the statistics of x and move the running ones; otherwise normalise by the running ones. */
  readonly training: boolean;
  /** Weight of the batch in the running statistics. */
  readonly momentum: number;
  readonly epsilon: number;
  readonly relu: boolean;
}

const shader = shaders.batchNorm;
const gradShader = shaders.batchNormGrad;

const names = ['weight', 'bias', 'runningMean', 'runningVariance'];

function expectAttrs({ training, momentum, epsilon, relu }: BatchNormAttrs): void {
  expectOneOf('batchNorm', 'training', training, [true, false]);
  expectNumber('batchNorm', 'momentum', momentum, { least: 0, most: 1 });
  expectNumber('batchNorm', 'epsilon', epsilon, { least: 0 });
  expectOneOf('batchNorm', 'relu', relu, [true, false]);
}

function checked([x, ...rows]: Inputs, training: boolean): Tensor {
  const found = formatShape(x?.shape ?? []);
  if (!x || x.shape.length < 2)
    throw new ShapeError('batchNorm', 'x', `has shape ${found}`, 'Rank 2 or more is needed.');
  const channels = x.shape.at(-1)!;
  if (channels === 0)
    throw new ShapeError('batchNorm', 'x', `of shape ${found} has no channels`, 'One or more is needed.');
  for (const [i, name] of names.entries())
    expectType('batchNorm', name, expectShape('batchNorm', name, rows[i] ?? null, [channels]), 'f32');
  if (training && x.size === channels) {
    const problem = `of shape ${found} has one value per channel`;
    throw new ShapeError('batchNorm', 'x', problem, 'Training needs two or more; use a larger batch.');
  }
  return expectFloat('batchNorm', 'x', x);
}

function forwardGiven(t: Forward, y: Tensor, { epsilon, relu }: BatchNormAttrs): void {
  const { x, weight, bias, runningMean: mean, runningVariance: variance, affine } = t;
  const sizes = mapSizes(x);
  const { grid, each } = settings(x, sizes, relu);
  throughUnits(y, (to, units) => {
    const params = paramsOf(sizes, { ...units, epsilon });
    const tensors = { x, weight, bias, mean, variance, affine, y: to };
    launch(x.device, shader, 'forwardGiven', tensors, params, grid, each);
  });
}

/** Where the rows of y lie, in the groups of `sizes`. */
function placeOf({ pitch, start }: Units, y: Tensor, { each }: Sizes): Units {
  const factor = (y.shape.at(-1)! % 4 === 0 ? 4 : 1) / each;
  return { pitch: pitch * factor, start: start * factor };
}

function forwardTraining(t: Forward, y: Tensor, { epsilon, momentum, relu }: BatchNormAttrs): void {
  const { x, affine } = t;
  const { device } = x;
  sumRows(x, (way, sizes) => {
    const { grid, each } = settings(x, sizes, relu);
    const params = paramsOf(sizes, { epsilon, momentum });
    throughUnits(y, (to, units) => {
      const place = placeOf(units, to, sizes);
      const placed = { ...params, ...place };
      if (way === 'whole') {
        launch(device, shader, 'forwardWhole', { ...t, y: to }, placed, grid, each);
        return;
      }
      if (way === 'lanes') {
        summarise(t, sizes, { epsilon, momentum });
        applyKept(x, affine, to, relu, place);
        return;
      }
      using partials = partialsOf(x, sizes);
      launch(device, shader, 'statistics', { x, partial: partials }, params, grid, each);
      launch(device, shader, 'forwardStrips', { ...t, partials, y: to }, placed, grid, each);
    });
  });
}

/** The map that was applied, applied anew. */
function applyKept(x: Tensor, affines: Tensor, y: Tensor, relu: boolean, place?: Units): void {
  const sizes = mapSizes(x);
  const { grid, each } = settings(x, sizes, relu);
  const params = paramsOf(sizes, place ?? { pitch: sizes.groups, start: 0 });
  launch(x.device, shader, 'forward', { x, affines, y }, params, grid, each);
}

/**
 * (x − mean)/√(variance + epsilon)·weight + bias, then ReLU if asked. x [..., C] f32 or f16; weight, bias, running mean
 * and variance [C], f32. In training mean and biased variance are the batch's, and the running ones move in place, the
 * variance unbiased, as torch does: running ← (1 − momentum)·running + momentum·batch. Of a batch that ranks share, the
 * batch is the rank's rows, or with `syncBatchNorm` all of it. Further output: the map that
 * was applied and 1/√(variance + epsilon), [4, C], which the gradient needs. Further input, which may be left out: the
 * moments of x (conv2dMoments).
 */
export const batchNorm: Op<BatchNormAttrs> = {
  name: 'batchNorm',
  inputs: ['x', ...names],
  writesRuns: true,
  infer(inputs, attrs) {
    expectAttrs(attrs);
    const { shape, dtype } = checked(inputs, attrs.training);
    return [
      { shape, dtype },
      { shape: [4, shape.at(-1)!], dtype: 'f32' },
    ];
  },
  launch(_device, [x, weight, bias, runningMean, runningVariance, moments], [y, affine], attrs) {
    const statistics = { runningMean: runningMean!, runningVariance: runningVariance! };
    const own = { affine: affine!, moments: moments ?? undefined };
    const tensors = { x: x!, weight: weight!, bias: bias!, ...statistics, ...own };
    // No rows have no statistics to move the running ones by.
    if (attrs.training && x!.size > 0) forwardTraining(tensors, y!, attrs);
    else forwardGiven(tensors, y!, attrs);
  },
  grad({ inputs: [x, weight], outputs: [, affine], dy: [dy], attrs: { training, relu } }) {
    const gradients = new Call(batchNormGrad, [x!, dy!, affine!], { training, relu, row: weight!.shape });
    return [gradients.at(0), gradients.at(1), gradients.at(2), null, null];
  },
  again: ({ inputs: [x], outputs: [, affine], attrs: { relu } }) =>
    call(batchNormAgain, [x!, affine!], { relu }),
};

/** The output from x and the map that was applied: the same bits. */
const batchNormAgain: Op<Pick<BatchNormAttrs, 'relu'>> = {
  name: 'batchNormAgain',
  infer: ([x]) => [x!],
  launch(_device, [x, affine], [y], { relu }) {
    applyKept(x!, affine!, y!, relu);
  },
};

interface GradAttrs extends Pick<BatchNormAttrs, 'training' | 'relu'> {
  /** Shape of weight and bias. */
  readonly row: readonly number[];
}

/** Gradients of x, weight and bias. */
const batchNormGrad: Op<GradAttrs> = {
  name: 'batchNormGrad',
  infer: ([x], { row }) => [x!, { shape: row, dtype: 'f32' }, { shape: row, dtype: 'f32' }],
  launch(device, [x, dy, affines], [dx, dweight, dbias], { training, relu }) {
    const given = { x: x!, dy: dy!, affines: affines! };
    const results = { y: dx!, dweight: dweight!, dbias: dbias! };
    sumRows(x!, (way, sizes) => {
      const { grid, each: plain } = settings(x!, sizes, relu);
      const each = { ...plain, overrides: { ...plain.overrides, GIVEN: Number(!training) } };
      const share = training ? shareOfRow(x!) : 0;
      const params = paramsOf(sizes, { share });
      if (way === 'whole') {
        launch(device, gradShader, 'backwardWhole', { ...given, ...results }, params, grid, each);
        return;
      }
      using partials = partialsOf(x!, sizes);
      launch(device, gradShader, 'gradientSums', { ...given, partial: partials }, params, grid, each);
      if (way === 'strips') {
        launch(device, gradShader, 'backwardStrips', { ...given, ...results, partials }, params, grid, each);
        return;
      }
      using sums = mergeGradients(given, { dweight: dweight!, dbias: dbias! }, partials, sizes, training);
      const map = mapSizes(x!);
      const { grid: all } = settings(x!, map);
      launch(device, gradShader, 'backward', { ...given, sums, y: dx! }, paramsOf(map, { share }), all, each);
    });
  },
};
