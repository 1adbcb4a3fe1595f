/** @file Conversion between element types. */
import type { Device } from '../tensor/device.ts';
import { type DType, dtypes, isFloat } from '../tensor/dtype.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { expectOneOf } from './checks.ts';
import { vectorOf } from './elements.ts';
import { launch, linearGrid } from './launch/queue.ts';
import { call, type Op } from './op.ts';
import * as shaders from './shaders.gen.ts';

export interface CastAttrs {
  readonly dtype: DType;
}

/**
 * x as another dtype, on every device: floats to integers truncate and saturate (NaN gives 0), all to bool is x ≠ 0, to
 * f16 rounds to nearest even; i32 and u32 keep their bits. The gradient passes between f32 and f16.
 */
export const cast: Op<CastAttrs> = {
  name: 'cast',
  inputs: ['x'],
  infer: ([x], { dtype }) => [{ shape: x!.shape, dtype: expectOneOf('cast', 'dtype', dtype, dtypes) }],
  launch: (device, [x], [y]) => convert(device, x!, y!),
  grad: ({ inputs: [x], dy, attrs }) => [
    isFloat(x!.dtype) && isFloat(attrs.dtype) ? call(cast, [dy[0]!], { dtype: x!.dtype }) : null,
  ],
};

/** As `cast`, from or to whole numbers or bool: there is no gradient. */
export const castWhole: Op<CastAttrs> = {
  name: 'cast',
  inputs: cast.inputs!,
  infer: cast.infer,
  launch: cast.launch,
};

/** What every launch of a conversion takes. */
function settings({ caps }: Device, x: Tensor, y: Tensor) {
  const same = x.dtype === y.dtype;
  const quads = Math.ceil((same ? x.byteLength / 4 : x.size) / 4);
  const invocations = Math.ceil(quads / (caps.software ? 8 : 1));
  // Halves are never declared, only their bits are read and written; the same type is copied as words.
  const type = (dtype: DType) => (same ? 'vec4<u32>' : dtype === 'f16' ? 'vec4<f32>' : vectorOf(dtype));
  const overrides = { WORKGROUP: caps.workgroup };
  const specialization = { overrides, aliases: { From: type(x.dtype), To: type(y.dtype) } };
  return [{ quads, invocations }, linearGrid(invocations, caps.workgroup), specialization] as const;
}

function convert(device: Device, x: Tensor, y: Tensor): void {
  if (y.size === 0) return;
  const rest = settings(device, x, y);
  const shader = shaders.cast;
  if (x.dtype === y.dtype) launch(device, shader, 'convert', { x, y }, ...rest);
  else if (x.dtype === 'f16') unpack(device, x, y, rest);
  else if (y.dtype === 'f16') launch(device, shader, 'toHalf', { x, halves: y }, ...rest);
  else if (y.dtype === 'bool') launch(device, shader, 'toBool', { x, truths: y }, ...rest);
  else if (x.dtype === 'f32' && y.dtype === 'i32')
    launch(device, shader, 'toInteger', { x, integers: y }, ...rest);
  else if (x.dtype === 'f32' && y.dtype === 'u32')
    launch(device, shader, 'toNatural', { x, naturals: y }, ...rest);
  else launch(device, shader, 'convert', { x, y }, ...rest);
}

function unpack(device: Device, packed: Tensor, y: Tensor, rest: ReturnType<typeof settings>): void {
  const shader = shaders.cast;
  if (y.dtype === 'bool') launch(device, shader, 'halfToBool', { packed, truths: y }, ...rest);
  else if (y.dtype === 'i32') launch(device, shader, 'halfToInteger', { packed, integers: y }, ...rest);
  else if (y.dtype === 'u32') launch(device, shader, 'halfToNatural', { packed, naturals: y }, ...rest);
  else launch(device, shader, 'fromHalf', { packed, y }, ...rest);
}
