/** @file Dropout as a differentiable function. */
import * as kernels from '../../kernels/index.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { apply } from '../apply.ts';

export interface DropoutOptions {
  /** Probability of an element to be dropped, in [0, 1). */
  readonly p: number;
  /** Tells dropouts of one step apart: u32, default 0. */
  readonly stream?: number;
  /** Default true; otherwise x comes back as it is. */
  readonly training?: boolean;
}

/**
 * Sets elements of x to 0 with probability p and divides the others by 1 − p. `random` is u32 [seed, step], written
 * before each step: the same bits on every adapter.
 * @throws ShapeError for p outside [0, 1)
 */
export function dropout(x: Tensor, random: Tensor, options: DropoutOptions): Tensor {
  const { p, stream = 0, training = true } = options;
  return training && p !== 0 ? apply(kernels.dropout, [x, random], { p, stream }) : x;
}
