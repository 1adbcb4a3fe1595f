/** @file Images altered pixel by pixel, and noise, for tasks that restore images. None has a gradient. */
import { ShapeError } from '../base/errors.ts';
import { elementCount, type Shape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { expectWhole } from './checks.ts';
import { launch, linearGrid } from './launch/queue.ts';
import { expectRank, expectShape, expectType, type Inputs, type Op } from './op.ts';
import * as shaders from './shaders.gen.ts';

/** Pixels of an image of [N, H, W, C]. */
const areaOf = ({ shape }: Tensor): number => shape[1]! * shape[2]!;

/** Both entries go through the elements of y, [N, H, W, C]. */
function pixelLaunch(y: Tensor, knots: number, source = y) {
  const { size, shape, device } = y;
  const { workgroup } = device.caps;
  return {
    params: { count: size, area: areaOf(y), source: areaOf(source), channels: shape[3]!, knots },
    grid: linearGrid(size, workgroup),
    specialization: { overrides: { WORKGROUP: workgroup } },
  };
}

/** Inputs x [N, H, W, C] and places [N, H′, W′], u32 → pixels of the same image at these places, row by row; 0 beyond. */
export const gatherPixels: Op<null> = {
  name: 'gatherPixels',
  inputs: ['x', 'places'],
  infer([x, places]: Inputs) {
    const op = 'gatherPixels';
    const { shape } = expectRank(op, 'x', x!, 4);
    const [count, channels] = [shape[0]!, shape[3]!];
    const [, height, width] = expectRank(op, 'places', places!, 3, null).shape as [number, number, number];
    expectType(op, 'places', expectShape(op, 'places', places!, [count, height, width]), 'u32');
    return [{ shape: [count, height, width, channels], dtype: 'f32' }];
  },
  launch(device, [x, places], [y]) {
    if (y!.size === 0) return;
    const { params, grid, specialization } = pixelLaunch(y!, 0, x!);
    const tensors = { x: x!, places: places!, y: y! };
    launch(device, shaders.pixels, 'gather', tensors, params, grid, specialization);
  },
};

/** Inputs x [N, H, W, C], range [N, 2] and curve [N, K] → the intensities as each image's curve maps them. */
export const mapIntensity: Op<null> = {
  name: 'mapIntensity',
  inputs: ['x', 'range', 'curve'],
  infer([x, range, curve]: Inputs) {
    const op = 'mapIntensity';
    const { shape } = expectRank(op, 'x', x!, 4);
    expectType(op, 'range', expectShape(op, 'range', range!, [shape[0]!, 2]), 'f32');
    const knots = expectRank(op, 'curve', curve!, 2).shape[1]!;
    expectShape(op, 'curve', curve!, [shape[0]!, knots]);
    if (knots < 2) throw new ShapeError(op, 'curve', `has ${knots} values`, 'At least two are needed.');
    return [{ shape, dtype: 'f32' }];
  },
  launch(device, [x, range, curve], [y]) {
    if (y!.size === 0) return;
    const { params, grid, specialization } = pixelLaunch(y!, curve!.shape[1]!);
    const tensors = { x: x!, range: range!, curve: curve!, y: y! };
    launch(device, shaders.pixels, 'map', tensors, params, grid, specialization);
  },
};

export interface UniformNoiseAttrs {
  /** Of an example's numbers. */
  readonly shape: Shape;
}

/** Input seeds [N, 2], u32 → [N, ...shape]: the numbers that `uniforms` of src/base/random.ts gives for each seed. */
export const uniformNoise: Op<UniformNoiseAttrs> = {
  name: 'uniformNoise',
  inputs: ['seeds'],
  infer([seeds]: Inputs, { shape }) {
    const op = 'uniformNoise';
    const [count] = expectRank(op, 'seeds', seeds!, 2, null).shape as [number, number];
    expectType(op, 'seeds', expectShape(op, 'seeds', seeds!, [count, 2]), 'u32');
    const each = shape.map((length, axis) => expectWhole(op, `shape[${axis}]`, length));
    return [{ shape: [count, ...each], dtype: 'f32' }];
  },
  launch(device, [seeds], [y], { shape }) {
    if (y!.size === 0) return;
    const { workgroup } = device.caps;
    const each = elementCount(shape);
    const quads = Math.ceil(each / 4);
    const count = quads * seeds!.shape[0]!;
    const specialization = { overrides: { WORKGROUP: workgroup } };
    const grid = linearGrid(count, workgroup);
    const tensors = { seeds: seeds!, y: y! };
    launch(device, shaders.noise, 'main', tensors, { count, each, quads }, grid, specialization);
  },
};
