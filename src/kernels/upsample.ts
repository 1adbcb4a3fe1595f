/** @file Bilinear resizing and its gradient. */
import type { Shape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { expectOneOf } from './checks.ts';
import { launch } from './launch/queue.ts';
import { call, type Op } from './op.ts';
import { imageLaunch, type ResizeAttrs, resizedShape } from './resize.ts';
import * as shaders from './shaders.gen.ts';

export interface UpsampleAttrs extends ResizeAttrs {
  /** The corner pixels' centres coincide; otherwise the images' outer edges do. */
  readonly alignCorners: boolean;
}

/** Input pixels per output pixel. */
function scaleOf(size: number, outSize: number, alignCorners: boolean): number {
  if (!alignCorners) return size / outSize;
  return outSize > 1 ? (size - 1) / (outSize - 1) : 0;
}

interface Images {
  readonly input: Shape;
  readonly output: Shape;
  readonly alignCorners: boolean;
}

function launchEntry(entry: 'forward' | 'backward', from: Tensor, to: Tensor, images: Images): void {
  if (to.size === 0) return;
  const { input, output, alignCorners } = images;
  const { params, grid, specialization } = imageLaunch(from.device, input, output, to);
  const scaleY = scaleOf(input[1]!, output[1]!, alignCorners);
  const scaleX = scaleOf(input[2]!, output[2]!, alignCorners);
  const all = { ...params, center: alignCorners ? 0 : 0.5, scaleY, scaleX };
  launch(from.device, shaders.upsample, entry, { x: from, y: to }, all, grid, specialization);
}

const whole = (size: number) => size;

/** x [N, H, W, C] → [N, height, width, C], bilinear; edges repeat. f32 or f16, computed in f32. */
export const upsampleBilinear2d: Op<UpsampleAttrs> = {
  name: 'upsampleBilinear2d',
  inputs: ['x'],
  infer([x], attrs) {
    expectOneOf('upsampleBilinear2d', 'alignCorners', attrs.alignCorners, [true, false]);
    return [{ shape: resizedShape('upsampleBilinear2d', x!, attrs, whole), dtype: x!.dtype }];
  },
  launch: (_device, [x], [y], { alignCorners }) =>
    launchEntry('forward', x!, y!, { input: x!.shape, output: y!.shape, alignCorners }),
  grad: ({ inputs: [x], outputs: [y], dy, attrs: { alignCorners } }) => [
    call(upsampleGrad, [dy[0]!], { input: x!.shape, output: y!.shape, alignCorners }),
  ],
};

const upsampleGrad: Op<Images> = {
  name: 'upsampleBilinear2dGrad',
  infer: ([dy], { input }) => [{ shape: input, dtype: dy!.dtype }],
  launch: (_device, [dy], [dx], images) => launchEntry('backward', dy!, dx!, images),
};
