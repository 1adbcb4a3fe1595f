/**
 * @file The launch that convolution, its adjoint and matrix products share: every output pixel gathers from the input.
 *
 * Output pixel o = up·j + r reads input i = j·stride + (r + tap·dilation + offset) / up where that divides. up = 1 is a
 * convolution; up > 1 its adjoint.
 */

import { empty } from '../../tensor/create.ts';
import type { Device } from '../../tensor/device.ts';
import { accumulateInto } from '../binary.ts';
import { elementAliases } from '../elements.ts';
import { foldedGrid } from '../launch/grid.ts';
import { launch } from '../launch/queue.ts';
import { chooseVariant, hasQuads, softwareLanes } from '../launch/variant.ts';
import { copyInto, denseOf, inQuads } from '../runs.ts';
import * as shaders from '../shaders.gen.ts';
import { unary } from '../unary.ts';
import { noteCut } from './cut.ts';
import { direct3x3 } from './direct3x3.ts';
import { gpuGathers } from './gatherGpu.ts';
import {
  bindingsOf,
  classGrid,
  type Gather,
  type GatherTensors,
  type GatherVariant,
  overridesOf,
  paramsOf,
  weightSteps,
} from './gatherLayout.ts';
import { hasFastMatrices } from './matrixTiles.ts';
import { noteMoments } from './moments.ts';
import { isOversize, tapRows } from './oversize.ts';
import { patchGather } from './patch.ts';
import { winogradGathers } from './winograd.ts';
import { pairGather } from './winogradPair.ts';

const subgroup4: GatherVariant = {
  name: 'subgroup4',
  runs: true,
  fits: (caps, g) => caps.subgroupSize === 4 && inQuads(g.k, g.input) && inQuads(g.m, g.output),
  preferred: (caps) => caps.software,
  launch(device, g, tensors, label) {
    const params = paramsOf(g, tensors.bias);
    const { grid, folds } = classGrid(g, Math.ceil(params.pixels / 32), Math.ceil(g.m / 16));
    const overrides = { ...overridesOf(g), ...folds };
    launch(device, shaders.conv2dSubgroup4, 'main', bindingsOf(tensors), params, grid, { overrides }, label);
  },
};

const subgroup8: GatherVariant = {
  name: 'subgroup8',
  half: true,
  runs: true,
  fits: (caps) => caps.subgroupSize === 8,
  preferred: (caps) => caps.software,
  launch(device, g, tensors, label) {
    const { weightK, weightM } = weightSteps(g);
    const params = { ...paramsOf(g, tensors.bias), weightK, weightM };
    const { grid, folds } = classGrid(g, Math.ceil(params.pixels / 32), Math.ceil(g.m / 16));
    const specialization = { overrides: folds, aliases: elementAliases(g) };
    launch(device, shaders.conv2dSubgroup8, 'main', bindingsOf(tensors), params, grid, specialization, label);
  },
};

const quad: GatherVariant = {
  name: 'quad',
  fits: (caps, g) => hasQuads(caps) && g.up === 1,
  preferred: (caps, g) => softwareLanes(caps) === 4 && g.m >= 8,
  launch(device, g, tensors, label) {
    const { up: _, classHeight: _h, classWidth: _w, classesX: _x, ...sizes } = paramsOf(g, tensors.bias);
    const { weightK, weightM } = weightSteps(g);
    const lanes = device.caps.subgroupSize;
    const { grid, folds } = foldedGrid(Math.ceil(sizes.pixels / 16), Math.ceil(g.m / (4 * lanes)));
    const specialization = { overrides: { LANES: lanes, ...folds } };
    const params = { ...sizes, weightK, weightM };
    launch(device, shaders.conv2dQuad, 'main', bindingsOf(tensors), params, grid, specialization, label);
  },
};

