/** @file Neighbouring slices of volumes side by side, and sums back into the slices: with them images' ops serve volumes. */
import type { Device } from '../tensor/device.ts';
import { elementCount, type Shape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { cast } from './cast.ts';
import { launch } from './launch/queue.ts';
import { call, type Op, type Value } from './op.ts';
import { channelGroups, imageGrid, rowWorkgroup } from './pool.ts';
import { reduce } from './reduce.ts';
import { fromUnits, throughUnits, type Units } from './runs.ts';
import * as shaders from './shaders.gen.ts';
import { reluGrad } from './unary.ts';

/** Which slices of a volume are neighbours: slice i begins at slice i·stride − before, and has `kernel` of them. */
export interface NeighboursAttrs {
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly before: number;
  /** Slices of the volume. */
  readonly depth: number;
  /** Slices of what has its neighbours side by side. */
  readonly slices: number;
}

/** What a launch is made with that writes so many rows, of the volume or of what lies side by side. */
function settings(device: Device, volume: Tensor, attrs: NeighboursAttrs, rows: number, factor: number) {
  const [batch] = volume.shape as [number];
  const { groups, scalar } = channelGroups(volume.shape);
  const pixels = elementCount(volume.shape.slice(2, -1));
  const WORKGROUP = rowWorkgroup({ device });
  const { grid, FOLDED } = imageGrid(WORKGROUP, batch, rows, pixels * groups * factor);
  const { kernel, stride, dilation, before, depth, slices } = attrs;
  const V = scalar ? 'f32' : 'vec4<f32>';
  return {
    params: { batch, depth, slices, pixels, groups, kernel, stride, dilation, before },
    grid,
    overrides: { WORKGROUP, FOLDED },
    aliases: { V, X: V.replace('f32', volume.dtype) },
  };
}

/** Of the images of a volume. */
const imagesOf = ([batch, , ...rest]: Shape, { slices, kernel }: NeighboursAttrs): number[] => [
  batch! * slices,
  ...rest.slice(0, -1),
  rest.at(-1)! * kernel,
];

/** Of the volume of images. */
const volumeOf = ([images, ...rest]: Shape, { slices, depth, kernel }: NeighboursAttrs): number[] => [
  images! / slices,
  depth,
  ...rest.slice(0, -1),
  rest.at(-1)! / kernel,
];

/**
 * x [N, depth, …, C] → [N·slices, …, kernel·C]: in each slice its neighbours' channels one after another, 0 where there is
 * no slice. f32 or f16. Attributes are taken as checked.
 */
export const neighbours: Op<NeighboursAttrs> = {
  name: 'neighbours',
  inputs: ['x'],
  readsRuns: true,
  infer: ([x], attrs) => [{ shape: imagesOf(x!.shape, attrs), dtype: x!.dtype }],
  launch(device, [x], [wide], attrs) {
    if (wide!.size === 0) return;
    const { params, grid, overrides, aliases } = settings(device, x!, attrs, attrs.slices, attrs.kernel);
    fromUnits(x!, (from, units) => {
      const tensors = { x: from, wide: wide! };
      launch(device, shaders.neighbours, 'spread', tensors, { ...params, ...units }, grid, {
        overrides,
        aliases,
      });
    });
  },
  // x is there for `again`, which may read what the gradient keeps.
  grad: ({ inputs: [x], dy, attrs }) => [call(neighboursGrad, [dy[0]!, x!], attrs)],
  again: ({ inputs: [x], attrs }) => call(neighbours, [x!], attrs),
};

const neighboursGrad: Op<NeighboursAttrs> = {
  name: 'neighboursGrad',
  infer: ([dy], attrs) => [{ shape: volumeOf(dy!.shape, attrs), dtype: dy!.dtype }],
  launch: (device, [dy], [dx], attrs) => gather(device, [dy!, null], dx!, attrs),
};

export interface FromNeighboursAttrs extends NeighboursAttrs {
  readonly relu: boolean;
}

/**
 * The adjoint of `neighbours`: [N·slices, …, kernel·C] and a bias [C], f32, or null → [N, depth, …, C], bias + Σ of what
 * lies in each slice, through a ReLU if so wanted. f32 or f16.
 */
export const fromNeighbours: Op<FromNeighboursAttrs> = {
  name: 'fromNeighbours',
  inputs: ['x', 'bias'],
  writesRuns: true,
  infer: ([x], attrs) => [{ shape: volumeOf(x!.shape, attrs), dtype: x!.dtype }],
  launch: (device, [x, bias = null], [y], attrs) => gather(device, [x!, bias], y!, attrs, attrs.relu),
  grad({ inputs: [, bias], outputs: [y], dy, attrs }) {
    const d = attrs.relu ? call(reluGrad, [y!, dy[0]!], null) : dy[0]!;
    return [call(neighbours, [d], attrs), bias ? sumOf(d, y!) : null];
  },
};

/** The gradient of a bias of y, in f32. */
function sumOf(d: Value, y: Tensor): Value {
  const single = y.dtype === 'f32' ? d : call(cast, [d], { dtype: 'f32' });
  return call(reduce, [single], { fn: 'sum', axes: y.shape.slice(0, -1).map((_, axis) => axis) });
}

function gather(
  device: Device,
  [apart, bias]: readonly [Tensor, Tensor | null],
  y: Tensor,
  attrs: NeighboursAttrs,
  relu = false,
): void {
  if (y.size === 0) return;
  const { params, grid, overrides, aliases } = settings(device, y, attrs, attrs.depth, 1);
  const given = { ...overrides, BIAS: Number(bias !== null), RELU: Number(relu) };
  throughUnits(y, (to: Tensor, units: Units) => {
    const tensors = { apart, bias: bias ?? apart, y: to };
    const all = { ...params, ...units };
    launch(device, shaders.neighbours, 'gather', tensors, all, grid, { overrides: given, aliases });
  });
}
