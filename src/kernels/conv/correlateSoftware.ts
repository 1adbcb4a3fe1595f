/** @file Weight gradients by direct sums, for software adapters: with small subgroups, or a channel an invocation. */
import { elementAliases } from '../elements.ts';
import { foldedGrid } from '../launch/grid.ts';
import { launch, linearGrid } from '../launch/queue.ts';
import { inQuads } from '../runs.ts';
import * as shaders from '../shaders.gen.ts';
import { type CorrelationVariant, paramsOf, tapsOf } from './correlationLayout.ts';

export const subgroup4: CorrelationVariant = {
  name: 'subgroup4',
  someRows: true,
  runs: true,
  fits: (caps, c) => caps.subgroupSize === 4 && inQuads(c.a, c.run) && c.b % 4 === 0,
  preferred: (caps) => caps.software,
  work: (c) => tapsOf(c) * Math.ceil(c.a / (c.a > 16 ? 32 : 16)) * Math.ceil(c.b / 16),
  wanted: () => 24,
  launch(device, c, tensors, splits, label) {
    const wide = c.a > 16;
    const blocks = Math.ceil(c.a / (wide ? 32 : 16));
    const { grid, folds } = foldedGrid(blocks, Math.ceil(c.b / 16), tapsOf(c) * splits);
    const overrides = { WIDE: Number(wide), ...folds };
    const params = paramsOf(c, splits);
    launch(
      device,
      shaders.conv2dWeightGradSubgroup4,
      'main',
      { ...tensors },
      params,
      grid,
      { overrides },
      label,
    );
  },
};

export const walk4: CorrelationVariant = {
  name: 'walk4',
  fits(caps, c) {
    const plain = c.kernelHeight === 3 && c.kernelWidth === 3 && c.stride === 1 && c.dilation === 1;
    return caps.subgroupSize === 4 && plain && c.a % 4 === 0 && c.b % 4 === 0;
  },
  preferred: (caps, c) => caps.software && c.smallWidth > 2,
  work: (c) => (c.a / 4) * Math.ceil(c.b / 16),
  wanted: () => 24,
  launch(device, c, tensors, splits, label) {
    const { grid, folds: overrides } = foldedGrid(c.a / 4, Math.ceil(c.b / 16), splits);
    const params = paramsOf(c, splits);
    launch(device, shaders.conv2dWeightGradWalk4, 'main', { ...tensors }, params, grid, { overrides }, label);
  },
};

export const walk8: CorrelationVariant = {
  name: 'walk8',
  half: true,
  fits(caps, c) {
    const plain = c.kernelHeight === 3 && c.kernelWidth === 3 && c.stride === 1 && c.dilation === 1;
    return caps.subgroupSize === 8 && plain;
  },
  preferred: (caps) => caps.software,
  work: (c) => Math.ceil(c.a / 8) * Math.ceil(c.b / 8),
  wanted: () => 16,
  launch(device, c, tensors, splits, label) {
    const { grid, folds } = foldedGrid(Math.ceil(c.a / 8), Math.ceil(c.b / 8), splits);
    const params = paramsOf(c, splits);
    const specialization = { overrides: folds, aliases: elementAliases(c) };
    const shader = shaders.conv2dWeightGradWalk8;
    launch(device, shader, 'main', { ...tensors }, params, grid, specialization, label);
  },
};

export const subgroup8: CorrelationVariant = {
  name: 'subgroup8',
  someRows: true,
  half: true,
  runs: true,
  fits: (caps) => caps.subgroupSize === 8,
  preferred: (caps) => caps.software,
  work: (c) => tapsOf(c) * Math.ceil(c.a / 32) * Math.ceil(c.b / 16),
  wanted: () => 16,
  launch(device, c, tensors, splits, label) {
    const { grid, folds } = foldedGrid(Math.ceil(c.a / 32), Math.ceil(c.b / 16), tapsOf(c) * splits);
    const params = paramsOf(c, splits);
    const specialization = { overrides: folds, aliases: elementAliases(c) };
    const shader = shaders.conv2dWeightGradSubgroup8;
    launch(device, shader, 'main', { ...tensors }, params, grid, specialization, label);
  },
};

export const stem: CorrelationVariant = {
  name: 'stem',
  fits: (_, c) => c.kernelHeight === 3 && c.kernelWidth === 3 && c.stride === 1 && c.dilation === 1,
  preferred: (caps) => caps.software,
  work: (c) => c.a * Math.ceil(c.b / 4),
  wanted: () => 512,
  launch(device, c, tensors, splits, label) {
    const { workgroup } = device.caps;
    const grid = linearGrid(this.work(c) * splits, workgroup);
    const overrides = { WORKGROUP: workgroup };
    const params = paramsOf(c, splits);
    launch(device, shaders.conv2dWeightGradStem, 'main', { ...tensors }, params, grid, { overrides }, label);
  },
};
