/** @file Optimisers over a parameter arena: Adam, AdamW and SGD with L1 and L2 penalties and gradient-norm clipping. */
import { launch, linearGrid } from '../kernels/queue.ts';
import * as shaders from '../kernels/shaders.gen.ts';
import { empty, tensor } from '../tensor/create.ts';
import { ConfigError } from '../tensor/errors.ts';
import { disown, scope } from '../tensor/scope.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { ArenaRun, ParameterArena } from './arena.ts';
import type { LossScaler } from './scaler.ts';

/** Penalties are added to the gradient after it was clipped. */
export interface Penalties {
  /** Adds weightDecay·p to the gradient (L2); for `adamw` the parameter shrinks by learningRate·weightDecay instead. */
  readonly weightDecay?: number;
  /** Adds l1·sign(p) to the gradient. */
  readonly l1?: number;
  /** Scales the gradient by min(1, maxGradientNorm/(norm + 1e-6)), the norm over all parameters together. */
  readonly maxGradientNorm?: number;
}

export interface AdamSettings extends Penalties {
  readonly kind: 'adam' | 'adamw';
  /** Default 0.9. */
  readonly beta1?: number;
  /** Default 0.999. */
  readonly beta2?: number;
  /** Default 1e-8. */
  readonly epsilon?: number;
}

export interface SgdSettings extends Penalties {
  readonly kind: 'sgd';
  /** Default 0: no momentum, and no buffer for it. */
  readonly momentum?: number;
  readonly nesterov?: boolean;
}

export type OptimizerSettings = AdamSettings | SgdSettings;

/** Settings with every default filled in. */
interface Rule {
  readonly kind: OptimizerSettings['kind'];
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly momentum: number;
  readonly nesterov: boolean;
  readonly weightDecay: number;
  readonly l1: number;
  readonly maxGradientNorm: number | undefined;
}

const defaults = {
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  momentum: 0,
  nesterov: false,
  weightDecay: 0,
  l1: 0,
  maxGradientNorm: undefined,
};

function ruleOf(settings: OptimizerSettings): Rule {
  const rule: Rule = { ...defaults, ...settings };
  for (const name of ['beta1', 'beta2', 'momentum'] as const) {
    if (rule[name] >= 0 && rule[name] < 1) continue;
    throw new ConfigError(`optimizer.${name} is ${rule[name]}. Use a number in [0, 1).`);
  }
  for (const name of ['epsilon', 'weightDecay', 'l1', 'maxGradientNorm'] as const) {
    if ((rule[name] ?? 0) >= 0) continue;
    throw new ConfigError(`optimizer.${name} is ${rule[name]}. Use a number that is not negative.`);
  }
  if (rule.nesterov && rule.momentum === 0)
    throw new ConfigError('optimizer.nesterov needs momentum. Set optimizer.momentum, 0.9 for example.');
  return rule;
}

/** Quads of elements that an invocation takes on a software adapter, where starting a workgroup costs about as much. */
const SOFTWARE_TURNS = 16;

/** Names of the tensors with the arena's layout that a rule keeps from step to step. */
function momentsOf({ kind, momentum }: Rule): string[] {
  if (kind !== 'sgd') return ['moment1', 'moment2'];
  return momentum > 0 ? ['moment1'] : [];
}

/**
 * An optimiser over all parameters of an arena. Each step: `prepare(step, learningRate)` on the host, then `apply()`
 * after backward, eagerly or inside a captured step. A parameter that no gradient reached (frozen or unused) is left
 * alone. The formulas are PyTorch's. With a scaler the gradients are those of the loss times its scale, and steps whose
 * loss, gradients or further state (`scaler.undo`) are not finite change nothing but the scaler.
 * @throws ConfigError for settings out of range
 */
export class Optimizer {
  readonly arena: ParameterArena;
  readonly #rule: Rule;
  readonly #hyper: Tensor;
  readonly #learningRate: Tensor;
  readonly #scaler: LossScaler | undefined;
  readonly #clip: Tensor;
  readonly #moments: ReadonlyMap<string, Tensor>;

  constructor(arena: ParameterArena, settings: OptimizerSettings, scaler?: LossScaler) {
    this.arena = arena;
    this.#scaler = scaler;
    this.#rule = ruleOf(settings);
    this.#hyper = disown(tensor(arena.device, [0, 0, 0, 0], [4], 'f32', 'hyper'));
    this.#learningRate = disown(tensor(arena.device, [0], [1], 'f32', 'learning rate'));
    this.#clip = disown(tensor(arena.device, [0, 1], [2], 'f32', 'gradient norm'));
    this.#moments = new Map(momentsOf(this.#rule).map((name) => [name, arena.zerosLike(name)]));
  }

