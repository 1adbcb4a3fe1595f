/** @file Intensities of images changed by rows of tables, one row an image: blur, noise, bias field, contrast, gamma. None has a gradient. */
import { ShapeError } from '../base/errors.ts';
import { formatShape, type Shape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { launch, linearGrid } from './launch/queue.ts';
import { expectRank, expectShape, expectType, type Inputs, type Op } from './op.ts';
import { imageGrid, rowWorkgroup } from './pool.ts';
import * as shaders from './shaders.gen.ts';

/** Numbers of an image in `adjustIntensity`'s settings: five of the bias field, contrast, gamma. */
export const INTENSITY_SETTINGS = 7;

type Sizes = readonly [batch: number, height: number, width: number, channels: number];

/** x [N, H, W, C] of f32, and a table of f32 with a row for each image. */
function expectImages(op: string, x: Tensor | null, name: string, table: Tensor | null, row: Shape): Shape {
  const { shape } = expectRank(op, 'x', x, 4);
  expectType(op, name, expectShape(op, name, table, [shape[0]!, ...row]), 'f32');
  return shape;
}

/** Pixels on either side that a blur reads at most, however wide it is. */
const MOST_RADIUS = 96;

interface Axis {
  readonly axis: 'x' | 'y';
}

/** Inputs x [N, H, W, C], sigmas [N] in pixels → the images blurred along one axis. */
export const gaussianBlur: Op<Axis> = {
  name: 'gaussianBlur',
  inputs: ['x', 'sigmas'],
  infer: ([x, sigmas]: Inputs) => [
    { shape: expectImages('gaussianBlur', x!, 'sigmas', sigmas!, []), dtype: 'f32' },
  ],
  launch(device, [x, sigmas], [y], { axis }) {
    if (y!.size === 0) return;
    const [batch, height, width, channels] = x!.shape as unknown as Sizes;
    const WORKGROUP = rowWorkgroup(x!);
    const { grid, FOLDED } = imageGrid(WORKGROUP, batch, height, width * channels);
    const across = Number(axis === 'x');
    const params = { batch, height, width, channels, across, mostRadius: MOST_RADIUS };
    const tensors = { x: x!, sigmas: sigmas!, y: y! };
    launch(device, shaders.gaussianBlur, 'main', tensors, params, grid, { overrides: { WORKGROUP, FOLDED } });
  },
};

/** Inputs x [N, H, W, C], sigmas [N], keys [N, 2] of u32 → x + sigma · a standard normal number by value. */
export const addNoise: Op<null> = {
  name: 'addNoise',
  inputs: ['x', 'sigmas', 'keys'],
  infer([x, sigmas, keys]: Inputs) {
    const shape = expectImages('addNoise', x!, 'sigmas', sigmas!, []);
    expectType('addNoise', 'keys', expectShape('addNoise', 'keys', keys!, [shape[0]!, 2]), 'u32');
    return [{ shape, dtype: 'f32' }];
  },
  launch(device, [x, sigmas, keys], [y]) {
    if (y!.size === 0) return;
    const { workgroup } = device.caps;
    const batch = x!.shape[0]!;
    const each = x!.size / batch;
    const quads = Math.ceil(each / 4);
    const count = batch * quads;
    const tensors = { x: x!, sigmas: sigmas!, keys: keys!, y: y! };
    const overrides = { WORKGROUP: workgroup };
    const grid = linearGrid(count, workgroup);
    launch(device, shaders.addNoise, 'main', tensors, { each, quads, count }, grid, { overrides });
  },
};

/** Inputs x [N, H, W, C], settings [N, 7] → bias field, contrast and gamma, one after the other. */
export const adjustIntensity: Op<null> = {
  name: 'adjustIntensity',
  inputs: ['x', 'settings'],
  infer: ([x, settings]: Inputs) => [
    { shape: expectImages('adjustIntensity', x!, 'settings', settings!, [INTENSITY_SETTINGS]), dtype: 'f32' },
  ],
  launch(device, [x, settings], [y]) {
    if (y!.size === 0) return;
    const [batch, height, width, channels] = x!.shape as unknown as Sizes;
    const WORKGROUP = device.caps.workgroup;
    const params = { batch, height, width, channels };
    const tensors = { x: x!, settings: settings!, y: y! };
    // a workgroup an image
    const grid = linearGrid(batch * WORKGROUP, WORKGROUP);
    launch(device, shaders.adjustIntensity, 'main', tensors, params, grid, { overrides: { WORKGROUP } });
  },
};

export interface SplineAttrs {
  readonly height: number;
  readonly width: number;
}

/** Control points x [N, G, F, C], G and F at least 4 → [N, height, width, C]. */
export const splineImage: Op<SplineAttrs> = {
  name: 'splineImage',
  inputs: ['x'],
  infer([x]: Inputs, { height, width }) {
    const [batch, down, across, channels] = expectRank('splineImage', 'x', x!, 4).shape as unknown as Sizes;
    if (Math.min(down, across) < 4)
      throw new ShapeError(
        'splineImage',
        'x',
        `has shape ${formatShape(x!.shape)}`,
        'A cubic spline needs at least 4 control points along each axis.',
      );
    return [{ shape: [batch, height, width, channels], dtype: 'f32' }];
  },
  launch(device, [x], [y], { height, width }) {
    if (y!.size === 0) return;
    const [batch, down, across, channels] = x!.shape as unknown as Sizes;
    const WORKGROUP = rowWorkgroup(x!);
    const { grid, FOLDED } = imageGrid(WORKGROUP, batch, height, width * channels);
    const params = { batch, channels, down, across, outHeight: height, outWidth: width };
    const tensors = { x: x!, y: y! };
    launch(device, shaders.spline, 'main', tensors, params, grid, { overrides: { WORKGROUP, FOLDED } });
  },
};
