/** @file Batch norm over all axes but the last, with the ReLU that follows it fused in: statistics, output, gradients. */

import { empty } from '../tensor/create.ts';
import { ShapeError } from '../tensor/errors.ts';
import { formatShape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { Call, call, expectShape, expectType, type Inputs, type Op } from './op.ts';
import { launch, linearGrid } from './queue.ts';
import { throughUnits } from './runs.ts';
import * as shaders from './shaders.gen.ts';
import { chooseVariant, type Variant } from './variant.ts';

export interface BatchNormAttrs {
  /** The statistics are those of x, so x's gradient passes through them too. */
  readonly training: boolean;
  readonly epsilon: number;
  readonly relu: boolean;
}

interface Sizes {
  readonly rows: number;
  readonly groups: number;
  readonly strips: number;
}

const shader = shaders.batchNorm;
const unused = { epsilon: 0, momentum: 0, share: 0, pitch: 0, start: 0 };

/** How the rows are shared out: `rowsEach` of them to an invocation, or as many as leave `most` invocations. */
function sizesOf(x: Tensor, rowsEach: number, most = Number.POSITIVE_INFINITY): Sizes {
  const channels = x.shape.at(-1)!;
  const groups = channels % 4 === 0 ? channels / 4 : channels;
  const rows = x.size / channels;
  const strips = Math.max(1, Math.min(Math.ceil(rows / rowsEach), Math.ceil(most / groups)));
  return { rows, groups, strips };
}

const mapSizes = (x: Tensor) => sizesOf(x, x.device.caps.software ? 32 : 4);

/** How sums over the rows are shared out: in strips by the first launch, in `lanes` of one workgroup by the second. */
const sumVariants: readonly Variant<Tensor, [run: (sizes: Sizes, lanes: number) => void]>[] = [
  {
    name: 'strips',
    fits: () => true,
    preferred: ({ software }) => software,
    launch: (_device, x, run) => run(sizesOf(x, 16, 128), 1),
  },
  {
    name: 'lanes',
    fits: () => true,
    launch: (_device, x, run) => run(sizesOf(x, 16, 32768), 64),
  },
];

function sumRows(x: Tensor, run: (sizes: Sizes, lanes: number) => void): void {
  chooseVariant(x.device, 'batchNorm', sumVariants, x).launch(x.device, x, run);
}

function settings(x: Tensor, { groups, strips }: Sizes, { relu = false, lanes = 1 }) {
  const { workgroup } = x.device.caps;
  const aliases: Record<string, string> = x.shape.at(-1)! % 4 === 0 ? {} : { V: 'f32' };
  return {
    grid: linearGrid(groups * strips, workgroup),
    each: { overrides: { WORKGROUP: workgroup, RELU: Number(relu) }, aliases },
    merge: { overrides: { LANES: lanes }, aliases },
  };
}

function partialsOf(x: Tensor, { strips }: Sizes): Tensor {
  return empty(x.device, { shape: [2, strips, x.shape.at(-1)!], dtype: 'f32' }, 'batchNorm.partials');
}

function checked(op: string, [x, ...rows]: Inputs, names: readonly string[]): Tensor {
  if (!x || x.shape.length < 2) {
    throw new ShapeError(op, 'x', `has shape ${formatShape(x?.shape ?? [])}`, 'Rank 2 or more is needed.');
  }
  for (const [i, name] of names.entries()) expectShape(op, name, rows[i] ?? null, [x.shape.at(-1)!]);
  return expectType(op, 'x', x, 'f32');
}

/**
 * Mean and biased variance of each channel of x. Updates the running statistics in place, the variance unbiased, as
 * torch does: running ← (1 − momentum)·running + momentum·batch.
 */
export const batchNormStatistics: Op<{ readonly momentum: number }> = {
  name: 'batchNormStatistics',
  infer(inputs) {
    const x = checked('batchNorm', inputs, ['runningMean', 'runningVariance']);
    const shape = [x.shape.at(-1)!];
    if (x.size / shape[0]! < 2) {
      const problem = `of shape ${formatShape(x.shape)} has one value per channel`;
      throw new ShapeError('batchNorm', 'x', problem, 'Training needs two or more; use a larger batch.');
    }
    return [
      { shape, dtype: 'f32' },
      { shape, dtype: 'f32' },
    ];
  },
  launch(device, [x, runningMean, runningVariance], [mean, variance], { momentum }) {
    sumRows(x!, (sizes, lanes) => {
      const { grid, each, merge } = settings(x!, sizes, { lanes });
      const params = { ...unused, ...sizes, momentum };
      using partials = partialsOf(x!, sizes);
      launch(device, shader, 'statistics', { x: x!, partial: partials }, params, grid, each);
      const results = { batchMean: mean!, batchVariance: variance! };
      const running = { runningMean: runningMean!, runningVariance: runningVariance! };
      const tensors = { partials, ...results, ...running };
      launch(device, shader, 'mergeStatistics', tensors, params, [sizes.groups], merge);
    });
  },
};

/** (x − mean)/√(variance + epsilon)·weight + bias, then ReLU if asked. x [..., C], the others [C]. */
export const batchNorm: Op<BatchNormAttrs> = {
  name: 'batchNorm',
  writesRuns: true,
  infer(inputs) {
    const x = checked('batchNorm', inputs, ['weight', 'bias', 'mean', 'variance']);
    return [{ shape: x.shape, dtype: 'f32' }];
  },
  launch(device, [x, weight, bias, mean, variance], [y], { epsilon, relu }) {
    const sizes = mapSizes(x!);
    const { grid, each } = settings(x!, sizes, { relu });
    const saved = { x: x!, weight: weight!, bias: bias!, mean: mean!, variance: variance! };
    throughUnits(y!, (to, rows) => {
      const params = { ...unused, ...sizes, ...rows, epsilon };
      launch(device, shader, 'forward', { ...saved, y: to }, params, grid, each);
    });
  },
  grad({ inputs: [x, weight, bias, mean, variance], dy: [dy], attrs }) {
    const saved = [x!, dy!, weight!, bias!, mean!, variance!];
    const sums = new Call(batchNormGradSums, saved, attrs);
    const dx = call(batchNormGradInput, [...saved, sums.at(2)], attrs);
    return [dx, sums.at(0), sums.at(1), null, null];
  },
};

/** Gradients of weight and bias, and what x's gradient loses through the batch's statistics, [2, C]. */
const batchNormGradSums: Op<BatchNormAttrs> = {
  name: 'batchNormGradSums',
  infer: ([, , weight, bias]) => [weight!, bias!, { shape: [2, ...bias!.shape], dtype: 'f32' }],
  launch(device, inputs, [dweight, dbias, loss], { training, epsilon, relu }) {
    const [x, dy, weight, bias, mean, variance] = inputs;
    const saved = { weight: weight!, bias: bias!, mean: mean!, variance: variance! };
    sumRows(x!, (sizes, lanes) => {
      const { grid, each, merge } = settings(x!, sizes, { relu, lanes });
      const params = { ...unused, ...sizes, epsilon, share: training ? 1 / sizes.rows : 0 };
      using partial = partialsOf(x!, sizes);
      launch(device, shader, 'gradientSums', { x: x!, dy: dy!, ...saved, partial }, params, grid, each);
      const sums = { dweight: dweight!, dbias: dbias!, loss: loss! };
      const tensors = { partials: partial, variance: variance!, ...sums };
      launch(device, shader, 'mergeGradients', tensors, params, [sizes.groups], merge);
    });
  },
};

/** Gradient of x. */
const batchNormGradInput: Op<BatchNormAttrs> = {
  name: 'batchNormGradInput',
  infer: ([x]) => [x!],
  launch(device, inputs, [dx], { epsilon, relu }) {
    const [x, dy, weight, bias, mean, variance, losses] = inputs;
    const sizes = mapSizes(x!);
    const { grid, each } = settings(x!, sizes, { relu });
    const saved = { x: x!, dy: dy!, weight: weight!, bias: bias!, mean: mean!, variance: variance! };
    const tensors = { ...saved, losses: losses!, y: dx! };
    launch(device, shader, 'backward', tensors, { ...unused, ...sizes, epsilon }, grid, each);
  },
};
