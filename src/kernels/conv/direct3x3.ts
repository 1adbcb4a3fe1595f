/** @file Direct 3×3 convolutions with stride 1, forward and adjoint, for software adapters with subgroups. */
import { empty } from '../../tensor/create.ts';
import type { Device } from '../../tensor/device.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { elementAliases } from '../elements.ts';
import { foldedGrid } from '../launch/grid.ts';
import { launch, linearGrid } from '../launch/queue.ts';
import { hasQuads, softwareLanes } from '../launch/variant.ts';
import { inQuads } from '../runs.ts';
import * as shaders from '../shaders.gen.ts';
import { bindingsOf, type Gather, type GatherVariant, weightSteps } from './gatherLayout.ts';

function isPlain3x3(g: Gather): boolean {
  const plain = g.kernelHeight === 3 && g.kernelWidth === 3 && g.stride === 1 && g.up === 1;
  return plain && g.dilation === (g.transposed ? -1 : 1);
}

/** Share of tiles of `rows`×8 pixels that lies inside the image: small images waste most of a tile. */
function tileUse({ outHeight, outWidth }: Gather, rows: number): number {
  return (outHeight * outWidth) / (Math.ceil(outHeight / rows) * rows * Math.ceil(outWidth / 8) * 8);
}

function tilesOf(g: Gather, rows: number) {
  return { tilesX: Math.ceil(g.outWidth / 8), tilesY: Math.ceil(g.outHeight / rows) };
}

/** Sizes, flags, and the input pixel of the first tap of output pixel (0, 0). */
function paramsOf(g: Gather, bias: Tensor | null) {
  const { outHeight, outWidth, inHeight, inWidth, k, m } = g;
  const turn = g.transposed ? 2 : 0;
  const origin = { originY: g.offsetY - turn, originX: g.offsetX - turn };
  const flags = { hasBias: Number(bias !== null), relu: Number(g.relu) };
  return { outHeight, outWidth, inHeight, inWidth, k, m, ...origin, ...flags };
}

const halo4: GatherVariant = {
  name: 'halo4',
  fits: (caps, g) => caps.subgroupSize === 4 && isPlain3x3(g) && inQuads(g.k) && inQuads(g.m),
  preferred: (caps, g) => caps.software && tileUse(g, 4) > 0.6,
  launch(device, g, tensors, label) {
    const tiles = tilesOf(g, 4);
    const params = { ...paramsOf(g, tensors.bias), ...tiles };
    const { grid, folds } = foldedGrid(g.batch * tiles.tilesX * tiles.tilesY, Math.ceil(g.m / 16));
    const overrides = { TRANSPOSED: Number(g.transposed), ...folds };
    launch(device, shaders.conv2dHalo4, 'main', bindingsOf(tensors), params, grid, { overrides }, label);
  },
};

const halo8: GatherVariant = {
  name: 'halo8',
  half: true,
  fits: (caps, g) => caps.subgroupSize === 8 && isPlain3x3(g),
  preferred: (caps, g) => caps.software && tileUse(g, 8) > 0.6,
  launch(device, g, tensors, label) {
    const tiles = tilesOf(g, 8);
    const params = { ...paramsOf(g, tensors.bias), ...tiles, ...weightSteps(g) };
    const { grid, folds } = foldedGrid(g.batch * tiles.tilesX * tiles.tilesY, Math.ceil(g.m / 8));
    const specialization = { overrides: folds, aliases: elementAliases(g) };
    launch(device, shaders.conv2dHalo8, 'main', bindingsOf(tensors), params, grid, specialization, label);
  },
};

/** Invocations that turn a weight: enough for the cores of a processor, where a workgroup is dear to start. */
const TURNERS = 256;

/** The weight of the adjoint as that of a convolution: the kernel turned, its channels swapped. */
function turn(device: Device, g: Gather, x: Tensor): Tensor {
  const y = empty(device, x, 'turned weight');
  const params = { taps: 9, k: g.k / 4, m: g.m / 4, invocations: TURNERS };
  const { workgroup } = device.caps;
  const specialization = { overrides: { WORKGROUP: workgroup }, aliases: { E: `vec4<${g.dtype}>` } };
  launch(
    device,
    shaders.conv2dTurn,
    'main',
    { x, y },
    params,
    linearGrid(TURNERS, workgroup),
    specialization,
  );
  return y;
}

const twin8: GatherVariant = {
  name: 'twin8',
  half: true,
  fits: (caps, g) => caps.subgroupSize === 8 && isPlain3x3(g) && inQuads(g.k) && inQuads(g.m),
  // A subgroup computes 16 channels; in f16, whose loads cost as much as f32's, it is no faster than halo8.
  preferred: (caps, g) => caps.software && g.dtype === 'f32' && g.m > 8 && tileUse(g, 4) > 0.6,
  launch(device, g, tensors, label) {
    const { tilesX, tilesY } = tilesOf(g, 4);
    const tiles = g.batch * tilesX * tilesY;
    const params = { ...paramsOf(g, tensors.bias), tilesX, tilesY, tiles, m: g.m / 4 };
    const { grid, folds } = foldedGrid(Math.ceil(tiles / 2), Math.ceil(g.m / 16));
    const weight = g.transposed ? turn(device, g, tensors.weight) : tensors.weight;
    const bindings = bindingsOf({ ...tensors, weight });
    const specialization = { overrides: folds, aliases: { E: `vec4<${g.dtype}>` } };
    launch(device, shaders.conv2dTwin8, 'main', bindings, params, grid, specialization, label);
    if (weight !== tensors.weight) weight.dispose();
  },
};

const stem: GatherVariant = {
  name: 'stem',
  fits: (caps, g) => hasQuads(caps) && isPlain3x3(g),
  // Four channels a lane, 16 a subgroup: with few of them most lanes repeat the last.
  preferred: (caps, g) => softwareLanes(caps) === 4 && g.m >= 8,
  launch(device, g, tensors, label) {
    const pixels = g.batch * g.outHeight * g.outWidth;
    const params = { ...paramsOf(g, tensors.bias), pixels, ...weightSteps(g) };
    const lanes = device.caps.subgroupSize;
    const { grid, folds } = foldedGrid(Math.ceil(pixels / 16), Math.ceil(g.m / (4 * lanes)));
    const specialization = { overrides: { LANES: lanes, ...folds } };
    launch(device, shaders.conv2dStem, 'main', bindingsOf(tensors), params, grid, specialization, label);
  },
};

/** Preferred first, with others between them. */
export const direct3x3 = { halo4, stem, twin8, halo8 } as const;
