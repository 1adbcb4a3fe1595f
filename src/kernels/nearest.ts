/** @file Nearest-neighbour resizing and its gradient. */
import type { Shape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { launch } from './launch/queue.ts';
import { call, type Op } from './op.ts';
import { imageLaunch, type ResizeAttrs, resizedShape, scalesOf } from './resize.ts';
import * as shaders from './shaders.gen.ts';

/** Output pixel i takes input pixel ⌊i·from/to⌋, the last at most. */
interface Step {
  readonly from: number;
  readonly to: number;
}

const MOST_DENOMINATOR = 1 << 20;

/** The simplest fraction that is the number, or nearly: its continued fraction, ended where it is met. */
function fractionOf(value: number): [numerator: number, denominator: number] {
  let [before, now] = [
    [0, 1],
    [1, 0],
  ] as [[number, number], [number, number]];
  let rest = value;
  for (;;) {
    const part = Math.floor(rest);
    const next: [number, number] = [part * now[0] + before[0], part * now[1] + before[1]];
    if (next[1] > MOST_DENOMINATOR && now[0] > 0) return now;
    [before, now] = [now, next];
    if (Math.abs(now[0] / now[1] - value) <= 1e-12 * value) return now;
    rest = 1 / (rest - part);
  }
}

/** By the sizes where the scale makes whole ones, else by the scale itself, as PyTorch. */
function stepOf(size: number, outSize: number, scale: number | undefined): Step {
  if (scale === undefined || size * scale === outSize) return { from: size, to: outSize };
  const [to, from] = fractionOf(scale);
  return { from, to };
}

interface Images {
  readonly input: Shape;
  readonly output: Shape;
  readonly y: Step;
  readonly x: Step;
}

function imagesOf(input: Shape, output: Shape, { size, scale = 2 }: ResizeAttrs): Images {
  const [scaleY, scaleX] = size ? [] : scalesOf('upsampleNearest2d', scale);
  return {
    input,
    output,
    y: stepOf(input[1]!, output[1]!, scaleY),
    x: stepOf(input[2]!, output[2]!, scaleX),
  };
}

function launchEntry(entry: 'forward' | 'backward', from: Tensor, to: Tensor, images: Images): void {
  if (to.size === 0) return;
  const { input, output, x, y } = images;
  const { params, grid, specialization } = imageLaunch(from.device, input, output, to);
  const all = { ...params, fromY: y.from, toY: y.to, fromX: x.from, toX: x.to };
  launch(from.device, shaders.nearest, entry, { x: from, y: to }, all, grid, specialization);
}

/** x [N, H, W, C] → [N, height, width, C], each pixel that of ⌊i·in/out⌋. f32 or f16. */
export const upsampleNearest2d: Op<ResizeAttrs> = {
  name: 'upsampleNearest2d',
  inputs: ['x'],
  infer: ([x], attrs) => [
    { shape: resizedShape('upsampleNearest2d', x!, attrs, Math.floor), dtype: x!.dtype },
  ],
  launch: (_device, [x], [y], attrs) => launchEntry('forward', x!, y!, imagesOf(x!.shape, y!.shape, attrs)),
  grad: ({ inputs: [x], outputs: [y], dy, attrs }) => [
    call(nearestGrad, [dy[0]!], imagesOf(x!.shape, y!.shape, attrs)),
  ],
};

const nearestGrad: Op<Images> = {
  name: 'upsampleNearest2dGrad',
  infer: ([dy], { input }) => [{ shape: input, dtype: dy!.dtype }],
  launch: (_device, [dy], [dx], images) => launchEntry('backward', dy!, dx!, images),
};
