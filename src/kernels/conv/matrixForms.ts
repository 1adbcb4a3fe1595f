/** @file The forms on matrix units. A page is offered none, and loads matrixForms.web.ts in place of this. */
import type { Caps } from '../../tensor/caps.ts';
import { foldedGrid } from '../launch/grid.ts';
import { launch } from '../launch/queue.ts';
import { inQuads } from '../runs.ts';
import * as shaders from '../shaders.gen.ts';
import * as correlation from './correlationLayout.ts';
import { type Correlation, type CorrelationVariant, tapsOf, tilesLarge } from './correlationLayout.ts';
import { UNITS, wantedOf } from './correlationStrips.ts';
import {
  allBindingsOf,
  classesOf,
  classGrid,
  cutting,
  type Gather,
  type GatherVariant,
  overridesOf,
  paramsOf,
  pixelsOf,
} from './gatherLayout.ts';
import { BUSY } from './gatherStrips.ts';
import { hasFastMatrices, hasMatrices, matrixTiles } from './matrixTiles.ts';

/** Tiles of a workgroup of so many subgroups on matrix units, over all residue classes. */
function matrixTilesOf(caps: Caps, g: Gather, subgroups: 1 | 4): number {
  const { rows, columns } = matrixTiles(caps, subgroups);
  return Math.ceil(pixelsOf(g) / rows) * Math.ceil(g.m / columns) * classesOf(g);
}

/**
 * As gemm4, on matrix units, in workgroups of four subgroups, or one; their sums are not cut into strips, so that few
 * tiles would leave most of a GPU idle.
 */
function onMatrices(
  name: string,
  subgroups: 1 | 4,
  suits: (caps: Caps, g: Gather) => boolean,
): GatherVariant {
  return {
    name,
    runs: true,
    half: true,
    cuts: true,
    moments: true,
    fits: (caps, g) => hasMatrices(caps, g.dtype) && inQuads(g.k, g.input) && inQuads(g.m, g.output),
    preferred: (caps, g) => hasFastMatrices(caps) && suits(caps, g),
    launch(device, g, tensors, label) {
      const params = paramsOf(g, tensors.bias);
      const { rows, columns, depth, specialization } = matrixTiles(device.caps, subgroups);
      const { grid, folds } = classGrid(g, Math.ceil(params.pixels / rows), Math.ceil(g.m / columns));
      const whole = { WHOLE: Number(g.k % depth === 0) };
      const { moments } = tensors;
      const asked = { ...cutting(tensors.cut), ...(moments && { MOMENTS: 1 }) };
      const all = { ...specialization, overrides: { ...overridesOf(g), ...whole, ...folds, ...asked } };
      const [shader, bindings] = [shaders.conv2dMatrix, allBindingsOf(tensors)];
      if (!moments) launch(device, shader, 'main', bindings, params, grid, all, label);
      else launch(device, shader, 'withMoments', { ...bindings, moments }, params, grid, all, label);
    },
  };
}

/** An eighth of the tiles that `gemm4` needs, for they multiply several times as fast. */
const enough = (caps: Caps, g: Gather): boolean => matrixTilesOf(caps, g, 4) >= BUSY / 8;

const matrix = onMatrices(
  'matrix',
  4,
  (caps, g) => enough(caps, g) && (!caps.stackedMemory || matrixTilesOf(caps, g, 4) >= BUSY / 2),
);

/** Two to four times the tiles, where those are few for the largest GPUs; smaller ones lose by loading more. */
const matrixs = onMatrices('matrixs', 1, (caps, g) => caps.stackedMemory && enough(caps, g));

/** Blocks of 128 rows times 64 columns, which those are by matrices of 16×16, as on GPUs. */
const matrixBlocks = (c: Correlation): number => Math.ceil((tapsOf(c) * c.a) / 128) * Math.ceil(c.b / 64);

/** As gemm4, on matrix units. */
const matrixCorrelation: CorrelationVariant = {
  name: 'matrix',
  runs: true,
  half: true,
  fits: (caps, c) => hasMatrices(caps, c.dtype) && inQuads(c.a, c.run) && c.b % 4 === 0,
  preferred: hasFastMatrices,
  work: matrixBlocks,
  // of twice the size as those of `gemm`
  wanted: (_, c) => wantedOf(c, matrixBlocks(c), 4 * UNITS),
  sumsOf: (c, image) => (image === 'small' ? 1 : tilesLarge(c) ? tapsOf(c) : 0),
  launch(device, c, { bias, ...tensors }, splits, label) {
    const { rows, columns, specialization } = matrixTiles(device.caps);
    const [across, down] = [Math.ceil((tapsOf(c) * c.a) / rows), Math.ceil(c.b / columns)];
    const { grid, folds } = foldedGrid(across, down, splits);
    const params = correlation.paramsOf(c, splits);
    const shader = shaders.conv2dWeightGradMatrix;
    const ofLarge = { LARGE_SUMS: Number(bias?.dy === tensors.large) };
    const ofSmall = { SUMS: Number(bias?.dy === tensors.small) };
    const all = { ...specialization, overrides: { ...folds, ...(ofLarge.LARGE_SUMS ? ofLarge : ofSmall) } };
    if (!bias) launch(device, shader, 'main', { ...tensors }, params, grid, all, label);
    else launch(device, shader, 'withSums', { ...tensors, sums: bias.db }, params, grid, all, label);
  },
};

/** Preferred first. */
export const matrixGathers: readonly GatherVariant[] = [matrix, matrixs];

export const matrixCorrelations: readonly CorrelationVariant[] = [matrixCorrelation];
