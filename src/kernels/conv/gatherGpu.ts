/** @file Gathers as matrix products, for GPUs: tiles of pixels times channels, in workgroup memory. */
import type { Tensor } from '../../tensor/tensor.ts';
import { elementAliases } from '../elements.ts';
import { foldedGrid } from '../launch/grid.ts';
import { launch } from '../launch/queue.ts';
import { inQuads } from '../runs.ts';
import * as shaders from '../shaders.gen.ts';
import {
  bindingsOf,
  classesOf,
  classGrid,
  type GatherVariant,
  overridesOf,
  paramsOf,
} from './gatherLayout.ts';
import { inStrips, stripsOf } from './gatherStrips.ts';

const gemm: GatherVariant = {
  name: 'gemm',
  runs: true,
  half: true,
  fits: () => true,
  preferred: (caps) => !caps.software,
  launch(device, g, tensors, label) {
    const params = paramsOf(g, tensors.bias);
    const { grid, folds } = classGrid(g, Math.ceil(params.pixels / 64), Math.ceil(g.m / 64));
    const specialization = { overrides: { ...overridesOf(g), ...folds }, aliases: elementAliases(g) };
    launch(device, shaders.conv2dGemm, 'main', bindingsOf(tensors), params, grid, specialization, label);
  },
};

/** As gemm, four channels at a time, and the sum in strips where there are few tiles. */
const gemm4: GatherVariant = {
  name: 'gemm4',
  runs: true,
  half: true,
  fits: (_, g) => inQuads(g.k, g.input) && inQuads(g.m, g.output),
  preferred: (caps) => !caps.software,
  launch(device, g, tensors, label) {
    const params = paramsOf(g, tensors.bias);
    const [across, down, classes] = [Math.ceil(params.pixels / 64), Math.ceil(g.m / 64), classesOf(g)];
    const { strips, chunk } = stripsOf(g, across * down * classes);
    const { grid, folds } = foldedGrid(across, down, classes * strips);
    const overrides = { ...overridesOf(g), ...folds };
    const write = (y: Tensor, R4: string, changes: object) => {
      const specialization = { overrides, aliases: { E4: `vec4<${g.dtype}>`, R4 } };
      const all = { ...params, chunk, ...changes };
      launch(
        device,
        shaders.conv2dGemm4,
        'main',
        bindingsOf({ ...tensors, y }),
        all,
        grid,
        specialization,
        label,
      );
    };
    if (strips === 1) {
      write(tensors.y, `vec4<${g.dtype}>`, {});
      return;
    }
    const plain = { hasBias: 0, relu: 0, yPitch: g.m, yStart: 0, strips, stripY: tensors.y.size / 4 };
    inStrips(device, g, tensors, strips, label, (partial) => write(partial, 'vec4<f32>', plain));
  },
};

/** Preferred first. */
export const gpuGathers = [gemm4, gemm] as const;
