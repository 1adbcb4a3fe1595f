/**
 * @file Winograd's 3×3 convolution F(4×4, 3×3) for software adapters: transforms around a batch of matrix products.
 *
 * Largest error over largest value, measured on up to 64 channels and 16384 pixels: 1e-6 forward and for the input's
 * gradient, 2e-6 for the weight's; a direct sum's are 2e-7 to 1e-6 and 3e-7 to 2e-6. To do without, force another
 * variant (device option `variants`, PLANEWISE_VARIANT).
 */
import type { Caps, Device } from '../tensor/device.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Correlation, CorrelationTensors, CorrelationVariant } from './correlate.ts';
import type { Gather, GatherVariant } from './gather.ts';
import { emptyPlanes, GAP, hasQuads, multiply, planeOf, specialization, unitOf } from './planes.ts';
import { launch, linearGrid } from './queue.ts';
import * as shaders from './shaders.gen.ts';
import { softwareLanes } from './variant.ts';

/** Products per tile and channel pair. */
const POINTS = 36;

/** Largest transformed image in bytes: 2.25 times the image, so it stays below the smallest WebGPU binding limit. */
const LIMIT = 1 << 27;

/** One side of a convolution as tiles of 4×4 output pixels. */
interface Tiling {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
}

function countsOf({ batch, height, width }: Tiling) {
  const tilesX = Math.ceil(width / 4);
  const tilesY = Math.ceil(height / 4);
  const tiles = batch * tilesX * tilesY;
  return { tilesX, tilesY, tiles, padded: Math.ceil(tiles / 4) * 4 };
}

const nothing = {
  height: 0,
  width: 0,
  channels: 0,
  tilesX: 0,
  tilesY: 0,
  tiles: 0,
  padded: 0,
  originY: 0,
  originX: 0,
  pairs: 0,
  plane: 0,
  turned: 0,
  hasBias: 0,
  relu: 0,
  pixels: 0,
  sums: 0,
};

interface Image {
  readonly tensor: Tensor;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly originY: number;
  readonly originX: number;
}

/** The image's tiles at the 36 points: [36, padded tiles, channels], with gaps. */
function spreadImage(device: Device, entry: 'input' | 'outputGrad', image: Image, tiling: Tiling): Tensor {
  const counts = countsOf(tiling);
  const { tensor, height, width, originY, originX } = image;
  const spread = emptyPlanes(device, POINTS, counts.padded * image.channels);
  const unit = unitOf(device);
  const channels = image.channels / unit;
  const plane = planeOf(counts.padded * image.channels, unit);
  const params = { ...nothing, ...counts, height, width, channels, originY, originX, plane };
  const grid = linearGrid(counts.padded * channels, device.caps.workgroup);
  launch(device, shaders.winograd, entry, { image: tensor, spread }, params, grid, specialization(device));
  return spread;
}

function spreadWeight(device: Device, weight: Tensor, count: number, turned: boolean): Tensor {
  const spread = emptyPlanes(device, POINTS, count);
  const pairs = count / unitOf(device);
  const params = { ...nothing, pairs, plane: planeOf(count, unitOf(device)), turned: Number(turned) };
  const grid = linearGrid(pairs, device.caps.workgroup);
  launch(device, shaders.winograd, 'weight', { image: weight, spread }, params, grid, specialization(device));
  return spread;
}

function fitsMemory(tiling: Tiling, channels: number): boolean {
  return POINTS * (countsOf(tiling).padded * channels + GAP) * 4 <= LIMIT;
}

/**
 * Channels on both sides from which this is faster than the direct forms, by subgroup size. Effective GFLOP/s (direct
 * FLOP over processor time on two busy cores) of the forward pass, input gradient and weight gradient, in brackets
 * those of the best direct form:
 *
 * | pixels, channels, batch | SwiftShader (4)                    | lavapipe (8)                 |
 * | ----------------------- | ---------------------------------- | ---------------------------- |
 * | 32², 16, 16             | 4, 5 [7, 6], 9 [4]                 | 9, 9 [21, 19], 13 [23]       |
 * | 16², 32, 16             | 11, 11 [8, 8], 13 [4]              | 37, 15 [31, 22], 22 [18]     |
 * | 8², 64, 16              | 15, 14 [9, 8], 13 [3]              | 71, 72 [41, 43], 82 [29]     |
 * | 16², 128, 4             | 17, 14 [9, 8], 13 [3]              | 66, 71 [45, 46], 72 [37]     |
 * | 4², 128, 16             | 14, 12 [5, 5], 9 [2]               | 27, 19 [9, 9], 29 [22]       |
 */
const LEAST: Readonly<Record<number, { convolution: number; weightGrad: number }>> = {
  4: { convolution: 32, weightGrad: 16 },
  8: { convolution: 64, weightGrad: 32 },
};

/** Whether there is enough work to pay for the transforms, and to fill the blocks of the products. */
function pays(tiling: Tiling, channels: number, least = Number.POSITIVE_INFINITY): boolean {
  return tiling.width > 2 && channels >= least && countsOf(tiling).tiles * channels >= 512;
}

