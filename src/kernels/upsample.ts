/** @file Bilinear resizing and its gradient. */
import { ShapeError } from '../tensor/errors.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { call, expectRank, type Op } from './op.ts';
import { channelGroups, imageGrid, rowWorkgroup } from './pool.ts';
import { launch } from './queue.ts';
import * as shaders from './shaders.gen.ts';

export interface UpsampleAttrs {
  /** Of the output. */
  readonly height: number;
  readonly width: number;
  /** The corner pixels' centres coincide; otherwise the images' outer edges do. */
  readonly alignCorners: boolean;
}

/** Input pixels per output pixel. */
function scaleOf(size: number, outSize: number, alignCorners: boolean): number {
  if (!alignCorners) return size / outSize;
  return outSize > 1 ? (size - 1) / (outSize - 1) : 0;
}

function run(entry: 'forward' | 'backward', from: Tensor, to: Tensor, alignCorners: boolean): void {
  const [input, output] = entry === 'forward' ? [from, to] : [to, from];
  const [batch, height, width] = input.shape as [number, number, number];
  const [, outHeight, outWidth] = output.shape as [number, number, number];
  const { groups, scalar } = channelGroups(from.shape);
  const scaleY = scaleOf(height, outHeight, alignCorners);
  const scaleX = scaleOf(width, outWidth, alignCorners);
  const center = alignCorners ? 0 : 0.5;
  const params = { groups, height, width, outHeight, outWidth, center, scaleY, scaleX };
  const overrides = { WORKGROUP: rowWorkgroup(from) };
  const aliases: Record<string, string> = scalar ? { V: 'f32' } : {};
  const grid = imageGrid(overrides.WORKGROUP, batch, to.shape[1]!, to.shape[2]! * groups);
  launch(from.device, shaders.upsample, entry, { x: from, y: to }, params, grid, { overrides, aliases });
}

/** x [N, H, W, C] → [N, height, width, C], bilinear; edges repeat. */
export const upsampleBilinear2d: Op<UpsampleAttrs> = {
  name: 'upsampleBilinear2d',
  infer([x], { height, width }) {
    const [batch, , , channels] = expectRank('upsampleBilinear2d', 'x', x!, 4).shape as number[];
    if (![height, width].every((size) => Number.isInteger(size) && size > 0)) {
      const problem = `is ${height}×${width}`;
      throw new ShapeError('upsampleBilinear2d', 'size', problem, 'Whole numbers above 0 are needed.');
    }
    return [{ shape: [batch!, height, width, channels!], dtype: 'f32' }];
  },
  launch: (_device, [x], [y], { alignCorners }) => run('forward', x!, y!, alignCorners),
  grad: ({ inputs: [x], dy, attrs: { alignCorners } }) => [
    call(upsampleGrad, [dy[0]!], { shape: x!.shape, alignCorners }),
  ],
};

const upsampleGrad: Op<{ readonly shape: readonly number[]; readonly alignCorners: boolean }> = {
  name: 'upsampleBilinear2dGrad',
  infer: (_, { shape }) => [{ shape, dtype: 'f32' }],
  launch: (_device, [dy], [dx], { alignCorners }) => run('backward', dy!, dx!, alignCorners),
};
