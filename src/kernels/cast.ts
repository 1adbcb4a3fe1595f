/** @file Conversion between element types. */
import type { Device } from '../tensor/device.ts';
import type { DType } from '../tensor/dtype.ts';
import { ShapeError } from '../tensor/errors.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { call, type Op } from './op.ts';
import { launch, linearGrid } from './queue.ts';
import * as shaders from './shaders.gen.ts';

export interface CastAttrs {
  readonly dtype: DType;
}

const vectors: Record<DType, string> = {
  f32: 'vec4<f32>',
  f16: 'vec4<f16>',
  i32: 'vec4<i32>',
  u32: 'vec4<u32>',
  bool: 'vec4<u32>',
};

const isFloat = (dtype: DType) => dtype === 'f32' || dtype === 'f16';

/**
 * x as another dtype: f32 to integers truncates and saturates, to bool is x ≠ 0, to f16 rounds to nearest even; f16
 * goes to and from f32 on every device. The gradient passes between f32 and f16. @throws ShapeError between f16 and
 * integers
 */
export const cast: Op<CastAttrs> = {
  name: 'cast',
  infer([x], { dtype }) {
    if (x!.dtype !== dtype && [x!.dtype, dtype].includes('f16') && ![x!.dtype, dtype].includes('f32'))
      throw new ShapeError('cast', 'x', `has dtype ${x!.dtype}, wanted ${dtype}`, 'Cast to f32 in between.');
    return [{ shape: x!.shape, dtype }];
  },
  launch: (device, [x], [y]) => convert(device, x!, y!),
  grad: ({ inputs: [x], dy, attrs }) => [
    isFloat(x!.dtype) && isFloat(attrs.dtype) ? call(cast, [dy[0]!], { dtype: x!.dtype }) : null,
  ],
};

function convert(device: Device, x: Tensor, y: Tensor): void {
  const same = x.dtype === y.dtype;
  const quads = Math.ceil((same ? x.byteLength / 4 : x.size) / 4);
  const { workgroup, software } = device.caps;
  const invocations = Math.ceil(quads / (software ? 8 : 1));
  const grid = linearGrid(invocations, workgroup);
  const overrides = { WORKGROUP: workgroup };
  const aliases = same
    ? { From: vectors.u32, To: vectors.u32 }
    : { From: vectors[x.dtype], To: vectors[y.dtype] };
  const params = { quads, invocations };
  if (same) launch(device, shaders.cast, 'convert', { x, y }, params, grid, { overrides, aliases });
  else if (y.dtype === 'f16')
    launch(device, shaders.cast, 'toHalf', { values: x, halves: y }, params, grid, { overrides });
  else if (x.dtype === 'f16')
    launch(device, shaders.cast, 'fromHalf', { packed: x, unpacked: y }, params, grid, { overrides });
  else if (y.dtype === 'bool')
    launch(device, shaders.cast, 'toBool', { x, truths: y }, params, grid, { overrides, aliases });
  else launch(device, shaders.cast, 'convert', { x, y }, params, grid, { overrides, aliases });
}