function outputTiling(g: Gather): Tiling {
  return { batch: g.batch, height: g.outHeight, width: g.outWidth };
}

function fitsGather(caps: Caps, g: Gather): boolean {
  const plain = g.kernelHeight === 3 && g.kernelWidth === 3 && g.stride === 1 && g.up === 1;
  const unit = g.dilation === (g.transposed ? -1 : 1);
  const whole = g.k % 4 === 0 && g.m % 4 === 0;
  return hasQuads(caps) && plain && unit && whole && fitsMemory(outputTiling(g), Math.max(g.k, g.m));
}

/** The convolution, or transposed the gradient of its input: the same with the kernel turned and channels swapped. */
export const winogradGather: GatherVariant = {
  name: 'winograd',
  fits: fitsGather,
  preferred: (caps, g) => pays(outputTiling(g), Math.min(g.k, g.m), LEAST[softwareLanes(caps)]?.convolution),
  launch(device, g, tensors, label) {
    const { k, m, outHeight: height, outWidth: width, transposed } = g;
    const unit = unitOf(device);
    const tiling = outputTiling(g);
    const counts = countsOf(tiling);
    const turn = transposed ? 2 : 0;
    const origin = { originY: g.offsetY - turn, originX: g.offsetX - turn };
    const image = { tensor: tensors.x, height: g.inHeight, width: g.inWidth, channels: k, ...origin };
    using weight = spreadWeight(device, tensors.weight, k * m, transposed);
    using input = spreadImage(device, 'input', image, tiling);
    const shape = {
      points: POINTS,
      rows: counts.padded,
      depth: k,
      columns: m,
      turnedA: false,
      turnedB: transposed,
    };
    using products = multiply(device, input, weight, shape, label);
    const flags = { hasBias: Number(tensors.bias !== null), relu: Number(g.relu) };
    const params = {
      ...nothing,
      ...counts,
      height,
      width,
      channels: m / unit,
      plane: planeOf(counts.padded * m, unit),
      ...flags,
    };
    const bindings = { products, bias: tensors.bias ?? tensors.weight, result: tensors.y };
    const grid = linearGrid((counts.tiles * m) / unit, device.caps.workgroup);
    launch(device, shaders.winograd, 'output', bindings, params, grid, specialization(device));
  },
};

function smallTiling(c: Correlation): Tiling {
  return { batch: c.batch, height: c.smallHeight, width: c.smallWidth };
}

function fitsCorrelation(caps: Caps, c: Correlation): boolean {
  const plain = c.kernelHeight === 3 && c.kernelWidth === 3 && c.stride === 1 && c.dilation === 1;
  const whole = c.a % 4 === 0 && c.b % 4 === 0;
  return hasQuads(caps) && plain && whole && fitsMemory(smallTiling(c), Math.max(c.a, c.b));
}

/** The gradient of the weight: the tiles of both images are the depth of the products. */
export const winogradCorrelation: CorrelationVariant = {
  name: 'winograd',
  sumsBias: true,
  fits: fitsCorrelation,
  preferred: (caps, c) => pays(smallTiling(c), Math.min(c.a, c.b), LEAST[softwareLanes(caps)]?.weightGrad),
  work: () => POINTS,
  wanted: () => 1,
  launch(device, c, tensors, _splits, label) {
    const tiling = smallTiling(c);
    const offset = { originY: -c.padding, originX: -c.padding };
    const large = { height: c.largeHeight, width: c.largeWidth, channels: c.a, ...offset };
    const small = { height: c.smallHeight, width: c.smallWidth, channels: c.b, originY: 0, originX: 0 };
    using input = spreadImage(device, 'input', { tensor: tensors.large, ...large }, tiling);
    using dy = spreadImage(device, 'outputGrad', { tensor: tensors.small, ...small }, tiling);
    const { padded } = countsOf(tiling);
    const shape = { points: POINTS, rows: c.a, depth: padded, columns: c.b, turnedA: true, turnedB: false };
    using products = multiply(device, input, dy, shape, label);
    launchGrads(device, c, products, tensors);
  },
};

/** The gradients of weight and, where it is asked for, bias. */
function launchGrads(device: Device, c: Correlation, products: Tensor, tensors: CorrelationTensors): void {
  const { partial: result, bias } = tensors;
  const unit = unitOf(device);
  const pairs = (c.a * c.b) / unit;
  const sums = bias ? c.b / unit : 0;
  const pixels = c.batch * c.smallHeight * c.smallWidth;
  const params = { ...nothing, pairs, plane: planeOf(c.a * c.b, unit), pixels, sums };
  const grid = linearGrid(pairs + sums, device.caps.workgroup);
  if (bias) {
    const bindings = { products, result, image: bias.dy, biasGrad: bias.db };
    launch(device, shaders.winograd, 'weightAndBiasGrad', bindings, params, grid, specialization(device));
  } else {
    const bindings = { products, result };
    launch(device, shaders.winograd, 'weightGrad', bindings, params, grid, specialization(device));
  }
}
