/** @file Batch norm with its ReLU and the maxima of 2×2 pixels of it, in one pass over the images; both gradients in two. */
import { ShapeError } from '../base/errors.ts';
import { empty } from '../tensor/create.ts';
import { formatShape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type BatchNormAttrs, batchNorm } from './batchNorm.ts';
import { lanesOf } from './batchNormRows.ts';
import { mergeGradients, shareOfRow, summarise } from './batchNormSums.ts';
import { launch, linearGrid } from './launch/queue.ts';
import { Call, expectRank, type Op } from './op.ts';
import { denseOf, fromUnits, throughUnits } from './runs.ts';
import * as shaders from './shaders.gen.ts';

const shader = shaders.batchNormPool;

/** Of windows of 2×2 pixels: what its kernels are told, and a grid of one invocation a window and group of channels. */
function windowsOf(x: Tensor) {
  const [batch, height, width] = x.shape as [number, number, number];
  const { groups, strips } = lanesOf(x);
  const windows = (batch * height * width) / 4;
  const { workgroup } = x.device.caps;
  const scalar = x.shape[3]! % 4 !== 0;
  return {
    params: { windows, across: width / 2, groups, strips, share: 0, pitch: groups, start: 0 },
    grid: linearGrid(windows * groups, workgroup),
    strips: linearGrid(strips * groups, workgroup),
    specialization: {
      overrides: { WORKGROUP: workgroup },
      aliases: {
        X: scalar ? x.dtype : `vec4<${x.dtype}>`,
        ...(scalar && { V: 'f32', U: 'u32', B: 'bool' }),
      },
    },
  };
}

/**
 * As batchNorm by the statistics of x, with its ReLU; x [N, H, W, C] with even sides, f32 or f16. Outputs: that, the
 * maxima of its windows of 2×2 pixels as of maxPool2d, [N, H/2, W/2, C], and the map that was applied, [4, C].
 */
export const batchNormPool: Op<Pick<BatchNormAttrs, 'momentum' | 'epsilon'>> = {
  name: 'batchNormPool',
  inputs: batchNorm.inputs!,
  writesRuns: true,
  infer(inputs, attrs) {
    const [y, affine] = batchNorm.infer(inputs, { ...attrs, training: true, relu: true });
    const { shape } = expectRank('batchNormPool', 'x', inputs[0] ?? null, 4, null);
    const [batch, height, width, channels] = shape as [number, number, number, number];
    if (batch === 0 || (height % 2) + (width % 2) > 0) {
      const fix = 'Images of even sides are needed; use batchNorm and maxPool2d.';
      throw new ShapeError('batchNormPool', 'x', `has shape ${formatShape(shape)}`, fix);
    }
    return [y!, { ...y!, shape: [batch, height / 2, width / 2, channels] }, affine!];
  },
  launch(device, [x, weight, bias, runningMean, runningVariance, moments], [y, pooled, affine], attrs) {
    const statistics = { runningMean: runningMean!, runningVariance: runningVariance! };
    const row = { weight: weight!, bias: bias!, ...statistics, affine: affine! };
    summarise({ x: x!, ...row, moments: moments ?? undefined }, lanesOf(x!), attrs);
    const { params, grid, specialization } = windowsOf(x!);
    throughUnits(y!, (to, units) => {
      const tensors = { x: x!, affines: affine!, y: to, pooled: pooled! };
      launch(device, shader, 'forward', tensors, { ...params, ...units }, grid, specialization);
    });
  },
  grad({ inputs: [x, weight], outputs: [, , affine], dy: [dy, dpooled] }) {
    const row = weight!.shape;
    const gradients = new Call(batchNormPoolGrad, [x!, dy!, dpooled!, affine!], { row });
    return [gradients.at(0), gradients.at(1), gradients.at(2), null, null];
  },
};

interface GradAttrs {
  /** Shape of weight and bias. */
  readonly row: readonly number[];
}

/** Gradients of x, weight and bias from those of the norm's output and of its maxima. */
const batchNormPoolGrad: Op<GradAttrs> = {
  name: 'batchNormPoolGrad',
  readsRuns: true,
  infer: ([x], { row }) => [x!, { shape: row, dtype: 'f32' }, { shape: row, dtype: 'f32' }],
  launch(device, [image, dy, incoming, affines], [dx, dweight, dbias]) {
    using x = image!.run ? denseOf(image!) : image!.view();
    using dpooled = incoming!.run ? denseOf(incoming!) : incoming!.view();
    const { params, grid, strips, specialization } = windowsOf(x);
    fromUnits(dy!, (from, units) => {
      const given = { x, dy: from, dpooled, affines: affines! };
      const own = { ...params, ...units, share: shareOfRow(x) };
      const sizes = lanesOf(x);
      const shape = [2, sizes.strips, x.shape[3]!];
      using partial = empty(device, { shape, dtype: 'f32' }, 'batchNormPool.partials');
      launch(device, shader, 'gradientSums', { ...given, partial }, own, strips, specialization);
      using sums = mergeGradients(given, { dweight: dweight!, dbias: dbias! }, partial, sizes, true);
      launch(device, shader, 'backward', { ...given, sums, y: dx! }, own, grid, specialization);
    });
  },
};

/** Whether norm and maxima are to be had in one pass where that is faster: on GPUs, of even sides. */
export function poolsInPass(x: Tensor): boolean {
  const [batch, height, width] = x.shape;
  return !x.device.caps.software && x.shape.length === 4 && batch! > 0 && (height! % 2) + (width! % 2) === 0;
}
