/** @file Mean pooling over square windows without padding, and its gradient. */

import type { Tensor } from '../tensor/tensor.ts';
import { call, type Op } from './op.ts';
import { channelGroups, imageGrid, pooledShape, rowWorkgroup, type Window } from './pool.ts';
import { launch } from './queue.ts';
import * as shaders from './shaders.gen.ts';

type Attrs = Omit<Window, 'padding'>;

function run(entry: 'forward' | 'backward', from: Tensor, to: Tensor, { kernel, stride }: Attrs): void {
  const [large, small] = entry === 'forward' ? [from, to] : [to, from];
  const [, height, width] = large.shape as [number, number, number];
  const [batch, outHeight, outWidth] = small.shape as [number, number, number];
  const { groups, scalar } = channelGroups(from.shape);
  const params = { groups, height, width, outHeight, outWidth, kernel, stride };
  const overrides = { WORKGROUP: rowWorkgroup(from) };
  const V = scalar ? 'f32' : 'vec4<f32>';
  const aliases = { V, X: V.replace('f32', from.dtype) };
  const grid = imageGrid(overrides.WORKGROUP, batch, to.shape[1]!, to.shape[2]! * groups);
  launch(from.device, shaders.avgPool2d, entry, { x: from, y: to }, params, grid, { overrides, aliases });
}

/** x [N, H, W, C] → means of the windows [N, H', W', C], H' = ⌊(H − kernel)/stride⌋ + 1. f32 or f16. */
export const avgPool2d: Op<Attrs> = {
  name: 'avgPool2d',
  infer: ([x], attrs) => [{ shape: pooledShape('avgPool2d', x!, { ...attrs, padding: 0 }), dtype: x!.dtype }],
  launch: (_device, [x], [y], attrs) => run('forward', x!, y!, attrs),
  grad: ({ inputs: [x], dy, attrs }) => [call(avgPool2dGrad, [dy[0]!], { ...attrs, shape: x!.shape })],
};

const avgPool2dGrad: Op<Attrs & { readonly shape: readonly number[] }> = {
  name: 'avgPool2dGrad',
  infer: ([dy], { shape }) => [{ shape, dtype: dy!.dtype }],
  launch: (_device, [dy], [dx], attrs) => run('backward', dy!, dx!, attrs),
};
