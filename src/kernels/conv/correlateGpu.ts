/** @file Weight gradients as matrix products, for GPUs: 64 rows (tap, large channel) times 64 columns a workgroup. */

import { elementAliases } from '../elements.ts';
import { type FoldedGrid, foldedGrid } from '../launch/grid.ts';
import { launch } from '../launch/queue.ts';
import { inQuads } from '../runs.ts';
import * as shaders from '../shaders.gen.ts';
import { type Correlation, type CorrelationVariant, paramsOf, tapsOf } from './correlationLayout.ts';
import { blocksOf, UNITS, wantedOf } from './correlationStrips.ts';
import { matrixCorrelations } from './matrixForms.ts';

/** Blocks of 64 rows times 64 columns, for each strip. */
function blocks64(c: Correlation, splits: number): FoldedGrid {
  return foldedGrid(Math.ceil((tapsOf(c) * c.a) / 64), Math.ceil(c.b / 64), splits);
}

const gemm: CorrelationVariant = {
  name: 'gemm',
  runs: true,
  half: true,
  fits: () => true,
  preferred: (caps) => !caps.software,
  work: blocksOf,
  wanted: (_, c) => wantedOf(c, blocksOf(c), 8 * UNITS),
  sumsOf: (_, image) => Number(image === 'small'),
  launch(device, c, { bias, ...tensors }, splits, label) {
    const { grid, folds } = blocks64(c, splits);
    const overrides = { ...folds, ...(bias && { SUMS: 1 }) };
    const specialization = { overrides, aliases: elementAliases(c) };
    const params = paramsOf(c, splits);
    const shader = shaders.conv2dWeightGradGemm;
    if (!bias) launch(device, shader, 'main', tensors, params, grid, specialization, label);
    else {
      const all = { ...tensors, sums: bias.db };
      launch(device, shader, 'withSums', all, params, grid, specialization, label);
    }
  },
};

/** As gemm, four channels at a time. */
const gemm4: CorrelationVariant = {
  ...gemm,
  name: 'gemm4',
  fits: (_, c) => inQuads(c.a, c.run) && c.b % 4 === 0,
  sumsOf: () => 0,
  launch(device, c, tensors, splits, label) {
    const { grid, folds } = blocks64(c, splits);
    const specialization = { overrides: folds, aliases: { E4: `vec4<${c.dtype}>` } };
    const params = paramsOf(c, splits);
    const shader = shaders.conv2dWeightGradGemm4;
    launch(device, shader, 'main', { ...tensors }, params, grid, specialization, label);
  },
};

/** Preferred first. */
export const gpuCorrelations: readonly CorrelationVariant[] = [...matrixCorrelations, gemm4, gemm];
