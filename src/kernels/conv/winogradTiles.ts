/** @file How Winograd's convolutions cut images into tiles, and what the shaders of their transforms are told. */

import type { Caps } from '../../tensor/caps.ts';
import { empty } from '../../tensor/create.ts';
import type { Device } from '../../tensor/device.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { ParamsOf } from '../launch/shader.ts';
import type * as shaders from '../shaders.gen.ts';
import { fitsBinding, planeOf, unitOf } from './winogradPlanes.ts';

/** Side of a tile of outputs: F(size×size, 3×3). */
export type TileSize = 2 | 4;

/** A 3×3 convolution of x into y with stride 1, in whichever direction it is taken. */
export interface Convolution {
  readonly batch: number;
  readonly xHeight: number;
  readonly xWidth: number;
  readonly xChannels: number;
  readonly yHeight: number;
  readonly yWidth: number;
  readonly yChannels: number;
  readonly padding: number;
}

/** Products per tile and channel pair. */
export function pointsOf(size: TileSize): number {
  return (size + 2) ** 2;
}

/** Tiles of the batch, and with zero tiles that fill up a block of the products. */
export function tilesOf(size: TileSize, { batch, yHeight, yWidth }: Convolution) {
  const tilesX = Math.ceil(yWidth / size);
  const tilesY = Math.ceil(yHeight / size);
  const tiles = batch * tilesX * tilesY;
  return { tilesX, tilesY, tiles, padded: Math.ceil(tiles / 4) * 4 };
}

/** Whether what is transformed can be bound. */
export function fitsMemory(caps: Caps, size: TileSize, c: Convolution): boolean {
  const { padded } = tilesOf(size, c);
  const longest = Math.max(padded * Math.max(c.xChannels, c.yChannels), c.xChannels * c.yChannels);
  // On GPUs a plane more, of totals.
  return fitsBinding(caps, pointsOf(size) + (caps.software ? 0 : 1), longest);
}

/** Blocks of size² pixels of x, each rows and columns 1 to `size` of a tile, that cover x. */
export function blocksOf(size: TileSize, { xHeight, xWidth, padding }: Convolution) {
  const firstBlock = Math.floor((padding - 1) / size);
  const count = (side: number) => Math.floor((side + padding - 2) / size) + 1 - firstBlock;
  return { blocksY: count(xHeight), blocksX: count(xWidth), firstBlock };
}

export function paramsOf(device: Device, size: TileSize, c: Convolution) {
  const unit = unitOf(device);
  const tiles = tilesOf(size, c);
  const { batch: _, ...sizes } = c;
  const pairs = c.xChannels * c.yChannels;
  return {
    ...sizes,
    ...tiles,
    ...blocksOf(size, c),
    xChannels: c.xChannels / unit,
    yChannels: c.yChannels / unit,
    pairs: pairs / unit,
    xPlane: planeOf(tiles.padded * c.xChannels, unit),
    yPlane: planeOf(tiles.padded * c.yChannels, unit),
    pairPlane: planeOf(pairs, unit),
    xJobs: 0,
    yJobs: 0,
    pairJobs: 0,
    biasJobs: 0,
    stride: 0,
    pixels: c.batch * c.yHeight * c.yWidth,
    hasBias: 0,
    relu: 0,
    masked: 0,
  } satisfies ParamsOf<(typeof shaders.winograd4Spread)['entries']['main']>;
}

/** Jobs that an invocation of a processor takes, and invocations below which it takes fewer: enough for its cores. */
const TURNS = 16;
const LEAST_INVOCATIONS = 128;

/** Invocations that share the jobs; a workgroup costs as much to start as a few jobs. */
export function strideOf(device: Device, jobs: Readonly<Record<string, number>>): number {
  const { workgroup, software } = device.caps;
  const total = Object.values(jobs).reduce((sum, count) => sum + count, 0);
  return Math.ceil(Math.max(LEAST_INVOCATIONS, total / (software ? TURNS : 1)) / workgroup) * workgroup;
}

/** What a binding needs where a job is left out. */
export function placeholder(device: Device): Tensor {
  return empty(device, { shape: [4], dtype: 'f32' }, 'unused');
}

/** Stand-ins for results that are not asked for. */
export class Placeholders implements Disposable {
  readonly #device: Device;
  readonly #made: Tensor[] = [];

  constructor(device: Device) {
    this.#device = device;
  }

  or(tensor: Tensor | undefined): Tensor {
    if (tensor) return tensor;
    const made = placeholder(this.#device);
    this.#made.push(made);
    return made;
  }

  [Symbol.dispose](): void {
    for (const tensor of this.#made) tensor.dispose();
  }
}
