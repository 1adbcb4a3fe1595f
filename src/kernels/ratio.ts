/** @file What losses share: strips of (Σ weight·term, Σ weight) and the launch that ends them in a ratio or sum. */
import { empty } from '../tensor/create.ts';
import type { Device } from '../tensor/device.ts';
import type { Spec, Tensor } from '../tensor/tensor.ts';
import { launch } from './launch/queue.ts';
import { shareOf, sumOverRanks } from './launch/share.ts';
import { sumColumns } from './reduce.ts';
import * as shaders from './shaders.gen.ts';

/** How the terms of a loss become one number: Σ weight·term / Σ weight, or Σ weight·term. */
export type Reduction = 'mean' | 'sum';

export const reductions: readonly Reduction[] = ['mean', 'sum'];

const scalar: Spec = { shape: [], dtype: 'f32' };

/** Outputs of a loss: its value, and the number it was divided by, which its gradient needs. */
export const lossOutputs: readonly Spec[] = [scalar, scalar];

/** Strips of about as many steps as suit the device. */
export function stripsOf(device: Device, steps: number): number {
  return Math.ceil(steps / (device.caps.software ? 128 : 32));
}

/**
 * Runs `fill` on fresh strips, then writes their ratio (0 where the weight is not above 0, NaN where it is NaN) and the
 * weight; or their sum and 1. Of a batch that ranks share, both sums are those of all of it.
 */
export function ratioOfStrips(
  device: Device,
  strips: number,
  [loss, weight]: readonly Tensor[],
  fill: (partials: Tensor) => void,
  reduction: Reduction = 'mean',
): void {
  using partials = empty(device, { shape: [strips, 2], dtype: 'f32' }, 'loss strips');
  fill(partials);
  const overrides = { LANES: device.caps.software ? 1 : 256, SUM: Number(reduction === 'sum') };
  const end = (sums: Tensor, count: number) => {
    const tensors = { partials: sums, loss: loss!, weight: weight! };
    launch(device, shaders.ratio, 'main', tensors, { count }, [1], { overrides });
  };
  if (!shareOf(device)) {
    end(partials, strips);
    return;
  }
  using sums = empty(device, { shape: [1, 2], dtype: 'f32' }, 'loss sums');
  sumColumns(partials, sums, [{ outer: 1, reduced: strips, inner: 2 }]);
  sumOverRanks(sums);
  end(sums, 1);
}
