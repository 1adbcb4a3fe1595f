/** @file Mean pooling over windows, and its gradient. */
import type { Tensor } from '../tensor/tensor.ts';
import { expectOneOf } from './checks.ts';
import { launch } from './launch/queue.ts';
import { call, type Op } from './op.ts';
import { channelGroups, imageGrid, pooledShape, rowWorkgroup, type Window, windowSizes } from './pool.ts';
import * as shaders from './shaders.gen.ts';

export interface AvgPoolAttrs extends Window {
  /** Padding counts, as zeros; otherwise a mean is over the pixels in the image alone. */
  readonly countIncludePad: boolean;
}

function launchEntry(entry: 'forward' | 'backward', from: Tensor, to: Tensor, attrs: AvgPoolAttrs): void {
  if (to.size === 0) return;
  const [large, small] = entry === 'forward' ? [from, to] : [to, from];
  const [batch, height, width] = large.shape as [number, number, number];
  const [, outHeight, outWidth] = small.shape as [number, number, number];
  const { groups, scalar } = channelGroups(from.shape);
  const sizes = { batch, groups, height, width, outHeight, outWidth };
  const params = { ...sizes, ...windowSizes('avgPool2d', attrs) };
  const WORKGROUP = rowWorkgroup(from);
  const V = scalar ? 'f32' : 'vec4<f32>';
  const aliases = { V, X: V.replace('f32', from.dtype) };
  const { grid, FOLDED } = imageGrid(WORKGROUP, batch, to.shape[1]!, to.shape[2]! * groups);
  const overrides = { WORKGROUP, FOLDED, INSIDE: Number(!attrs.countIncludePad) };
  launch(from.device, shaders.avgPool2d, entry, { x: from, y: to }, params, grid, { overrides, aliases });
}

/** x [N, H, W, C] → means of the windows [N, H', W', C], H' = ⌊(H + 2·padding − kernel)/stride⌋ + 1. f32 or f16. */
export const avgPool2d: Op<AvgPoolAttrs> = {
  name: 'avgPool2d',
  inputs: ['x'],
  infer([x], attrs) {
    expectOneOf('avgPool2d', 'countIncludePad', attrs.countIncludePad, [true, false]);
    return [{ shape: pooledShape('avgPool2d', x!, attrs), dtype: x!.dtype }];
  },
  launch: (_device, [x], [y], attrs) => launchEntry('forward', x!, y!, attrs),
  grad: ({ inputs: [x], dy, attrs }) => [call(avgPool2dGrad, [dy[0]!], { ...attrs, shape: x!.shape })],
};

const avgPool2dGrad: Op<AvgPoolAttrs & { readonly shape: readonly number[] }> = {
  name: 'avgPool2dGrad',
  infer: ([dy], { shape }) => [{ shape, dtype: dy!.dtype }],
  launch: (_device, [dy], [dx], attrs) => launchEntry('backward', dy!, dx!, attrs),
};
