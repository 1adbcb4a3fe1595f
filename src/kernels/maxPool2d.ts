/** @file Max pooling over windows, and its gradient from the positions of the maxima. */
import { ShapeError } from '../base/errors.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { launch } from './launch/queue.ts';
import { call, type Op } from './op.ts';
import {
  channelGroups,
  imageGrid,
  pooledShape,
  rowWorkgroup,
  type Window,
  type WindowSizes,
  windowSizes,
} from './pool.ts';
import { denseOf, fromUnits } from './runs.ts';
import * as shaders from './shaders.gen.ts';

/** A position in a window is kept in a byte. */
const MOST_POSITIONS = 256;

const isPairs = ({ kernelY, kernelX, strideY, strideX, paddingY, paddingX }: WindowSizes) =>
  [kernelY, kernelX, strideY, strideX].every((size) => size === 2) && paddingY + paddingX === 0;

function settings(x: Tensor, y: Tensor, window: WindowSizes) {
  const [batch, height, width] = x.shape as [number, number, number];
  const [, outHeight, outWidth] = y.shape as [number, number, number];
  const { groups, scalar } = channelGroups(x.shape);
  const sizes = { batch, groups, height, width, outHeight, outWidth };
  const params = { ...sizes, ...window, pitch: groups, start: 0 };
  const overrides = { WORKGROUP: rowWorkgroup(x), PAIRS: Number(isPairs(window)) };
  const aliases: Record<string, string> = scalar
    ? { V: x.dtype, F: 'f32', U: 'u32', B: 'bool' }
    : { V: `vec4<${x.dtype}>` };
  return { params, overrides, rest: { aliases, ...(scalar ? { consts: { SHIFTS: 'U(0u)' } } : {}) } };
}

/**
 * x [N, H, W, C] → maxima of the windows [N, H', W', C], H' = ⌊(H + 2·padding − kernel)/stride⌋ + 1, and their packed
 * positions in the windows. f32 or f16. Padding never wins; of equal values, and of NaNs, the first does.
 * @throws ShapeError for windows that do not fit or hold more than 256 pixels
 */
export const maxPool2d: Op<Window> = {
  name: 'maxPool2d',
  inputs: ['x'],
  readsRuns: true,
  infer([x], window) {
    const shape = pooledShape('maxPool2d', x!, window);
    const { kernelY, kernelX } = windowSizes('maxPool2d', window);
    if (kernelY * kernelX > MOST_POSITIONS) {
      const fix = `At most ${MOST_POSITIONS} pixels are needed; pool twice, or use max over axes.`;
      throw new ShapeError('maxPool2d', 'kernel', `is ${kernelY}×${kernelX}`, fix);
    }
    const words = [...shape.slice(0, 3), channelGroups(shape).groups];
    return [
      { shape, dtype: x!.dtype },
      { shape: words, dtype: 'u32' },
    ];
  },
  launch(device, [x], [y, positions], window) {
    if (y!.size === 0) return;
    const { params, overrides, rest } = settings(x!, y!, windowSizes('maxPool2d', window));
    const results = { y: y!, chosen: positions! };
    const columns = params.outWidth * params.groups;
    const { grid, FOLDED } = imageGrid(overrides.WORKGROUP, params.batch, params.outHeight, columns);
    const specialization = { overrides: { ...overrides, FOLDED }, ...rest };
    fromUnits(x!, (from, units) => {
      const tensors = { x: from, ...results };
      launch(device, shaders.maxPool2d, 'forward', tensors, { ...params, ...units }, grid, specialization);
    });
  },
  grad: ({ inputs: [x], outputs, dy, attrs }) => [
    call(maxPool2dGrad, [outputs[1]!, dy[0]!], { ...attrs, shape: x!.shape }),
  ],
};

interface GradAttrs extends Window {
  /** Of x. */
  readonly shape: readonly number[];
}

const maxPool2dGrad: Op<GradAttrs> = {
  name: 'maxPool2dGrad',
  readsRuns: true,
  adds: true,
  infer: ([, dy], { shape }) => [{ shape, dtype: dy!.dtype }],
  launch(device, [positions, incoming, base], [dx], window) {
    if (dx!.size === 0) return;
    using dy = incoming!.run ? denseOf(incoming!) : incoming!.view();
    const sizes = windowSizes('maxPool2d', window);
    const { params, overrides: plain, rest } = settings(dx!, dy, sizes);
    const tiles = sizes.kernelY <= sizes.strideY && sizes.kernelX <= sizes.strideX;
    const rows = tiles ? Math.ceil((params.height + sizes.paddingY) / sizes.strideY) : params.height;
    const places = tiles ? Math.ceil((params.width + sizes.paddingX) / sizes.strideX) : params.width;
    const { grid, FOLDED } = imageGrid(plain.WORKGROUP, params.batch, rows, places * params.groups);
    const entry = tiles ? 'backwardTiles' : 'backwardGather';
    const overrides = { ...plain, FOLDED, ADDS: Number(base !== undefined) };
    // Without a base the binding is still there: dy stands in for it.
    fromUnits(base ?? dy, (from, units) => {
      const tensors = { positions: positions!, dy, dx: dx!, base: from };
      const specialization = { overrides, ...rest };
      launch(device, shaders.maxPool2d, entry, tensors, { ...params, ...units }, grid, specialization);
    });
  },
};
