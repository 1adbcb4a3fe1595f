/** @file Weight gradients as matrix products, for GPUs: 64 rows (tap, large channel) times 64 columns a workgroup. */

import { elementAliases } from '../elements.ts';
import { type FoldedGrid, foldedGrid } from '../launch/grid.ts';
import { launch } from '../launch/queue.ts';
import { inQuads } from '../runs.ts';
import * as shaders from '../shaders.gen.ts';
import { type Correlation, type CorrelationVariant, paramsOf, tapsOf } from './correlationLayout.ts';
import { hasFastMatrices, hasMatrices, matrixTiles } from './matrixTiles.ts';

/** Blocks of 64 rows times 64 columns, for each strip. */
function blocks64(c: Correlation, splits: number): FoldedGrid {
  return foldedGrid(Math.ceil((tapsOf(c) * c.a) / 64), Math.ceil(c.b / 64), splits);
}

/** Blocks of 64 rows times 64 columns. */
function blocksOf(c: Correlation): number {
  return Math.ceil((tapsOf(c) * c.a) / 64) * Math.ceil(c.b / 64);
}

/** Rounds of 16 pixels that all workgroups of one strip have together. */
function roundsOf(c: Correlation): number {
  return Math.ceil((c.batch * c.smallHeight * c.smallWidth) / 16) * blocksOf(c);
}

/**
 * Workgroups for sums so deep that each of as many still has 64 rounds. Of the 132 multiprocessors of the largest GPUs
 * some have one more than others: of 2048 hardly any time is lost by that, of 512 up to an eighth.
 */
const DEEP = 2048;

const gemm: CorrelationVariant = {
  name: 'gemm',
  runs: true,
  half: true,
  fits: () => true,
  preferred: (caps) => !caps.software,
  work: blocksOf,
  wanted: (_, c) => (roundsOf(c) >= 64 * DEEP ? DEEP : 512),
  launch(device, c, tensors, splits, label) {
    const { grid, folds } = blocks64(c, splits);
    const specialization = { overrides: folds, aliases: elementAliases(c) };
    const params = paramsOf(c, splits);
    const shader = shaders.conv2dWeightGradGemm;
    launch(device, shader, 'main', { ...tensors }, params, grid, specialization, label);
  },
};

/** As gemm, four channels at a time. */
const gemm4: CorrelationVariant = {
  ...gemm,
  name: 'gemm4',
  fits: (_, c) => inQuads(c.a, c.run) && c.b % 4 === 0,
  launch(device, c, tensors, splits, label) {
    const { grid, folds } = blocks64(c, splits);
    const specialization = { overrides: folds, aliases: { E4: `vec4<${c.dtype}>` } };
    const params = paramsOf(c, splits);
    const shader = shaders.conv2dWeightGradGemm4;
    launch(device, shader, 'main', { ...tensors }, params, grid, specialization, label);
  },
};

/** As gemm4, on matrix units. */
const matrix: CorrelationVariant = {
  ...gemm4,
  name: 'matrix',
  fits: (caps, c) => hasMatrices(caps, c.dtype) && gemm4.fits(caps, c),
  preferred: hasFastMatrices,
  // of 16×16, as on GPUs
  work: (c) => Math.ceil((tapsOf(c) * c.a) / 128) * Math.ceil(c.b / 64),
  launch(device, c, tensors, splits, label) {
    const { rows, columns, specialization } = matrixTiles(device.caps);
    const [across, down] = [Math.ceil((tapsOf(c) * c.a) / rows), Math.ceil(c.b / columns)];
    const { grid, folds: overrides } = foldedGrid(across, down, splits);
    const params = paramsOf(c, splits);
    const shader = shaders.conv2dWeightGradMatrix;
    launch(device, shader, 'main', { ...tensors }, params, grid, { ...specialization, overrides }, label);
  },
};

/** Preferred first. */
export const gpuCorrelations = [matrix, gemm4, gemm] as const;
