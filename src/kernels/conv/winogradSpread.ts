/** @file Winograd's first launch, which brings images and weight to the points, and the products of what it gives. */
import type { Device } from '../../tensor/device.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { launch, linearGrid } from '../launch/queue.ts';
import * as shaders from '../shaders.gen.ts';
import { finishGrad } from './finishGrad.ts';
import { elementsOf, emptyPlanes, planeOf, specialization, unitOf } from './winogradPlanes.ts';
import { multiply } from './winogradProduct.ts';
import {
  type Convolution,
  Placeholders,
  paramsOf,
  placeholder,
  pointsOf,
  strideOf,
  type TileSize,
  tilesOf,
} from './winogradTiles.ts';

const spreadOf = { 2: shaders.winograd2Spread, 4: shaders.winograd4Spread } as const;

/** What is to be transformed; y masks the gradient of y where the convolution ended in a ReLU. */
export interface Sources {
  readonly x?: Tensor;
  readonly grad?: Tensor;
  readonly y?: Tensor | null;
  readonly weight?: Tensor;
  /** Receives the gradient of the bias: the sum of that of y. */
  readonly db?: Tensor | undefined;
}

/** Whether the bias's gradient comes of the tiles' totals, a plane more: on GPUs. */
const hasTotals = ({ caps }: Device, { db }: Sources): boolean => db !== undefined && !caps.software;

/** Values at the points: of x [points, tiles, channels], of the gradient of y likewise, of the weight [points, pairs]. */
export class Spread implements Disposable {
  readonly x: Tensor;
  readonly grad: Tensor;
  readonly weight: Tensor;

  /**
   * Transforms what is given, in one launch. The bias's gradient is summed in it too; on a GPU, which wants more
   * invocations for that than there are channels, in one of its own.
   */
  constructor(device: Device, size: TileSize, c: Convolution, sources: Sources) {
    const { x, grad, weight, db } = sources;
    const totals = hasTotals(device, sources);
    const { padded } = tilesOf(size, c);
    const planes = (source: Tensor | undefined, count: number, more = 0) =>
      source ? emptyPlanes(device, pointsOf(size) + more, count) : placeholder(device);
    this.x = planes(x, padded * c.xChannels);
    this.grad = planes(grad, padded * c.yChannels, Number(totals));
    this.weight = planes(weight, c.xChannels * c.yChannels);
    launchSpread(device, size, c, sources, this);
    if (totals) this.#sumTotals(device, size, padded * c.yChannels, db!);
  }

  #sumTotals(device: Device, size: TileSize, count: number, db: Tensor): void {
    using dy = elementsOf(this.grad, pointsOf(size) * planeOf(count, 1), count);
    finishGrad(device, undefined, { dy, db }, 'conv2dWeightGrad');
  }

  [Symbol.dispose](): void {
    for (const tensor of [this.x, this.grad, this.weight]) tensor.dispose();
  }
}

/** Jobs of the launch: units of channels to be transformed, or summed to the gradient of the bias. */
function jobsOf(device: Device, size: TileSize, c: Convolution, { x, grad, weight, db }: Sources) {
  const unit = unitOf(device);
  const { padded } = tilesOf(size, c);
  return {
    xJobs: x ? (padded * c.xChannels) / unit : 0,
    yJobs: grad ? (padded * c.yChannels) / unit : 0,
    pairJobs: weight ? (c.xChannels * c.yChannels) / unit : 0,
    biasJobs: db ? c.yChannels / unit : 0,
  };
}

function launchSpread(device: Device, size: TileSize, c: Convolution, from: Sources, to: Spread): void {
  const totals = hasTotals(device, from);
  const db = totals ? undefined : from.db;
  const { x, grad, y, weight } = from;
  using unused = new Placeholders(device);
  const any = (x ?? grad ?? weight)!;
  const sources = { x: x ?? any, grad: grad ?? any, y: y ?? any, weight: weight ?? any };
  const spreads = { xSpread: to.x, gradSpread: to.grad, weightSpread: to.weight };
  const bindings = { ...sources, ...spreads, biasGrad: unused.or(db) };
  const jobs = jobsOf(device, size, c, { ...from, db });
  const stride = strideOf(device, jobs);
  const params = { ...paramsOf(device, size, c), ...jobs, stride, masked: Number(Boolean(y)) };
  const grid = linearGrid(stride, device.caps.workgroup);
  const label = `winograd${size}.spread`;
  const told = specialization(device);
  const all = totals ? { ...told, consts: { ...told.consts, TOTALS: 'true' } } : told;
  launch(device, spreadOf[size], 'main', bindings, params, grid, all, label);
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
  spread: Pick<Spread, 'grad' | 'weight'>,
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
