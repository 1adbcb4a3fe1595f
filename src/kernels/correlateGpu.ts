/** @file Weight gradients as matrix products, for GPUs: 64 rows (tap, large channel) times 64 columns a workgroup. */
import type { Correlation, CorrelationVariant } from './correlate.ts';
import { paramsOf, tapsOf } from './correlationLayout.ts';
import { elementAliases } from './elements.ts';
import { type Grid, launch } from './queue.ts';
import { inQuads } from './runs.ts';
import * as shaders from './shaders.gen.ts';

/** Blocks of 64 rows times 64 columns, for each strip. */
function blocks64(c: Correlation, splits: number): Grid {
  return [Math.ceil((tapsOf(c) * c.a) / 64), Math.ceil(c.b / 64), splits];
}

const gemm: CorrelationVariant = {
  name: 'gemm',
  runs: true,
  half: true,
  fits: () => true,
  preferred: (caps) => !caps.software,
  work(c) {
    const [rows, columns] = blocks64(c, 1);
    return rows * columns!;
  },
  wanted: () => 512,
  launch(device, c, tensors, splits, label) {
    const [params, aliases] = [paramsOf(c, splits), elementAliases(c)];
    const grid = blocks64(c, splits);
    launch(device, shaders.conv2dWeightGradGemm, 'main', { ...tensors }, params, grid, { aliases }, label);
  },
};

/** As gemm, four channels at a time. */
const gemm4: CorrelationVariant = {
  ...gemm,
  name: 'gemm4',
  fits: (_, c) => inQuads(c.a, c.run) && c.b % 4 === 0,
  launch(device, c, tensors, splits, label) {
    const [params, aliases] = [paramsOf(c, splits), { E4: `vec4<${c.dtype}>` }];
    const grid = blocks64(c, splits);
    launch(device, shaders.conv2dWeightGradGemm4, 'main', { ...tensors }, params, grid, { aliases }, label);
  },
};

/** As gemm, on matrix units. */
const matrix: CorrelationVariant = {
  ...gemm,
  name: 'matrix',
  fits: (caps, c) => caps.matrices && c.dtype === 'f16',
  preferred: () => true,
  launch(device, c, tensors, splits, label) {
    const grid = blocks64(c, splits);
    const params = paramsOf(c, splits);
    launch(device, shaders.conv2dWeightGradMatrix, 'main', { ...tensors }, params, grid, {}, label);
  },
};

/** Preferred first. */
export const gpuCorrelations = [matrix, gemm4, gemm] as const;
