/** @file Gathers as matrix products, for GPUs: tiles of pixels times channels, in workgroup memory. */
import type { Caps } from '../../tensor/caps.ts';
import type { Device } from '../../tensor/device.ts';
import { elementAliases, vectorOf } from '../elements.ts';
import { foldedGrid } from '../launch/grid.ts';
import { launch } from '../launch/queue.ts';
import { hasManyRegisters } from '../launch/variant.ts';
import { inQuads } from '../runs.ts';
import * as shaders from '../shaders.gen.ts';
import {
  allBindingsOf,
  classesOf,
  classGrid,
  cutting,
  type Gather,
  type GatherTensors,
  type GatherVariant,
  overridesOf,
  paramsOf,
  pixelsOf,
} from './gatherLayout.ts';
import { BUSY, inStrips, stripsOf } from './gatherStrips.ts';
import { matrixGathers } from './matrixForms.ts';

const gemm: GatherVariant = {
  name: 'gemm',
  runs: true,
  half: true,
  cuts: true,
  fits: () => true,
  preferred: (caps) => !caps.software,
  launch(device, g, tensors, label) {
    const params = paramsOf(g, tensors.bias);
    const { grid, folds } = classGrid(g, Math.ceil(params.pixels / 64), Math.ceil(g.m / 64));
    const overrides = { ...overridesOf(g), ...folds, ...cutting(tensors.cut) };
    const specialization = { overrides, aliases: elementAliases(g) };
    launch(device, shaders.conv2dGemm, 'main', allBindingsOf(tensors), params, grid, specialization, label);
  },
};

type Side = 32 | 64 | 128;

/** Tiles of pixels across, of channels down, in every residue class of pixels. */
function tilesOf(g: Gather, side: Side) {
  const [across, down, classes] = [Math.ceil(pixelsOf(g) / side), Math.ceil(g.m / side), classesOf(g)];
  return { across, down, classes, tiles: across * down * classes };
}

/** Pixels times channels that the tiles have room for. */
const coveredBy = (g: Gather, side: Side): number => tilesOf(g, side).tiles * side ** 2;

/** Workgroups there are with tiles of this side, and strips of the sum among them. */
function dispatchOf(g: Gather, side: Side) {
  const { tiles } = tilesOf(g, side);
  const { strips } = stripsOf(g, tiles);
  return { strips, workgroups: tiles * strips };
}

/** As gemm, four channels at a time, in tiles of this side, and the sum in strips where there are few. */
function quads(name: string, side: Side, suits: (caps: Caps, g: Gather) => boolean): GatherVariant {
  return {
    name,
    runs: true,
    half: true,
    cuts: true,
    fits: (_, g) => inQuads(g.k, g.input) && inQuads(g.m, g.output),
    preferred: (caps, g) => !caps.software && suits(caps, g),
    launch: (device, g, tensors, label) => launchQuads(device, side, g, tensors, label),
  };
}

function launchQuads(device: Device, side: Side, g: Gather, tensors: GatherTensors, label: string): void {
  const { across, down, classes, tiles } = tilesOf(g, side);
  const { strips, chunk } = stripsOf(g, tiles);
  const { grid, folds } = foldedGrid(across, down, classes * strips);
  const whole = { ...paramsOf(g, tensors.bias), chunk };
  const write = (own: GatherTensors, params: typeof whole) => {
    const overrides = { ...overridesOf(g), ...folds, ...cutting(own.cut) };
    const aliases = { E4: vectorOf(g.dtype), R4: vectorOf(own.y.dtype) };
    const specialization = { overrides, aliases, consts: { TILE: `${side}u` } };
    const bindings = allBindingsOf(own);
    launch(device, shaders.conv2dGemm4, 'main', bindings, params, grid, specialization, label);
  };
  if (strips === 1) {
    write(tensors, whole);
    return;
  }
  const dense = { hasBias: 0, relu: 0, yPitch: g.m, yStart: 0, strips, stripY: tensors.y.size / 4 };
  inStrips(device, g, tensors, strips, label, (partial) =>
    write({ ...tensors, y: partial, cut: undefined }, { ...whole, ...dense }),
  );
}

/**
 * For each product half of `gemm4`'s loads, and two thirds of those from workgroup memory: where its tiles are filled as
 * well, and are enough, whole or in two strips.
 */
const gemm4w = quads('gemm4w', 128, (caps, g) => {
  const { strips, workgroups } = dispatchOf(g, 128);
  const filled = coveredBy(g, 128) <= 1.1 * coveredBy(g, 64);
  return hasManyRegisters(caps) && g.m >= 128 && filled && strips <= 2 && workgroups >= 0.9 * BUSY;
});

/** Four times the tiles, where those of `gemm4` are few even in strips. */
const gemm4s = quads('gemm4s', 32, (_, g) => dispatchOf(g, 64).workgroups < BUSY / 2);

const gemm4 = quads('gemm4', 64, () => true);

/** Preferred first. */
export const gpuGathers: readonly GatherVariant[] = [...matrixGathers, gemm4w, gemm4s, gemm4, gemm];
