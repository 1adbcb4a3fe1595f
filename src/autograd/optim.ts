/** @file Optimisers over a parameter arena: Adam, AdamW and SGD with L1 and L2 penalties and gradient-norm clipping. */

import { ConfigError, ShapeError } from '../base/errors.ts';
import { expectNumber } from '../base/settings.ts';
import { describe } from '../kernels/checks.ts';
import { launch, linearGrid } from '../kernels/launch/queue.ts';
import { shareOf, sumEarly, sumOverRanks } from '../kernels/launch/share.ts';
import * as shaders from '../kernels/shaders.gen.ts';
import { tensor } from '../tensor/create.ts';
import { expectRecorder } from '../tensor/recorded.ts';
import { disown, scope } from '../tensor/scope.ts';
import { formatShape } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import { ParameterArena } from './arena.ts';
import { measureNorm } from './gradientNorm.ts';
import { type NonFinite, WATCH_WORDS, Watch } from './nonFinite.ts';
import { type GroupRun, Groups } from './optimGroups.ts';
import { rowsOf } from './optimRows.ts';
import { type OptimizerSettings, type Rule, ruleOf } from './optimSettings.ts';
import { LossScaler } from './scaler.ts';
import { type ArenaRun, cutAtWindows, windowOf } from './windows.ts';

/** Quads of elements that an invocation takes on a software adapter, where starting a workgroup costs about as much. */
const SOFTWARE_TURNS = 16;

/** Names of the tensors with the arena's layout that a rule keeps from step to step. */
function momentsOf({ kind, momentum }: Rule): string[] {
  if (kind !== 'sgd') return ['moment1', 'moment2'];
  return momentum > 0 ? ['moment1'] : [];
}

/** What u32 holds. */
const MOST_STEPS = 2 ** 32 - 1;

/** What f32 holds. */
const MOST_RATE = 3.4e38;

/** Throws ConfigError where an argument is not what it should be. */
function expectArguments(arena: unknown, scaler: unknown): void {
  if (!(arena instanceof ParameterArena))
    throw new ConfigError(`Optimizer got ${describe(arena)} for its arena. Pass the model's (model.arena).`);
  if (scaler !== undefined && !(scaler instanceof LossScaler))
    throw new ConfigError(`Optimizer got ${describe(scaler)} for its scaler. Pass a LossScaler, or nothing.`);
  if (scaler instanceof LossScaler && scaler.whole.device !== arena.device)
    throw new ConfigError(
      'The scaler of an Optimizer is on another device than its arena. Make both on one.',
    );
}

/**
 * An optimiser over all parameters of an arena. Each step: `prepare(step, learningRate)` on the host, then `apply()`
 * after backward, eagerly or inside a captured step. A parameter that no gradient reached (frozen or unused) is left
 * alone. The formulas are PyTorch's. With a scaler the gradients are those of the loss times its scale, and steps whose
 * loss, gradients or further state (`scaler.undo`) are not finite change nothing but the scaler.
 *
 * Each step also notices what is not finite: `check()` tells. A captured step that runs before any `prepare` changes
 * nothing, and `check()` throws.
 * @throws ConfigError for settings that are unknown or out of range, and groups that match nothing or overlap
 * @example
 * const net = new Sequential(device, [layers.linear(2, 1)]);
 * const optimizer = new Optimizer(net.arena, { kind: 'sgd' });
 * const result = optimizer.arena === net.arena;
 * optimizer.dispose();
 * net.dispose();
 * result; // true
 */
export class Optimizer {
  readonly arena: ParameterArena;
  readonly #rule: Rule;
  readonly #groups: Groups;
  readonly #watch: Watch;
  /** Rows of four; see shaders/optim.wgsl. */
  readonly #hyper: Tensor;
  /** With a scaler: what the hyper rows are made of on the device; see shaders/optimnorm.wgsl. */
  readonly #rates: Tensor;
  readonly #scaler: LossScaler | undefined;
  readonly #clip: Tensor;
  readonly #moments: ReadonlyMap<string, Tensor>;
  #prepared = false;

