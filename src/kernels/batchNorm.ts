/** @file Batch norm over all axes but the last, with the ReLU that follows it fused in: statistics, output, gradients. */

import { empty } from '../tensor/create.ts';
import type { Caps } from '../tensor/device.ts';
import { ShapeError } from '../tensor/errors.ts';
import { formatShape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { expectFloat } from './elements.ts';
import { Call, call, expectShape, expectType, type Inputs, type Op } from './op.ts';
import { launch, linearGrid } from './queue.ts';
import { throughUnits, type Units } from './runs.ts';
import * as shaders from './shaders.gen.ts';
import { chooseVariant, type Variant } from './variant.ts';

export interface BatchNormAttrs {
  /** Normalise by the statistics of x and move the running ones; otherwise normalise by the running ones. */
  readonly training: boolean;
  /** Weight of the batch in the running statistics. */
  readonly momentum: number;
  readonly epsilon: number;
  readonly relu: boolean;
}

/** How the elements of x are shared out: groups of `each` channels, and in every group strips of rows. */
interface Sizes {
  readonly each: 1 | 4;
  readonly rows: number;
  readonly groups: number;
  readonly strips: number;
}

const shader = shaders.batchNorm;
const gradShader = shaders.batchNormGrad;
const unused = { epsilon: 0, momentum: 0, share: 0, pitch: 0, start: 0 };

/** Strips of `rowsEach` rows, or as many as leave `most` invocations. */
function stripsOf(x: Tensor, rowsEach: number, most = Number.POSITIVE_INFINITY): Sizes {
  const channels = x.shape.at(-1)!;
  const each = channels % 4 === 0 ? 4 : 1;
  const [rows, groups] = [x.size / channels, channels / each];
  const strips = Math.max(1, Math.min(Math.ceil(rows / rowsEach), Math.ceil(most / groups)));
  return { each, rows, groups, strips };
}

/** For launches that sum nothing. */
const mapSizes = (x: Tensor) => stripsOf(x, x.device.caps.software ? 32 : 4);

/** Invocations that keep two cores of a software adapter busy. */
const busyLanes = ({ subgroupSize }: Caps) => 2 * (subgroupSize || 8);

/** All rows of a channel, or of four where there are channels enough, to one invocation. */
function wholeOf(x: Tensor): Sizes {
  const channels = x.shape.at(-1)!;
  const each = channels % 4 === 0 && channels >= 4 * busyLanes(x.device.caps) ? 4 : 1;
  return { each, rows: x.size / channels, groups: channels / each, strips: 1 };
}

/**
 * How sums over the rows come together: one invocation sums all rows of its channels and then maps them; or few strips
 * are summed, which every invocation of the next launch adds up anew; or many, which a launch of its own adds up in
 * the lanes of a workgroup.
 */
type Way = 'whole' | 'strips' | 'lanes';

type Run = (way: Way, sizes: Sizes) => void;

const sumVariants: readonly Variant<Tensor, [run: Run]>[] = [
  {
    name: 'whole',
    fits: () => true,
    // While there are few rows, a launch saved is worth the cores that stay idle where there are more than two. Four
    // lanes, unlike eight, are half as fast on single channels.
    preferred: (caps, x) => {
      const { each, rows, groups } = wholeOf(x);
      const small = rows <= 32768 && groups >= busyLanes(caps);
      return caps.software && small && (each === 4 || caps.subgroupSize === 8);
    },
    launch: (_device, x, run) => run('whole', wholeOf(x)),
  },
  {
    name: 'strips',
    fits: () => true,
    preferred: ({ software }) => software,
    launch: (_device, x, run) => run('strips', stripsOf(x, 16, 128)),
  },
  {
    name: 'lanes',
    fits: () => true,
    launch: (_device, x, run) => run('lanes', stripsOf(x, 16, 32768)),
  },
];

const MERGE_LANES = 64;

function sumRows(x: Tensor, run: Run): void {
  chooseVariant(x.device, 'batchNorm', sumVariants, x).launch(x.device, x, run);
}

/** What a launch over these sizes is specialised for. */
function settings(x: Tensor, { each, groups, strips }: Sizes, relu = false) {
  const { subgroupSize, workgroup: usual } = x.device.caps;
  // Few long invocations: small workgroups, so that every core has some.
  const workgroup = strips === 1 && x.device.caps.software ? subgroupSize || 8 : usual;
  const V = each === 4 ? 'vec4<f32>' : 'f32';
  const aliases = { V, X: V.replace('f32', x.dtype) };
  return {
    grid: linearGrid(groups * strips, workgroup),
    each: { overrides: { WORKGROUP: workgroup, RELU: Number(relu) }, aliases },
    merge: { overrides: { LANES: MERGE_LANES }, aliases },
  };
}

function paramsOf({ rows, groups, strips }: Sizes, rest: Partial<typeof unused>) {
  return { ...unused, rows, groups, strips, ...rest };
}

function partialsOf(x: Tensor, { strips }: Sizes): Tensor {
  return empty(x.device, { shape: [2, strips, x.shape.at(-1)!], dtype: 'f32' }, 'batchNorm.partials');
}

const names = ['weight', 'bias', 'runningMean', 'runningVariance'];

function checked([x, ...rows]: Inputs, training: boolean): Tensor {
  const found = formatShape(x?.shape ?? []);
  if (!x || x.shape.length < 2)
    throw new ShapeError('batchNorm', 'x', `has shape ${found}`, 'Rank 2 or more is needed.');
  const channels = x.shape.at(-1)!;
  for (const [i, name] of names.entries())
    expectType('batchNorm', name, expectShape('batchNorm', name, rows[i] ?? null, [channels]), 'f32');
  if (training && x.size / channels < 2) {
    const problem = `of shape ${found} has one value per channel`;
    throw new ShapeError('batchNorm', 'x', problem, 'Training needs two or more; use a larger batch.');
  }
  return expectFloat('batchNorm', 'x', x);
}

interface Forward {
  readonly x: Tensor;
  readonly weight: Tensor;
  readonly bias: Tensor;
  readonly runningMean: Tensor;
  readonly runningVariance: Tensor;
  readonly affine: Tensor;
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
    const { grid, each, merge } = settings(x, sizes, relu);
    const params = paramsOf(sizes, { epsilon, momentum });
    throughUnits(y, (to, units) => {
      const place = placeOf(units, to, sizes);
      const placed = { ...params, ...place };
      if (way === 'whole') {
        launch(device, shader, 'forwardWhole', { ...t, y: to }, placed, grid, each);
        return;
      }
      using partials = partialsOf(x, sizes);
      launch(device, shader, 'statistics', { x, partial: partials }, params, grid, each);
      if (way === 'strips') {
        launch(device, shader, 'forwardStrips', { ...t, partials, y: to }, placed, grid, each);
        return;
      }
      launch(device, shader, 'mergeStatistics', { ...t, partials }, params, [sizes.groups], merge);
      applyKept(x, affine, to, relu, place);
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
 * variance unbiased, as torch does: running ← (1 − momentum)·running + momentum·batch. Further output: the map that
 * was applied and 1/√(variance + epsilon), [4, C], which the gradient needs.
 */
export const batchNorm: Op<BatchNormAttrs> = {
  name: 'batchNorm',
  writesRuns: true,
  infer(inputs, { training }) {
    const { shape, dtype } = checked(inputs, training);
    return [
      { shape, dtype },
      { shape: [4, shape.at(-1)!], dtype: 'f32' },
    ];
  },
  launch(_device, [x, weight, bias, runningMean, runningVariance], [y, affine], attrs) {
    const statistics = { runningMean: runningMean!, runningVariance: runningVariance! };
    const tensors = { x: x!, weight: weight!, bias: bias!, ...statistics, affine: affine! };
    if (attrs.training) forwardTraining(tensors, y!, attrs);
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
      const { grid, each, merge } = settings(x!, sizes, relu);
      const params = paramsOf(sizes, { share: training ? 1 / sizes.rows : 0 });
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
      using sum = empty(device, { shape: [2, dbias!.size], dtype: 'f32' }, 'batchNorm.sums');
      const { y: _, ...sums } = results;
      const merging = { ...sums, partials, affines: affines!, sum };
      launch(device, gradShader, 'mergeGradients', merging, params, [sizes.groups], merge);
      const map = mapSizes(x!);
      const last = paramsOf(map, { share: params.share });
      launch(
        device,
        gradShader,
        'backward',
        { ...given, sums: sum, y: dx! },
        last,
        settings(x!, map).grid,
        each,
      );
    });
  },
};
