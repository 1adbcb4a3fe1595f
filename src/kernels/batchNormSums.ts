/** @file Sums over the rows of batch norm that launches of their own add up: statistics and gradients, over ranks too. */
import { empty } from '../tensor/create.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { isSynced, type Sizes } from './batchNormRows.ts';
import { hasMoments, MOMENT_ROWS } from './conv/moments.ts';
import { launch, linearGrid } from './launch/queue.ts';
import { shareOf, sumOverRanks } from './launch/share.ts';
import * as shaders from './shaders.gen.ts';

const unused = { epsilon: 0, momentum: 0, share: 0, pitch: 0, start: 0, rank: 0, ranks: 1 };

const MERGE_LANES = 64;

/** What a launch over these sizes is specialised for. */
export function settings(x: Tensor, { each, groups, strips }: Sizes, relu = false) {
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

export function paramsOf({ rows, groups, strips }: Sizes, rest: Partial<typeof unused>) {
  return { ...unused, rows, groups, strips, ...rest };
}

export function partialsOf(x: Tensor, { strips }: Sizes): Tensor {
  return empty(x.device, { shape: [2, strips, x.shape.at(-1)!], dtype: 'f32' }, 'batchNorm.partials');
}

export interface Forward {
  readonly x: Tensor;
  readonly weight: Tensor;
  readonly bias: Tensor;
  readonly runningMean: Tensor;
  readonly runningVariance: Tensor;
  readonly affine: Tensor;
  /** Of x, from the launch that made it, where it was asked to take them. */
  readonly moments?: Tensor | undefined;
}

/** The moments of x in strips, put together in the lanes of a workgroup: the affine map, and the running statistics moved. */
export function summarise(
  { moments, ...t }: Forward,
  sizes: Sizes,
  rest: Pick<typeof unused, 'epsilon' | 'momentum'>,
): void {
  const { x } = t;
  const { device } = x;
  if (moments && hasMoments(moments) && !isSynced(x)) {
    mergeBlocks(t, moments, rest);
    return;
  }
  const { grid, each, merge } = settings(x, sizes);
  const params = paramsOf(sizes, rest);
  using partials = partialsOf(x, sizes);
  launch(device, shaders.batchNorm, 'statistics', { x, partial: partials }, params, grid, each);
  if (isSynced(x)) {
    mergeRanks(t, partials, sizes, rest);
    return;
  }
  const mergers = linearGrid(sizes.groups, 1);
  launch(device, shaders.batchNorm, 'mergeStatistics', { ...t, partials }, params, mergers, merge);
}

/** The same of moments that were taken of blocks of rows. */
function mergeBlocks(
  { x, ...t }: Forward,
  moments: Tensor,
  rest: Pick<typeof unused, 'epsilon' | 'momentum'>,
): void {
  const channels = x.shape.at(-1)!;
  const [groups, blocks] = [channels / 4, moments.shape[1]!];
  const params = { rows: x.size / channels, groups, blocks, each: MOMENT_ROWS, ...rest };
  const LANES = Math.min(256, x.device.caps.workgroup);
  const tensors = { ...t, blocks: moments };
  const grid = linearGrid(groups, 1);
  launch(x.device, shaders.batchNormBlocks, 'merge', tensors, params, grid, { overrides: { LANES } });
}

/** Each rank's moments in a strip of its own, by which all then merge the same. */
function mergeRanks(t: Forward, partials: Tensor, sizes: Sizes, rest: Partial<typeof unused>): void {
  const { x } = t;
  const { device } = x;
  const { rank, size: ranks } = shareOf(device)!;
  const { merge } = settings(x, sizes);
  const all = { ...sizes, rows: sizes.rows * ranks, strips: ranks };
  using moments = partialsOf(x, all);
  const mergers = linearGrid(sizes.groups, 1);
  const own = paramsOf(sizes, { rank, ranks });
  launch(device, shaders.batchNorm, 'placeMoments', { partials, partial: moments }, own, mergers, merge);
  sumOverRanks(moments);
  launch(
    device,
    shaders.batchNorm,
    'mergeStatistics',
    { ...t, partials: moments },
    paramsOf(all, rest),
    mergers,
    merge,
  );
}

/** What one row of x counts in its statistics. */
export function shareOfRow(x: Tensor): number {
  const ranks = isSynced(x) ? shareOf(x.device)!.size : 1;
  return x.size > 0 ? 1 / ((x.size / x.shape.at(-1)!) * ranks) : 0;
}

/** Puts together the strips of the gradient's sums: writes the gradients of weight and bias, gives the sums, [2, C]. */
export function mergeGradients(
  { x, affines }: { readonly x: Tensor; readonly affines: Tensor },
  results: { readonly dweight: Tensor; readonly dbias: Tensor },
  partials: Tensor,
  sizes: Sizes,
  training: boolean,
): Tensor {
  const sum = empty(x.device, { shape: [2, results.dbias.size], dtype: 'f32' }, 'batchNorm.sums');
  const params = paramsOf(sizes, { share: training ? shareOfRow(x) : 0 });
  const { merge } = settings(x, sizes);
  const tensors = { ...results, partials, affines, sum };
  launch(
    x.device,
    shaders.batchNormGrad,
    'mergeGradients',
    tensors,
    params,
    linearGrid(sizes.groups, 1),
    merge,
  );
  if (training && isSynced(x)) sumOverRanks(sum);
  return sum;
}
