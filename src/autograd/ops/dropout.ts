/** @file Dropout as a differentiable function. */
import { expectNumber, expectOneOf } from '../../kernels/checks.ts';
import * as kernels from '../../kernels/index.ts';
import { expectOptions } from '../../kernels/options.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { apply } from '../apply.ts';
import { nextStream } from '../streams.ts';

/** Of `dropout`. */
export interface DropoutOptions {
  /** Probability of an element to be dropped, in [0, 1]. */
  readonly p: number;
  /**
   * Tells dropouts of one step apart: u32. By default the calls since `random` was last written, or those of a captured
   * step, count from 2³¹, so that each has a mask of its own: numbers below are free.
   */
  readonly stream?: number | undefined;
  /** Default true; otherwise x comes back as it is. */
  readonly training?: boolean | undefined;
}

/**
 * Sets elements of x (f32 or f16) to 0 with probability p and divides the others by 1 − p. `random` is u32 [seed, step],
 * written before each step: the same bits on every adapter. What is no finite number becomes NaN where it is dropped.
 * @throws ShapeError for p outside [0, 1], and for a `random` of another shape or dtype
 * @example
 * const random = tensor(device, [42, 1], [2], 'u32');
 * await ops.dropout(filled(device, 1, [6]), random, { p: 0.5 }).read(); // [0, 2, 0, 2, 0, 0]
 */
export function dropout(x: Tensor, random: Tensor, options: DropoutOptions): Tensor {
  expectOptions('dropout', options, ['p', 'stream', 'training']);
  const { p, stream, training = true } = options;
  expectNumber('dropout', 'p', p, { least: 0, most: 1 });
  expectOneOf('dropout', 'training', training, [true, false]);
  if (x instanceof Tensor && (!training || p === 0)) return x;
  // What is no tensor is refused below.
  const drawn = stream ?? (random instanceof Tensor ? nextStream(random) : 0);
  return apply(kernels.dropout, [x, random], { p, stream: drawn });
}
