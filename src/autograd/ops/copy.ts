/** @file Concat, slice and pad along one axis. */
import * as kernels from '../../kernels/index.ts';
import { empty } from '../../tensor/create.ts';
import type { Device } from '../../tensor/device.ts';
import type { DType } from '../../tensor/dtype.ts';
import type { Shape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { apply } from '../apply.ts';

/**
 * Places for tensors [...pixels, channels[i]] side by side in one buffer: ops that take `into` write them there, and
 * `concat` of them then copies nothing.
 */
export function sideBySide(
  device: Device,
  pixels: Shape,
  channels: readonly number[],
  dtype: DType = 'f32',
): Tensor[] {
  const width = channels.reduce((a, b) => a + b, 0);
  using whole = empty(device, { shape: [...pixels, width], dtype }, 'side by side');
  let end = 0;
  return channels.map((count) => {
    end += count;
    return whole.viewChannels(end - count, end);
  });
}

/** Tensors side by side along an axis, by default the channels. */
export function concat(tensors: readonly Tensor[], axis = -1): Tensor {
  return apply(kernels.concat, tensors, { axis });
}

/** Elements start … end−1 along an axis, by default of the channels. */
export function slice(x: Tensor, start: number, end: number, axis = -1): Tensor {
  return apply(kernels.slice, [x], { axis, start, end });
}

/** x with zeros before and after it along an axis, by default the channels. */
export function pad(x: Tensor, before: number, after: number, axis = -1): Tensor {
  return apply(kernels.pad, [x], { axis, before, after });
}