  /**
   * Writes what changes from step to step, computed in float64.
   * @param step counted from 1, for Adam's bias corrections; a scaler counts the steps taken itself
   */
  prepare(step: number, learningRate: number): void {
    if (!Number.isInteger(step) || step < 1)
      throw new ConfigError(`Optimizer.prepare got step ${step}. Count steps from 1.`);
    const { kind, beta1, beta2, weightDecay } = this.#rule;
    const adaptive = kind !== 'sgd';
    const stepSize = adaptive ? learningRate / (1 - beta1 ** step) : learningRate;
    const correction = adaptive ? 1 / Math.sqrt(1 - beta2 ** step) : 1;
    const kept = kind === 'adamw' ? 1 - learningRate * weightDecay : 1;
    if (this.#scaler) this.#learningRate.write([learningRate]);
    else this.#hyper.write([stepSize, correction, kept, 1]);
  }

  /**
   * Completes the gradients, clips, and steps every parameter that has one: one launch if all have.
   * @param loss of shape []; with a scaler, a step whose loss is not finite is skipped
   */
  apply(loss?: Tensor): void {
    this.arena.completeGradients();
    if (this.#scaler || this.#rule.maxGradientNorm !== undefined) this.#measure(loss);
    for (const run of this.arena.runs()) this.#step(run);
  }

  /**
   * [norm before clipping, factor], written by `apply()` where `maxGradientNorm` or a scaler is set, else [0, 1]. The
   * norm is that of the loss without its scale; the factor undoes that too.
   */
  get gradientNorm(): Tensor {
    return this.#clip;
  }

  /** What a checkpoint must keep, by name; read it, or write it to resume. */
  state(): Map<string, Tensor> {
    return new Map(this.#moments);
  }

  dispose(): void {
    for (const state of [this.#hyper, this.#learningRate, this.#clip, ...this.#moments.values()])
      state.dispose();
  }

  #measure(loss: Tensor | undefined): void {
    const { device, gradients } = this.arena;
    const { workgroup, software } = device.caps;
    using _partials = scope();
    const groups = software ? 4 : 64;
    const strips = groups * workgroup;
    const partials = empty(device, { shape: [strips], dtype: 'f32' }, 'norm partials');
    const params = { quads: gradients.size / 4, strips, ...this.#normParams() };
    const specialization = { overrides: { WORKGROUP: workgroup } };
    launch(
      device,
      shaders.optimnorm,
      'square',
      { gradients, partials },
      params,
      [groups],
      specialization,
      'gradientNorm.square',
    );
    const finish = { sums: partials, clip: this.#clip };
    const label = 'gradientNorm.finish';
    if (!this.#scaler) {
      launch(device, shaders.optimnorm, 'finish', finish, params, [1], specialization, label);
      return;
    }
    const learningRate = this.#learningRate;
    const { whole: scaler, undo } = this.#scaler;
    // the learning rate, always finite, for a loss that is not told
    const watched = { loss: loss ?? learningRate, ...undo };
    const tensors = { ...finish, hyper: this.#hyper, learningRate, scaler, ...watched };
    launch(device, shaders.optimnorm, 'finishScaled', tensors, params, [1], specialization, label);
  }

  #normParams() {
    const { kind, beta1, beta2, weightDecay, maxGradientNorm } = this.#rule;
    const [first, second] = kind === 'sgd' ? [0, 0] : [beta1, beta2];
    const betas = { beta1: first, rest1: 1 - first, beta2: second, rest2: 1 - second };
    const decay = kind === 'adamw' ? weightDecay : 0;
    return {
      maxNorm: maxGradientNorm ?? -1,
      ...betas,
      decay,
      growthInterval: this.#scaler?.growthInterval ?? 0,
      stateQuads: (this.#scaler?.undo.state.size ?? 0) / 4,
    };
  }

  #step({ first, quads }: ArenaRun): void {
    const { device, values: parameters, gradients } = this.arena;
    const { kind, beta1, beta2, epsilon, weightDecay, l1, momentum, nesterov } = this.#rule;
    const { workgroup, software } = device.caps;
    const invocations = Math.ceil(quads / (software ? SOFTWARE_TURNS : 1));
    const params = {
      first,
      end: first + quads,
      invocations,
      beta1,
      rest1: 1 - beta1,
      beta2,
      rest2: 1 - beta2,
      epsilon,
      weightDecay: kind === 'adamw' ? 0 : weightDecay,
      l1,
      momentum,
      nesterov: nesterov ? 1 : 0,
    };
    const grid = linearGrid(invocations, workgroup);
    const specialization = { overrides: { WORKGROUP: workgroup } };
    const plain = { parameters, gradients, hyper: this.#hyper, clip: this.#clip };
    const [moment1, moment2] = [...this.#moments.values()];
    if (moment1 && moment2)
      launch(
        device,
        shaders.optim,
        'adam',
        { ...plain, moment1, moment2 },
        params,
        grid,
        specialization,
        kind,
      );
    else if (moment1)
      launch(device, shaders.optim, 'sgdMomentum', { ...plain, moment1 }, params, grid, specialization, kind);
    else launch(device, shaders.optim, 'sgd', plain, params, grid, specialization, kind);
  }
}
