/**
 * @file Dynamic loss scaling: keeps small gradients within what f16 holds, without the host.
 *
 * Backward starts from the scale instead of 1. The optimiser undoes it; where a gradient is not finite it leaves
 * everything as it was, the scale is halved and the step counted as skipped. After enough steps without that the scale
 * doubles. The rule is that of PyTorch's GradScaler. Beyond it, a step is also skipped where the loss or what the
 * forward pass changed is not finite; the scale, which is no cause of that, then stays.
 */

import { ConfigError } from '../base/errors.ts';
import { expectSettings, expectWhole } from '../base/settings.ts';
import { describe } from '../kernels/checks.ts';
import { Device } from '../tensor/device.ts';
import { Tensor } from '../tensor/tensor.ts';
import { Arena } from './arena.ts';

/**
 * What a forward pass changes beside the parameters, running statistics for example, and what that was before. Both
 * f32, of one size, a multiple of 4.
 */
export interface Undo {
  readonly state: Tensor;
  readonly before: Tensor;
}

/** Of a `LossScaler`; PyTorch’s GradScaler has the same. */
export interface ScalerSettings {
  /** What a skipped step gives back; default: nothing but the parameters is guarded. */
  readonly undo?: Undo | undefined;
  /** Default 65536. */
  readonly initialScale?: number;
  /** Steps without an overflow after which the scale doubles; default 2000. */
  readonly growthInterval?: number;
}

const known = ['undo', 'initialScale', 'growthInterval'];

function expectUndo(undo: Undo): void {
  const fix = 'Pass module.undo, of a module that is undoable.';
  const { state, before } = (undo ?? {}) as Partial<Undo>;
  if (!(state instanceof Tensor && before instanceof Tensor))
    throw new ConfigError(`scaler.undo is ${describe(undo)} without tensors state and before. ${fix}`);
  const fits = [state, before].every(({ dtype, run, size }) => dtype === 'f32' && !run && size % 4 === 0);
  if (!fits || state.size !== before.size || state.storage === before.storage)
    throw new ConfigError(`scaler.undo is not two f32 tensors of one size, a multiple of 4. ${fix}`);
}

/** In this order in the arena: see shaders/optimnorm.wgsl. */
const fields = ['scale', 'goodSteps', 'skipped', 'correction1', 'correction2'] as const;

/**
 * The scale of the loss and what has become of it, on the device. Give `scale` to `tape.backward(loss, scaler.scale)`,
 * the scaler to the Optimizer and the loss to its `apply`. Dispose it.
 * @throws ConfigError for settings out of range
 * @example
 * const scaler = new LossScaler(device, { initialScale: 1024 });
 * const result = scaler instanceof LossScaler;
 * scaler.dispose();
 * result; // true
 */
export class LossScaler {
  readonly growthInterval: number;
  readonly undo: Undo;
  readonly #fields: Arena;
  /** Stands for `undo` where there is none: kernels need something to bind. */
  readonly #nothing: readonly Arena[];

  constructor(device: Device, settings: ScalerSettings = {}) {
    if (!(device instanceof Device))
      throw new ConfigError(`LossScaler got ${describe(device)} for its device. Pass one of openDevice().`);
    expectSettings('scaler', settings, known);
    const { initialScale = 65536, growthInterval = 2000, undo } = settings;
    if (undo !== undefined) expectUndo(undo);
    if (!(typeof initialScale === 'number' && initialScale > 0 && initialScale < 2 ** 127))
      throw new ConfigError(
        `scaler.initialScale is ${describe(initialScale)}. Use a number above 0, such as 65536.`,
      );
    expectWhole('scaler.growthInterval', growthInterval, 1);
    this.growthInterval = growthInterval;
    const entries = fields.map((name) => ({
      name,
      shape: [],
      values: [name === 'scale' ? initialScale : 0],
    }));
    this.#fields = new Arena(device, entries, 'loss scaler');
    this.#nothing = undo ? [] : ['state', 'before'].map((name) => new Arena(device, [], `no ${name}`));
    this.undo = undo ?? { state: this.#nothing[0]!.whole, before: this.#nothing[1]!.whole };
  }

  /** What the loss's gradient begins with, of shape []. */
  get scale(): Tensor {
    return this.#fields.slices.get('scale')!;
  }

  /** Number of steps skipped so far, of shape []. */
  get skipped(): Tensor {
    return this.#fields.slices.get('skipped')!;
  }

  /** Everything, for the optimiser's launches. */
  get whole(): Tensor {
    return this.#fields.whole;
  }

  /**
   * What a checkpoint must keep, by name, one element each: beside scale and skipped steps the steps since the scale
   * changed or a step was skipped and, in place of the number of steps taken, 1 − beta1^t and 1 − beta2^t.
   */
  state(): Map<string, Tensor> {
    return new Map(this.#fields.slices);
  }

  dispose(): void {
    for (const arena of [this.#fields, ...this.#nothing]) arena.dispose();
  }
}
