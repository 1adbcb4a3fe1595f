/** @file 3×3 convolutions of whole images of 2×2 pixels in 9 products a channel pair, preferred on software adapters. */
import type { Caps, Device } from '../../tensor/device.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { launch, linearGrid } from '../launch/queue.ts';
import * as shaders from '../shaders.gen.ts';
import type { CorrelationVariant } from './correlationLayout.ts';
import type { GatherVariant } from './gatherLayout.ts';
import { emptyPlanes, fitsBinding, planeOf, specialization, unitOf } from './winogradPlanes.ts';
import { multiply } from './winogradProduct.ts';

/** Products per image and channel pair. */
const POINTS = 9;

const nothing = { channels: 0, images: 0, padded: 0, pairs: 0, plane: 0, turned: 0, hasBias: 0, relu: 0 };

function countsOf(batch: number) {
  return { images: batch, padded: Math.ceil(batch / 4) * 4 };
}

/** Whether what is transformed, images and weight, can be bound. */
function fitsMemory(caps: Caps, batch: number, k: number, m: number): boolean {
  return fitsBinding(caps, POINTS, Math.max(countsOf(batch).padded * Math.max(k, m), k * m));
}

/** The images at the 9 points: [9, padded images, channels], with gaps. */
function spreadImages(device: Device, entry: 'input' | 'outputGrad', image: Tensor): Tensor {
  const [batch, , , depth] = image.shape as [number, number, number, number];
  const counts = countsOf(batch);
  const spread = emptyPlanes(device, POINTS, counts.padded * depth);
  const unit = unitOf(device);
  const plane = planeOf(counts.padded * depth, unit);
  const params = { ...nothing, ...counts, channels: depth / unit, plane };
  const grid = linearGrid((counts.padded * depth) / unit, device.caps.workgroup);
  launch(device, shaders.winogradPair, entry, { image, spread }, params, grid, specialization(device));
  return spread;
}

function spreadWeight(device: Device, image: Tensor, count: number, turned: boolean): Tensor {
  const spread = emptyPlanes(device, POINTS, count);
  const pairs = count / unitOf(device);
  const params = { ...nothing, pairs, plane: planeOf(count, unitOf(device)), turned: Number(turned) };
  const grid = linearGrid(pairs, device.caps.workgroup);
  launch(device, shaders.winogradPair, 'weight', { image, spread }, params, grid, specialization(device));
  return spread;
}

/**
 * Effective GFLOP/s at 256 channels and batch 16 of the forward pass, input gradient and weight gradient: SwiftShader
 * 14, 15, 9 [best direct form 5, 4, 2], lavapipe 42, 25, 40 [3, 3, 11]; the same without subgroups 10, 11, 8 [2, 2, 1]
 * and 20, 20, 17 [5, 5, 2]. Only sums come before the products, so it errs
 * no more than a direct sum.
 */
function pays(caps: Caps, channels: number): boolean {
  return caps.software && channels >= 16;
}

/** The convolution, or transposed the gradient of its input: the same with the kernel turned and channels swapped. */
export const pairGather: GatherVariant = {
  name: 'pair',
  fits(caps, g) {
    const kernel = g.kernelHeight === 3 && g.kernelWidth === 3 && g.stride === 1 && g.up === 1;
    const unit = g.transposed ? g.dilation === -1 : g.dilation === 1;
    const origin = g.transposed ? 1 : -1;
    const centred = g.offsetY === origin && g.offsetX === origin;
    const small = [g.inHeight, g.inWidth, g.outHeight, g.outWidth].every((side) => side === 2);
    const quads = g.k % 4 === 0 && g.m % 4 === 0;
    return kernel && unit && centred && small && quads && fitsMemory(caps, g.batch, g.k, g.m);
  },
  preferred: (caps, g) => pays(caps, Math.min(g.k, g.m)),
  launch(device, g, { x, weight, bias, y }, label) {
    const { k, m, transposed } = g;
    const counts = countsOf(g.batch);
    using w = spreadWeight(device, weight, k * m, transposed);
    using input = spreadImages(device, 'input', x);
    const shape = { points: POINTS, rows: counts.padded, depth: k, columns: m };
    using products = multiply(device, input, w, { ...shape, turnedA: false, turnedB: transposed }, label);
    const flags = { hasBias: Number(bias !== null), relu: Number(g.relu) };
    const unit = unitOf(device);
    const plane = planeOf(counts.padded * m, unit);
    const params = { ...nothing, ...counts, channels: m / unit, plane, ...flags };
    const bindings = { products, bias: bias ?? weight, result: y };
    const grid = linearGrid((g.batch * m) / unit, device.caps.workgroup);
    launch(device, shaders.winogradPair, 'output', bindings, params, grid, specialization(device));
  },
};

/** The gradient of the weight: the images are the depth of the products. */
export const pairCorrelation: CorrelationVariant = {
  name: 'pair',
  fits(caps, c) {
    const kernel = c.kernelHeight === 3 && c.kernelWidth === 3 && c.stride === 1 && c.dilation === 1;
    const small = [c.smallHeight, c.smallWidth, c.largeHeight, c.largeWidth].every((side) => side === 2);
    const quads = c.a % 4 === 0 && c.b % 4 === 0;
    return kernel && small && c.padding === 1 && quads && fitsMemory(caps, c.batch, c.a, c.b);
  },
  preferred: (caps, c) => pays(caps, Math.min(c.a, c.b)),
  work: () => POINTS,
  wanted: () => 1,
  launch(device, { batch, a, b }, { large, small, partial }, _splits, label) {
    using input = spreadImages(device, 'input', large);
    using dy = spreadImages(device, 'outputGrad', small);
    const shape = { points: POINTS, rows: a, depth: countsOf(batch).padded, columns: b };
    using products = multiply(device, input, dy, { ...shape, turnedA: true, turnedB: false }, label);
    const pairs = (a * b) / unitOf(device);
    const params = { ...nothing, pairs, plane: planeOf(a * b, unitOf(device)) };
    const grid = linearGrid(pairs, device.caps.workgroup);
    const bindings = { products, result: partial };
    launch(device, shaders.winogradPair, 'weightGrad', bindings, params, grid, specialization(device));
  },
};