  constructor(arena: ParameterArena, settings: OptimizerSettings, scaler?: LossScaler) {
    expectArguments(arena, scaler);
    const { device } = arena;
    this.arena = arena;
    this.#scaler = scaler;
    this.#rule = ruleOf(settings);
    this.#groups = new Groups(arena, this.#rule);
    this.#watch = new Watch(arena, this.#rule.statistics);
    const zeros = new Array(4 + 4 * this.#groups.rules.length).fill(0);
    this.#hyper = disown(tensor(device, zeros, [zeros.length], 'f32', 'hyper'));
    this.#rates = disown(tensor(device, zeros, [zeros.length], 'f32', 'learning rates'));
    this.#clip = disown(tensor(device, [0, 1], [2], 'f32', 'gradient norm'));
    this.#moments = new Map(momentsOf(this.#rule).map((name) => [name, arena.zerosLike(name)]));
  }

  /**
   * Writes what changes from step to step, computed in float64.
   * @param step counted from 1, for Adam's bias corrections; a scaler counts the steps taken itself
   * @throws ConfigError for a step that is no whole number from 1, or a learning rate that is negative or not finite
   */
  prepare(step: number, learningRate: number): void {
    if (!Number.isInteger(step) || step < 1 || step > MOST_STEPS)
      throw new ConfigError(`Optimizer.prepare got step ${describe(step)}. Count steps from 1.`);
    expectNumber('learningRate of Optimizer.prepare(step, learningRate)', learningRate, { most: MOST_RATE });
    const target = this.#scaler ? this.#rates : this.#hyper;
    target.write(
      rowsOf(this.#rule, this.#groups.rules, { step, learningRate, scaled: Boolean(this.#scaler) }),
    );
    this.#prepared = true;
  }

  /**
   * Completes the gradients, clips, and steps every parameter that has one: one launch if all have and there are no
   * groups, else one for each run of neighbours in the arena.
   * @param loss of shape []; with a scaler, a step whose loss is not finite is skipped
   * @throws ConfigError where `prepare` was never called; inside a captured step that is allowed, and due before it runs
   * @throws ShapeError for a loss that is not one f32
   */
  apply(loss?: Tensor): void {
    if (loss !== undefined) expectLoss(loss);
    expectRecorder('Optimizer.apply', this.arena.device);
    if (!this.#prepared && !this.arena.device.recording)
      throw new ConfigError(
        'Optimizer.apply came before prepare(step, learningRate). Call that before each step.',
      );
    this.#shareSums();
    this.arena.completeGradients();
    const [hyper, rates, scaler] = [this.#hyper, this.#rates, this.#scaler];
    if (scaler || this.#rule.maxGradientNorm !== undefined)
      measureNorm(this.arena, this.#rule, {
        clip: this.#clip,
        scaling: scaler && { scaler, hyper, rates, loss },
      });
    const runs = this.#groups.cut(this.arena.runs());
    const launches = cutAtWindows(this.arena.windows, runs);
    // statistics are watched even where there is nothing to step
    if (launches.length === 0 && this.#watch.state)
      launches.push({ window: this.arena.windows[0]!, run: { first: 0, quads: 0, group: 0 } });
    for (const [index, { window, run }] of launches.entries()) this.#step(window, run, index === 0);
  }

  /** Gradients become those of the whole batch, and running statistics the mean of the ranks', so that all stay alike. */
  #shareSums(): void {
    const share = shareOf(this.arena.device);
    if (!share) return;
    if (this.#watch.state) sumOverRanks(this.#watch.state, share.count / share.total);
    using parts = scope();
    const pieces = this.arena.pieces().map((piece) => windowOf(this.arena.gradients, piece));
    for (const piece of pieces) parts.add(piece);
    sumEarly(this.arena.device, pieces);
  }

  /**
   * [norm before clipping, factor], written by `apply()` where `maxGradientNorm` or a scaler is set, else [0, 1]. The
   * norm is that of the loss without its scale; the factor undoes that too.
   */
  get gradientNorm(): Tensor {
    return this.#clip;
  }

  /** What the steps noticed, u32, for copies in step with the device: `nonFiniteIn` reads it. `check()` is simpler. */
  get nonFinite(): Tensor {
    return this.#watch.tensor;
  }

  /** What elements read of `nonFinite` say; null while all is finite. */
  nonFiniteIn(elements: ArrayLike<number>): NonFinite | null {
    const { length } = (elements ?? {}) as { length?: unknown };
    if (typeof elements !== 'object' || length !== WATCH_WORDS)
      throw new ConfigError(
        `Optimizer.nonFiniteIn got ${describe(elements)}. Pass the elements that were read of optimizer.nonFinite.`,
      );
    return this.#watch.found(elements);
  }

  /**
   * Waits for the steps launched so far: the first one since the last finding whose gradients, norm, moments,
   * parameters or watched statistics are not all finite, and what of it is not; null where there is none. A step that a
   * scaler skips is none, unless the statistics were not finite before it. A finding is told once.
   * @throws ConfigError where a captured step ran before `prepare`
   * @throws CaptureError inside a captured step, at the call
   */
  check(): Promise<NonFinite | null> {
    this.arena.device.forbidInCapture('Optimizer.check() was called', 'Check after run().');
    return this.#watch.take();
  }

  /** What a checkpoint must keep, by name; read it, or write it to resume. */
  state(): Map<string, Tensor> {
    return new Map(this.#moments);
  }

  dispose(): void {
    for (const state of [this.#hyper, this.#rates, this.#clip, this.#watch, ...this.#moments.values()])
      state.dispose();
  }

  #stepParams(window: ArenaRun, { first, quads, group }: GroupRun, leads: boolean) {
    const { kind, beta1, beta2, epsilon, momentum, nesterov } = this.#rule;
    const { weightDecay, l1 } = this.#groups.rules[group]!;
    return {
      window: window.first,
      first: first - window.first,
      end: first - window.first + quads,
      invocations: Math.max(1, Math.ceil(quads / (this.arena.device.caps.software ? SOFTWARE_TURNS : 1))),
      row: group + 1,
      beta1,
      rest1: 1 - beta1,
      beta2,
      rest2: 1 - beta2,
      epsilon,
      weightDecay: kind === 'adamw' ? 0 : weightDecay,
      l1,
      momentum,
      nesterov: nesterov ? 1 : 0,
      stateQuads: leads ? (this.#watch.state?.size ?? 0) / 4 : 0,
    };
  }

  /** Steps a run; the first of a step looks at the statistics too. */
  #step(window: ArenaRun, run: GroupRun, leads: boolean): void {
    const { device } = this.arena;
    const { workgroup } = device.caps;
    using parameters = windowOf(this.arena.values, window);
    using gradients = windowOf(this.arena.gradients, window);
    const params = this.#stepParams(window, run, leads);
    const grid = linearGrid(params.invocations, workgroup);
    const specialization = { overrides: { WORKGROUP: workgroup } };
    const [clip, watch] = [this.#clip, this.#watch.tensor];
    // something to bind where there are no statistics
    const state = this.#watch.state ?? clip;
    const plain = { parameters, gradients, hyper: this.#hyper, clip, watch, state };
    using moments = scope();
    const [moment1, moment2] = [...this.#moments.values()].map((moment) => {
      const own = windowOf(moment, window);
      moments.add(own);
      return own;
    });
    const { kind } = this.#rule;
    const args = [params, grid, specialization, kind] as const;
    if (moment1 && moment2) launch(device, shaders.optim, 'adam', { ...plain, moment1, moment2 }, ...args);
    else if (moment1) launch(device, shaders.optim, 'sgdMomentum', { ...plain, moment1 }, ...args);
    else launch(device, shaders.optim, 'sgd', plain, ...args);
  }
}

function expectLoss(loss: unknown): void {
  const fix = 'Pass the loss, one element of f32.';
  if (!(loss instanceof Tensor)) throw new ShapeError('Optimizer.apply', 'loss', `is ${describe(loss)}`, fix);
  if (loss.size === 1 && loss.dtype === 'f32') return;
  const found = `is ${loss.dtype} ${formatShape(loss.shape)}`;
  throw new ShapeError('Optimizer.apply', 'loss', found, fix);
}
