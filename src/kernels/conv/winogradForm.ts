/** @file What Winograd's convolutions are made of: tiles, and the launches before and after the products. */
import { empty } from '../../tensor/create.ts';
import type { Device } from '../../tensor/device.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { launch, linearGrid } from '../launch/queue.ts';
import type { ParamsOf } from '../launch/shader.ts';
import * as shaders from '../shaders.gen.ts';
import { sumBias } from './winogradBias.ts';
import { emptyPlanes, fitsBinding, planeOf, specialization, unitOf } from './winogradPlanes.ts';
import { multiply } from './winogradProduct.ts';

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

const spreadOf = { 2: shaders.winograd2Spread, 4: shaders.winograd4Spread } as const;
const gatherOf = { 2: shaders.winograd2Gather, 4: shaders.winograd4Gather } as const;

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

export function fitsMemory(size: TileSize, c: Convolution): boolean {
  const { padded } = tilesOf(size, c);
  const longest = Math.max(padded * Math.max(c.xChannels, c.yChannels), c.xChannels * c.yChannels);
  return fitsBinding(pointsOf(size), longest);
}

/** Blocks of size² pixels of x, each rows and columns 1 to `size` of a tile, that cover x. */
function blocksOf(size: TileSize, { xHeight, xWidth, padding }: Convolution) {
  const firstBlock = Math.floor((padding - 1) / size);
  const count = (side: number) => Math.floor((side + padding - 2) / size) + 1 - firstBlock;
  return { blocksY: count(xHeight), blocksX: count(xWidth), firstBlock };
}

