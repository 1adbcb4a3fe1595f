/** @file Concat, slice and pad along one axis. */
import * as kernels from '../../kernels/index.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { apply } from '../apply.ts';

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