const tile: GatherVariant = {
  name: 'tile',
  runs: true,
  half: true,
  fits: () => true,
  launch(device, g, tensors, label) {
    const params = paramsOf(g, tensors.bias);
    const { workgroup } = device.caps;
    const quads = g.batch * params.classHeight * Math.ceil(params.classWidth / 4);
    const { grid, folds } = classGrid(g, Math.ceil((quads * Math.ceil(g.m / 4)) / workgroup));
    const overrides = { ...overridesOf(g), WORKGROUP: workgroup, ...folds };
    const specialization = { overrides, aliases: elementAliases(g) };
    launch(device, shaders.conv2dTile, 'main', bindingsOf(tensors), params, grid, specialization, label);
  },
};

/** The variant as one that fits f16 only where it says so. */
function byType(variant: GatherVariant): GatherVariant {
  const fits: GatherVariant['fits'] = (caps, g) =>
    (g.dtype === 'f32' || variant.half === true) && variant.fits(caps, g);
  return { ...variant, fits };
}

/** Preferred first. */
export const gatherVariants: readonly GatherVariant[] = [
  patchGather,
  pairGather,
  ...winogradGathers,
  direct3x3.halo4,
  subgroup4,
  direct3x3.stem,
  quad,
  direct3x3.twin8,
  direct3x3.halo8,
  subgroup8,
  ...gpuGathers,
  tile,
].map(byType);

/** The best variant, and the problem as it knows it. */
export function gatherChoice(device: Device, op: string, sizes: Gather, { x, y, bias }: GatherTensors) {
  const g: Gather = { ...sizes, biased: bias !== null, input: x.run, output: y.run };
  const variant: GatherVariant = chooseVariant(device, op, gatherVariants, g);
  return { variant, g };
}

/** Computes y from x and the weight by the best variant, under the op's name; cut, where that can (`isCut`). */
export function gather(device: Device, op: string, sizes: Gather, tensors: GatherTensors): void {
  if (tensors.y.size === 0) return;
  if (isOversize(tensors.weight)) {
    byRows(device, op, sizes, tensors);
    return;
  }
  const { variant, g } = gatherChoice(device, op, sizes, tensors);
  const label = `${op}[${variant.name}]`;
  const cut = variant.cuts && !g.output && !tensors.cut?.run ? tensors.cut : undefined;
  const moments = variant.moments && hasFastMatrices(device.caps) ? tensors.moments : undefined;
  const own = { ...tensors, cut, moments };
  if (variant.runs || !(g.input || g.output)) variant.launch(device, g, own, label);
  else throughCopies(own, (dense) => variant.launch(device, sizes, dense, label));
  if (cut) noteCut(tensors.y, cut);
  if (moments) noteMoments(moments);
}

/** The sum over rows of taps, which are launched one after another: of a weight larger than a binding. */
function byRows(device: Device, op: string, sizes: Gather, { x, weight, bias, y }: GatherTensors): void {
  const direct = !sizes.relu && !y.run;
  const sum = direct ? y : empty(device, y, `${op} sum`);
  for (const { weight: own, row } of tapRows(op, weight)) {
    const offsetY = sizes.offsetY + row * sizes.dilation;
    const rowSizes = { ...sizes, kernelHeight: 1, offsetY, relu: false };
    if (row === 0) gather(device, op, rowSizes, { x, weight: own, bias, y: sum });
    else {
      using part = empty(device, sum, `${op} part`);
      gather(device, op, rowSizes, { x, weight: own, bias: null, y: part });
      accumulateInto(sum, part);
    }
    own.dispose();
  }
  if (direct) return;
  const done = sizes.relu ? empty(device, y, `${op} relu`) : sum;
  if (sizes.relu) unary.launch(device, [sum], [done], { fn: 'relu' });
  copyInto(done, y);
  if (done !== sum) done.dispose();
  sum.dispose();
}

/** For variants that do not know runs of channels. */
function throughCopies(tensors: GatherTensors, action: (dense: GatherTensors) => void): void {
  const x = denseOf(tensors.x);
  const y = tensors.y.run ? empty(tensors.y.device, tensors.y, 'dense') : tensors.y;
  action({ ...tensors, x, y });
  if (y !== tensors.y) copyInto(y, tensors.y);
  if (x !== tensors.x) x.dispose();
  if (y !== tensors.y) y.dispose();
}
