/** @file Max pooling over square windows, and its gradient from the positions of the maxima. */
import type { Tensor } from '../tensor/tensor.ts';
import { call, type Op } from './op.ts';
import { channelGroups, imageGrid, pooledShape, rowWorkgroup, type Window } from './pool.ts';
import { launch } from './queue.ts';
import { denseOf, fromUnits } from './runs.ts';
import * as shaders from './shaders.gen.ts';

function settings(x: Tensor, y: Tensor, window: Window) {
  const [, height, width] = x.shape as [number, number, number];
  const [, outHeight, outWidth] = y.shape as [number, number, number];
  const { groups, scalar } = channelGroups(x.shape);
  const params = { groups, height, width, outHeight, outWidth, ...window, pitch: groups, start: 0 };
  const pairs = window.kernel === 2 && window.stride === 2 && window.padding === 0;
  const overrides = { WORKGROUP: rowWorkgroup(x), PAIRS: Number(pairs) };
  const [V, U, SHIFTS] = scalar
    ? [x.dtype, 'u32', '0u']
    : [`vec4<${x.dtype}>`, 'vec4<u32>', '0u, 8u, 16u, 24u'];
  const specialization = { overrides, consts: { SHIFTS: `U(${SHIFTS})` }, aliases: { V, U } };
  return { params, specialization };
}

/**
 * x [N, H, W, C] → maxima of the windows [N, H', W', C], H' = ⌊(H + 2·padding − kernel)/stride⌋ + 1, and their packed
 * positions in the windows. f32 or f16. Padding never wins; of equal values the first does.
 */
export const maxPool2d: Op<Window> = {
  name: 'maxPool2d',
  readsRuns: true,
  infer([x], window) {
    const shape = pooledShape('maxPool2d', x!, window);
    const words = [...shape.slice(0, 3), channelGroups(shape).groups];
    return [
      { shape, dtype: x!.dtype },
      { shape: words, dtype: 'u32' },
    ];
  },
  launch(device, [x], [y, positions], window) {
    const { params, specialization } = settings(x!, y!, window);
    const results = { y: y!, chosen: positions! };
    const columns = params.outWidth * params.groups;
    const grid = imageGrid(specialization.overrides.WORKGROUP, y!.shape[0]!, params.outHeight, columns);
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
  launch(device, [positions, incoming, base], [dx], { kernel, stride, padding }) {
    using dy = incoming!.run ? denseOf(incoming!) : incoming!.view();
    const { params, specialization: plain } = settings(dx!, dy, { kernel, stride, padding });
    const tiles = kernel <= stride;
    const over = (size: number) => (tiles ? Math.ceil((size + padding) / stride) : size);
    const columns = over(params.width) * params.groups;
    const grid = imageGrid(plain.overrides.WORKGROUP, dx!.shape[0]!, over(params.height), columns);
    const entry = tiles ? 'backwardTiles' : 'backwardGather';
    const overrides = { ...plain.overrides, ADDS: Number(base !== undefined) };
    // Without a base the binding is still there: dy stands in for it.
    fromUnits(base ?? dy, (from, units) => {
      const tensors = { positions: positions!, dy, dx: dx!, base: from };
      const specialization = { ...plain, overrides };
      launch(device, shaders.maxPool2d, entry, tensors, { ...params, ...units }, grid, specialization);
    });
  },
};
