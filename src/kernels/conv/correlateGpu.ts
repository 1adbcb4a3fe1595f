/** @file Weight gradients as matrix products, for GPUs: 64 rows (tap, large channel) times 64 columns a workgroup. */

import { elementAliases } from '../elements.ts';
import { type FoldedGrid, foldedGrid } from '../launch/grid.ts';
import { launch } from '../launch/queue.ts';
import { inQuads } from '../runs.ts';
import * as shaders from '../shaders.gen.ts';
import {
  type Correlation,
  type CorrelationVariant,
  paramsOf,
  tapsOf,
  tilesLarge,
} from './correlationLayout.ts';
import { BUSY } from './gatherStrips.ts';
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

/** Sums so deep that each of as many workgroups still has 64 rounds may be cut into more strips than others. */
const DEEP = 2048;

/** Multiprocessors of the largest GPUs. */
const UNITS = BUSY / 2;
/** Of the time of the last workgroups, how much has to be work: some multiprocessors have one more than others. */
const FILLED = 0.95;

/**
 * Workgroups to aim at, `work` a strip. Every strip is a gradient that is written and read again, which takes longer on a
 * GPU than what idles at the end: so of a deep sum as few as occupy it (about `least`) and end at about the same time.
 */
function wantedOf(c: Correlation, work: number, least: number): number {
  if (roundsOf(c) < 64 * DEEP) return 512;
  const filled = (groups: number) => groups / (Math.ceil(groups / UNITS) * UNITS);
  const most = Math.ceil(DEEP / work);
  let best = Math.min(most, Math.max(1, Math.floor(least / work)));
  for (let strips = best; strips <= most && filled(best * work) < FILLED; strips++)
    if (filled(strips * work) > filled(best * work)) best = strips;
  return best * work;
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

/** Blocks of 128 rows times 64 columns, which those are by matrices of 16×16, as on GPUs. */
const matrixBlocks = (c: Correlation): number => Math.ceil((tapsOf(c) * c.a) / 128) * Math.ceil(c.b / 64);

/** As gemm4, on matrix units. */
const matrix: CorrelationVariant = {
  ...gemm4,
  name: 'matrix',
  fits: (caps, c) => hasMatrices(caps, c.dtype) && gemm4.fits(caps, c),
  preferred: hasFastMatrices,
  work: matrixBlocks,
  // of twice the size as those of `gemm`
  wanted: (_, c) => wantedOf(c, matrixBlocks(c), 4 * UNITS),
  sumsOf: (c, image) => (image === 'small' ? 1 : tilesLarge(c) ? tapsOf(c) : 0),
  launch(device, c, { bias, ...tensors }, splits, label) {
    const { rows, columns, specialization } = matrixTiles(device.caps);
    const [across, down] = [Math.ceil((tapsOf(c) * c.a) / rows), Math.ceil(c.b / columns)];
    const { grid, folds } = foldedGrid(across, down, splits);
    const params = paramsOf(c, splits);
    const shader = shaders.conv2dWeightGradMatrix;
    const ofLarge = { LARGE_SUMS: Number(bias?.dy === tensors.large) };
    const ofSmall = { SUMS: Number(bias?.dy === tensors.small) };
    const all = { ...specialization, overrides: { ...folds, ...(ofLarge.LARGE_SUMS ? ofLarge : ofSmall) } };
    if (!bias) launch(device, shader, 'main', { ...tensors }, params, grid, all, label);
    else launch(device, shader, 'withSums', { ...tensors, sums: bias.db }, params, grid, all, label);
  },
};

/** Preferred first. */
export const gpuCorrelations = [matrix, gemm4, gemm] as const;
