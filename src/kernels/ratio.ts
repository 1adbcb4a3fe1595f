/** @file What losses share: strips of (Σ weight·term, Σ weight) and the launch that ends them in a ratio. */
import { empty } from '../tensor/create.ts';
import type { Device } from '../tensor/device.ts';
import type { Spec, Tensor } from '../tensor/tensor.ts';
import { launch } from './queue.ts';
import * as shaders from './shaders.gen.ts';

const scalar: Spec = { shape: [], dtype: 'f32' };

/** Outputs of a loss: its value, and the Σ weight it was divided by, which its gradient needs. */
export const lossOutputs: readonly Spec[] = [scalar, scalar];

/** Strips of about as many steps as suit the device. */
export function stripsOf(device: Device, steps: number): number {
  return Math.ceil(steps / (device.caps.software ? 128 : 32));
}

/** Runs `fill` on fresh strips, then writes their ratio (0 where the weight is 0) and the weight. */
export function ratioOfStrips(
  device: Device,
  strips: number,
  [loss, weight]: readonly Tensor[],
  fill: (partials: Tensor) => void,
): void {
  using partials = empty(device, { shape: [strips, 2], dtype: 'f32' }, 'loss strips');
  fill(partials);
  const tensors = { partials, loss: loss!, weight: weight! };
  const overrides = { LANES: device.caps.software ? 1 : 256 };
  launch(device, shaders.ratio, 'main', tensors, { count: strips }, [1], { overrides });
}
