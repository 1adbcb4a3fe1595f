/**
 * @file Dynamic loss scaling: keeps small gradients within what f16 holds, without the host.
 *
 * Backward starts from the scale instead of 1. The optimiser undoes it; where a gradient is not finite it leaves
 * everything as it was, the scale is halved and the step counted as skipped. After enough steps without that the scale
 * doubles. The rule is that of PyTorch's GradScaler.
 */
import { tensor } from '../tensor/create.ts';
import type { Device } from '../tensor/device.ts';
import { ConfigError } from '../tensor/errors.ts';
import { disown } from '../tensor/scope.ts';
import { Tensor } from '../tensor/tensor.ts';

export interface ScalerSettings {
  /** Default 65536. */
  readonly initialScale?: number;
  /** Steps without an overflow after which the scale doubles; default 2000. */
  readonly growthInterval?: number;
}

/** Where in the scaler's state, in elements. */
export const SCALE_AT = 0;
export const SKIPPED_AT = 2;

/**
 * The scale of the loss and what has become of it, on the device. Give `scale` to `tape.backward(loss, scaler.scale)`
 * and the scaler to the Optimizer. Dispose it.
 * @throws ConfigError for settings out of range
 */
export class LossScaler {
  readonly growthInterval: number;
  /** One element, of shape []. */
  readonly scale: Tensor;
  /**
   * All that a checkpoint must keep, f32: the scale; steps since it changed or overflowed; steps skipped; and, in place
   * of the number of steps taken, 1 − beta1^t and 1 − beta2^t.
   */
  readonly state: Tensor;

  constructor(device: Device, { initialScale = 65536, growthInterval = 2000 }: ScalerSettings = {}) {
    if (!(initialScale > 0 && initialScale < 2 ** 127))
      throw new ConfigError(`scaler.initialScale is ${initialScale}. Use a number above 0, such as 65536.`);
    if (!Number.isInteger(growthInterval) || growthInterval < 1)
      throw new ConfigError(`scaler.growthInterval is ${growthInterval}. Use a whole number of at least 1.`);
    this.growthInterval = growthInterval;
    this.state = disown(tensor(device, [initialScale, 0, 0, 0, 0], [5], 'f32', 'loss scaler'));
    const spec = { shape: [], dtype: 'f32' as const };
    this.scale = disown(new Tensor(device, this.state.storage.retain(), spec, 'loss scale'));
  }

  dispose(): void {
    this.scale.dispose();
    this.state.dispose();
  }
}
