/** @file Affine augmentation of images and, by the same matrices, of their labels and lines. None has a gradient. */

import { ShapeError } from '../base/errors.ts';
import type { Shape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { expectWhole } from './checks.ts';
import { launch, linearGrid } from './launch/queue.ts';
import { expectRank, expectShape, expectType, type Inputs, type Op } from './op.ts';
import { imageGrid, rowWorkgroup } from './pool.ts';
import * as shaders from './shaders.gen.ts';

/** A displacement [N, H, W, 2] is optional: null, or undefined, for none. */
function expectDisplacement(op: string, displacement: Tensor | null | undefined, images: Shape): void {
  if (!displacement) return;
  const [batch, height, width] = images as [number, number, number];
  const shape = [batch, height, width, 2];
  expectType(op, 'displacement', expectShape(op, 'displacement', displacement, shape), 'f32');
}

/** Inputs x [N, H, W, C], matrices [N, 6], gainOffset [N, 2], displacement [N, H, W, 2] or null → the warped images. */
export const warp: Op<null> = {
  name: 'warp',
  inputs: ['x', 'matrices', 'gainOffset', 'displacement'],
  infer([x, matrices, gainOffset, displacement]: Inputs) {
    const { shape } = expectRank('warp', 'x', x!, 4);
    expectType('warp', 'matrices', expectShape('warp', 'matrices', matrices!, [shape[0]!, 6]), 'f32');
    expectType('warp', 'gainOffset', expectShape('warp', 'gainOffset', gainOffset!, [shape[0]!, 2]), 'f32');
    expectDisplacement('warp', displacement, shape);
    return [{ shape, dtype: 'f32' }];
  },
  launch(device, [x, matrices, gainOffset, displacement], [y]) {
    if (y!.size === 0) return;
    const [batch, height, width, channels] = x!.shape as [number, number, number, number];
    const WORKGROUP = rowWorkgroup(x!);
    const { grid, FOLDED } = imageGrid(WORKGROUP, batch, height, width * channels);
    const params = { batch, height, width, channels, lineCount: 0, linesEach: 1, outside: 0 };
    const tensors = { x: x!, matrices: matrices!, gainOffset: gainOffset!, y: y! };
    const specialization = { overrides: { WORKGROUP, FOLDED } };
    if (displacement)
      launch(
        device,
        shaders.warp,
        'imageDisplaced',
        { ...tensors, displacement },
        params,
        grid,
        specialization,
      );
    else launch(device, shaders.warp, 'image', tensors, params, grid, specialization);
  },
};

export interface WarpLabelsAttrs {
  /** Label of what lies outside the input. */
  readonly outside: number;
}

function expectClassNumbers(labels: Tensor, { outside }: WarpLabelsAttrs): void {
  const { dtype } = labels;
  if (dtype !== 'i32' && dtype !== 'u32')
    throw new ShapeError('warpLabels', 'labels', `has dtype ${dtype}`, 'Class numbers are i32 or u32.');
  const [least, most] = dtype === 'u32' ? [0, 2 ** 32 - 1] : [-(2 ** 31), 2 ** 31 - 1];
  expectWhole('warpLabels', 'outside', outside, least, most);
}

/** Inputs labels [N, H, W], i32 or u32, matrices [N, 6], displacement [N, H, W, 2] or null → the labels as `warp` moves images. */
export const warpLabels: Op<WarpLabelsAttrs> = {
  name: 'warpLabels',
  inputs: ['labels', 'matrices', 'displacement'],
  infer([labels, matrices, displacement]: Inputs, attrs) {
    const { shape, dtype } = expectRank('warpLabels', 'labels', labels!, 3, null);
    expectClassNumbers(labels!, attrs);
    expectType(
      'warpLabels',
      'matrices',
      expectShape('warpLabels', 'matrices', matrices!, [shape[0]!, 6]),
      'f32',
    );
    expectDisplacement('warpLabels', displacement, shape);
    return [{ shape, dtype }];
  },
  launch(device, [labels, matrices, displacement], [movedLabels], { outside }) {
    if (movedLabels!.size === 0) return;
    const [batch, height, width] = labels!.shape as [number, number, number];
    const WORKGROUP = rowWorkgroup(labels!);
    const { grid, FOLDED } = imageGrid(WORKGROUP, batch, height, width);
    const params = { batch, height, width, channels: 1, lineCount: 0, linesEach: 1, outside: outside >>> 0 };
    const tensors = { labels: labels!, matrices: matrices!, movedLabels: movedLabels! };
    const specialization = { overrides: { WORKGROUP, FOLDED } };
    if (displacement)
      launch(
        device,
        shaders.warp,
        'labelDisplaced',
        { ...tensors, displacement },
        params,
        grid,
        specialization,
      );
    else launch(device, shaders.warp, 'label', tensors, params, grid, specialization);
  },
};

/** Inputs lines [N, V, 3], mask [N, V], matrices [N, 6] → the lines as they lie in the warped images. */
export const transformLines: Op<null> = {
  name: 'transformLines',
  inputs: ['lines', 'mask', 'matrices'],
  infer([lines, mask, matrices]: Inputs) {
    const [batch, views] = expectRank('transformLines', 'lines', lines!, 3).shape as [number, number];
    expectShape('transformLines', 'lines', lines!, [batch, views, 3]);
    const op = 'transformLines';
    expectType(op, 'mask', expectShape(op, 'mask', mask!, [batch, views]), 'f32');
    expectType(op, 'matrices', expectShape(op, 'matrices', matrices!, [batch, 6]), 'f32');
    return [{ shape: lines!.shape, dtype: 'f32' }];
  },
  launch(device, [lines, mask, matrices], [moved]) {
    if (moved!.size === 0) return;
    const [batch, views] = lines!.shape as [number, number];
    const { workgroup } = device.caps;
    const params = {
      batch,
      height: 0,
      width: 0,
      channels: 0,
      lineCount: batch * views,
      linesEach: views,
      outside: 0,
    };
    const tensors = { lines: lines!, mask: mask!, matrices: matrices!, moved: moved! };
    const overrides = { WORKGROUP: workgroup };
    const grid = linearGrid(batch * views, workgroup);
    launch(device, shaders.warp, 'line', tensors, params, grid, { overrides });
  },
};
