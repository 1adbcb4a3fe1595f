/** @file Winograd's form of large images: their transforms, most of what a step needs at once, a part of the batch at a time. */
import type { Caps, Device } from '../../tensor/device.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { accumulateInto } from '../binary.ts';
import { gatherOutput } from './winogradGather.ts';
import { elementsOf, GAP, planeOf } from './winogradPlanes.ts';
import { multiply } from './winogradProduct.ts';
import { forwardProducts, type Sources, Spread, weightProducts } from './winogradSpread.ts';
import { type Convolution, pointsOf, type TileSize, tilesOf } from './winogradTiles.ts';

/**
 * Bytes of transformed images up to which a launch less is worth more on software adapters: of the gradients, and of the
 * forward pass, beside which less lives.
 */
const SMALL = { gradients: 1 << 22, forward: 1 << 23 };

/**
 * Bytes of a GPU's shared cache, which WebGPU does not tell, by vendor: rounded from what its devices have, of integrated
 * ones the least. Not measured.
 */
const CACHE: Readonly<Record<string, number>> = { nvidia: 1 << 25, amd: 1 << 24, apple: 1 << 23 };
const SMALL_CACHE = 1 << 22;

/** Bytes of images with so many channels, transformed. */
function spreadBytes(size: TileSize, c: Convolution, channels: number): number {
  return 4 * pointsOf(size) * (tilesOf(size, c).padded * channels + GAP);
}

/** Whether the transformed images are larger than the transformed weight. */
export function largerImages(size: TileSize, c: Convolution): boolean {
  return tilesOf(size, c).tiles > c.yChannels;
}

/** Whether the images are transformed one after the other, so that each can go before the next comes. */
function oneByOne(size: TileSize, c: Convolution): boolean {
  return largerImages(size, c) && spreadBytes(size, c, c.xChannels + c.yChannels) > SMALL.gradients;
}

/** Some images of the batch as a convolution of their own. */
export interface Part {
  readonly c: Convolution;
  readonly first: number;
}

/** Storage offsets of bindings. */
const ALIGNMENT = 256;

/** Images of which x's transform takes at most so many bytes; one at least. */
function imagesWithin(most: number, size: TileSize, c: Convolution): number {
  const { tiles } = tilesOf(size, { ...c, batch: 1 });
  const plane = most / 4 / pointsOf(size) - GAP;
  return Math.max(1, Math.floor(plane / (tiles * c.xChannels)));
}

/**
 * Parts of whole images, of much the same size: as few as bring x's transform down to `most` bytes, if they begin where
 * bindings may.
 */
function partsOf(size: TileSize, c: Convolution, most: number): Part[] {
  const { batch } = c;
  const images = Math.ceil(batch / Math.ceil(batch / imagesWithin(most, size, c)));
  const { tiles } = tilesOf(size, { ...c, batch: images });
  const x = images * c.xHeight * c.xWidth * c.xChannels;
  const y = images * c.yHeight * c.yWidth * c.yChannels;
  const begins = [x, y, tiles * c.yChannels].every((elements) => (4 * elements) % ALIGNMENT === 0);
  if (tiles % 4 !== 0 || !begins) return [{ c, first: 0 }];
  return Array.from({ length: Math.ceil(batch / images) }, (_, i) => {
    const first = i * images;
    return { c: { ...c, batch: Math.min(images, batch - first) }, first };
  });
}

/**
 * Parts on a GPU: what is transformed of a part may stay in the cache, but is no less than the transformed weight, which
 * each part reads, and its sums, which each part adds to.
 */
export function gpuParts({ vendor }: Caps, size: TileSize, c: Convolution): Part[] {
  const weight = 4 * pointsOf(size) * c.xChannels * c.yChannels;
  return partsOf(size, c, Math.max(CACHE[vendor] ?? SMALL_CACHE, weight));
}

function forwardParts(caps: Caps, size: TileSize, c: Convolution): Part[] {
  return caps.software ? partsOf(size, c, SMALL.forward) : gpuParts(caps, size, c);
}

/** The images of a part. */
export function imagesOf(tensor: Tensor, { c, first }: Part): Tensor {
  const each = tensor.size / tensor.shape[0]!;
  return elementsOf(tensor, first * each, c.batch * each);
}

/** Transforms for the gradients: of x too, unless `weightSums` is better left to do it. */
export function spreadGrad(
  device: Device,
  size: TileSize,
  c: Convolution,
  { x, ...others }: Sources & { readonly x: Tensor },
): Spread {
  return new Spread(device, size, c, oneByOne(size, c) ? others : { x, ...others });
}

/** `weightProducts` after `spreadGrad` of the same x. */
export function weightSums(
  device: Device,
  size: TileSize,
  c: Convolution,
  { x, spread }: { readonly x: Tensor; readonly spread: Spread },
  label: string,
): Tensor {
  if (!oneByOne(size, c)) return weightProducts(device, size, c, spread, label);
  const [first, ...others] = partsOf(size, c, SMALL.gradients);
  const sums = partProducts(device, size, c, { x, grad: spread.grad, part: first! }, label);
  for (const part of others) {
    using more = partProducts(device, size, c, { x, grad: spread.grad, part }, label);
    accumulateInto(sums, more);
  }
  return sums;
}

/** `weightProducts` of a part of x, transformed here, and its part of the gradient's transform. */
function partProducts(
  device: Device,
  size: TileSize,
  whole: Convolution,
  { x, grad, part }: { readonly x: Tensor; readonly grad: Tensor; readonly part: Part },
  label: string,
): Tensor {
  const { xChannels: rows, yChannels: columns } = whole;
  using images = imagesOf(x, part);
  using spread = new Spread(device, size, part.c, { x: images });
  const begin = tilesOf(size, { ...whole, batch: part.first }).tiles * columns;
  using tiles = elementsOf(grad, begin, grad.size - begin);
  const planeB = planeOf(tilesOf(size, whole).padded * columns, 4);
  const shape = { points: pointsOf(size), rows, depth: tilesOf(size, part.c).padded, columns };
  return multiply(device, spread.x, tiles, { ...shape, planeB, turnedA: true, turnedB: false }, label);
}

/** What is computed at once at most: of the gradients of software adapters all, for the gradient of y is spread once. */
export function largestPart(caps: Caps, size: TileSize, c: Convolution, gradients: boolean): Convolution {
  return caps.software && gradients ? c : forwardParts(caps, size, c)[0]!.c;
}

interface ForwardTensors {
  readonly x: Tensor;
  readonly weight: Tensor;
  readonly bias: Tensor | null;
  readonly y: Tensor;
}

/** y, the weight transformed once. */
export function convolve(
  device: Device,
  size: TileSize,
  c: Convolution,
  { x, weight, bias, y }: ForwardTensors,
  relu: boolean,
  label: string,
): void {
  let spreadWeight: Tensor | undefined;
  for (const part of forwardParts(device.caps, size, c)) {
    using images = imagesOf(x, part);
    using results = imagesOf(y, part);
    using spread = new Spread(device, size, part.c, spreadWeight ? { x: images } : { x: images, weight });
    spreadWeight ??= spread.weight.view();
    using products = forwardProducts(device, size, part.c, { x: spread.x, weight: spreadWeight }, label);
    gatherOutput(device, size, part.c, { products, bias, y: results }, relu);
  }
  spreadWeight?.dispose();
}