function paramsOf(device: Device, size: TileSize, c: Convolution) {
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
function strideOf(device: Device, jobs: Readonly<Record<string, number>>): number {
  const { workgroup, software } = device.caps;
  const total = Object.values(jobs).reduce((sum, count) => sum + count, 0);
  return Math.ceil(Math.max(LEAST_INVOCATIONS, total / (software ? TURNS : 1)) / workgroup) * workgroup;
}

/** What a binding needs where a job is left out. */
function placeholder(device: Device): Tensor {
  return empty(device, { shape: [4], dtype: 'f32' }, 'unused');
}

/** What is to be transformed; y masks the gradient of y where the convolution ended in a ReLU. */
export interface Sources {
  readonly x?: Tensor;
  readonly grad?: Tensor;
  readonly y?: Tensor | null;
  readonly weight?: Tensor;
  /** Receives the gradient of the bias: the sum of that of y. */
  readonly db?: Tensor | undefined;
}

/** Values at the points: of x [points, tiles, channels], of the gradient of y likewise, of the weight [points, pairs]. */
export class Spread implements Disposable {
  readonly x: Tensor;
  readonly grad: Tensor;
  readonly weight: Tensor;

  /** Transforms what is given, in one launch; on a GPU the bias's gradient has its own. */
  constructor(device: Device, size: TileSize, c: Convolution, { x, grad, y, weight, db: bias }: Sources) {
    const { software } = device.caps;
    if (bias && !software) sumBias(device, grad!, y, bias);
    const db = software ? bias : undefined;
    const points = pointsOf(size);
    const { padded } = tilesOf(size, c);
    const pairs = c.xChannels * c.yChannels;
    const planes = (source: Tensor | undefined, count: number) =>
      source ? emptyPlanes(device, points, count) : placeholder(device);
    this.x = planes(x, padded * c.xChannels);
    this.grad = planes(grad, padded * c.yChannels);
    this.weight = planes(weight, pairs);
    using unused = new Placeholders(device);
    const unit = unitOf(device);
    const jobs = {
      xJobs: x ? (padded * c.xChannels) / unit : 0,
      yJobs: grad ? (padded * c.yChannels) / unit : 0,
      pairJobs: weight ? pairs / unit : 0,
      biasJobs: db ? c.yChannels / unit : 0,
    };
    const any = (x ?? grad ?? weight)!;
    const sources = { x: x ?? any, grad: grad ?? any, y: y ?? any, weight: weight ?? any };
    const spreads = { xSpread: this.x, gradSpread: this.grad, weightSpread: this.weight };
    const bindings = { ...sources, ...spreads, biasGrad: unused.or(db) };
    const stride = strideOf(device, jobs);
    const params = { ...paramsOf(device, size, c), ...jobs, stride, masked: Number(Boolean(y)) };
    const grid = linearGrid(stride, device.caps.workgroup);
    launch(
      device,
      spreadOf[size],
      'main',
      bindings,
      params,
      grid,
      specialization(device),
      `winograd${size}.spread`,
    );
  }

  [Symbol.dispose](): void {
    for (const tensor of [this.x, this.grad, this.weight]) tensor.dispose();
  }
}

/** Products of x and weight at every point, [points, tiles, channels of y]. */
export function forwardProducts(
  device: Device,
  size: TileSize,
  c: Convolution,
  spread: Pick<Spread, 'x' | 'weight'>,
  label: string,
): Tensor {
  const shape = { points: pointsOf(size), rows: tilesOf(size, c).padded, depth: c.xChannels };
  const product = { ...shape, columns: c.yChannels, turnedA: false, turnedB: false };
  return multiply(device, spread.x, spread.weight, product, label);
}

/** Products of the gradient of y and the weight at every point, [points, tiles, channels of x]. */
export function inputProducts(
  device: Device,
  size: TileSize,
  c: Convolution,
  spread: Spread,
  label: string,
): Tensor {
  const shape = { points: pointsOf(size), rows: tilesOf(size, c).padded, depth: c.yChannels };
  const product = { ...shape, columns: c.xChannels, turnedA: false, turnedB: true };
  return multiply(device, spread.grad, spread.weight, product, label);
}

/** Products of x and the gradient of y at every point, summed over the tiles: [points, channels of x, channels of y]. */
export function weightProducts(
  device: Device,
  size: TileSize,
  c: Convolution,
  spread: Spread,
  label: string,
): Tensor {
  const shape = { points: pointsOf(size), rows: c.xChannels, depth: tilesOf(size, c).padded };
  const product = { ...shape, columns: c.yChannels, turnedA: true, turnedB: false };
  return multiply(device, spread.x, spread.grad, product, label);
}

/** y from the products of x and weight. */
export function gatherOutput(
  device: Device,
  size: TileSize,
  c: Convolution,
  tensors: { readonly products: Tensor; readonly bias: Tensor | null; readonly y: Tensor },
  relu: boolean,
): void {
  const { products, bias, y } = tensors;
  const yJobs = (tilesOf(size, c).tiles * c.yChannels) / unitOf(device);
  const stride = strideOf(device, { yJobs });
  const flags = { yJobs, stride, hasBias: Number(bias !== null), relu: Number(relu) };
  const params = { ...paramsOf(device, size, c), ...flags };
  const bindings = { products, bias: bias ?? products, result: y };
  const grid = linearGrid(stride, device.caps.workgroup);
  launch(
    device,
    gatherOf[size],
    'output',
    bindings,
    params,
    grid,
    specialization(device),
    `winograd${size}.output`,
  );
}

/** What the gradients asked for are made of, dx of products and dw of sums. */
export interface Gradients {
  readonly products?: Tensor;
  readonly dx?: Tensor;
  readonly sums?: Tensor;
  readonly dw?: Tensor;
}

/** The gradients asked for, in one launch. */
export function gatherGradients(
  device: Device,
  size: TileSize,
  c: Convolution,
  { products, dx, sums, dw }: Gradients,
): void {
  using unused = new Placeholders(device);
  const unit = unitOf(device);
  const { blocksX, blocksY } = blocksOf(size, c);
  const jobs = {
    xJobs: dx ? (c.batch * blocksX * blocksY * c.xChannels) / unit : 0,
    pairJobs: dw ? (c.xChannels * c.yChannels) / unit : 0,
  };
  const any = (products ?? sums)!;
  const sources = { products: products ?? any, sums: sums ?? any };
  const bindings = { ...sources, result: unused.or(dx), weightGrad: unused.or(dw) };
  const stride = strideOf(device, jobs);
  const params = { ...paramsOf(device, size, c), ...jobs, stride };
  const grid = linearGrid(stride, device.caps.workgroup);
  launch(
    device,
    gatherOf[size],
    'gradients',
    bindings,
    params,
    grid,
    specialization(device),
    `winograd${size}.gradients`,
  );
}

/** Stand-ins for results that are not asked for. */
class Placeholders implements Disposable {
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
