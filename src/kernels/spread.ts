/** @file Values repeated over axes, scaled or back to where they came from: what gradients of reductions are made of. */
import type { Device } from '../tensor/device.ts';
import type { DType } from '../tensor/dtype.ts';
import type { Shape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { launch, linearGrid } from './launch/queue.ts';
import type { Op } from './op.ts';
import * as shaders from './shaders.gen.ts';
import { broadcastStrides, walkOf } from './strides.ts';

interface SpreadAttrs {
  readonly shape: Shape;
  /** The input's shape as it broadcasts to `shape`. */
  readonly kept: Shape;
  readonly scale: number;
}

const words = { E: 'u32', E4: 'vec4<u32>' };
const aliases: Record<DType, Record<string, string>> = {
  f32: {},
  f16: { E: 'f16', E4: 'vec4<f16>' },
  i32: words,
  u32: words,
  bool: words,
};

function settings(device: Device, y: Tensor, { shape, kept, scale }: SpreadAttrs) {
  const { workgroup } = device.caps;
  const { sizes, strides } = walkOf('expand', shape, [broadcastStrides(kept, shape)]);
  const [strides0, strides1] = strides[0]!;
  return {
    params: { size: y.size, scale, sizes0: sizes[0], sizes1: sizes[1], strides0, strides1 },
    grid: linearGrid(Math.ceil(y.size / 4), workgroup),
    specialization: { overrides: { WORKGROUP: workgroup }, aliases: aliases[y.dtype] },
  };
}

/** y = x repeated to `shape`; any dtype. */
export function repeat(device: Device, x: Tensor, y: Tensor, shape: Shape): void {
  if (y.size === 0) return;
  const { params, grid, specialization } = settings(device, y, { shape, kept: x.shape, scale: 1 });
  launch(device, shaders.expand, 'all', { x, y }, params, grid, specialization);
}

/** y = scale · x, repeated. f32 or f16. */
export const spread: Op<SpreadAttrs> = {
  name: 'spread',
  infer: ([x], { shape }) => [{ shape, dtype: x!.dtype }],
  launch(device, [x], [y], attrs) {
    if (y!.size === 0) return;
    const { params, grid, specialization } = settings(device, y!, attrs);
    launch(device, shaders.expand, 'scaled', { x: x!, y: y! }, params, grid, specialization);
  },
};

/** x where it came from, 0 elsewhere. */
export const spreadToOrigin: Op<SpreadAttrs> = {
  name: 'spreadToOrigin',
  infer: ([x], { shape }) => [{ shape, dtype: x!.dtype }],
  launch(device, [x, origin], [y], attrs) {
    if (y!.size === 0) return;
    const { params, grid, specialization } = settings(device, y!, attrs);
    const tensors = { x: x!, origin: origin!, y: y! };
    launch(device, shaders.expand, 'toOrigin', tensors, params, grid, specialization);
  },
};
