/** @file The module: owns a model's parameters and statistics and carries them to and from state dicts. */
import { Arena, type ArenaEntry, ParameterArena, type ParameterOptions } from '../autograd/arena.ts';
import { padded, sum } from '../autograd/arenaSlices.ts';
import type { Undo } from '../autograd/scaler.ts';
import { windowOf } from '../autograd/windows.ts';
import { describe } from '../base/describe.ts';
import { ConfigError, DeviceError } from '../base/errors.ts';
import { expectOneOf, expectSettings, expectWhole } from '../base/settings.ts';
import { accumulateInto, moveToward } from '../kernels/index.ts';
import { Device } from '../tensor/device.ts';
import type { Shape } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import { type Declarations, type Declared, expectDeclarations, initialValues } from './declare.ts';
import {
  expectFit,
  expectState,
  fromTorch,
  type LoadReport,
  misfit,
  type StateDict,
  torchShape,
} from './state.ts';

/** What a module’s memory is to allow. */
export interface ModuleOptions extends ParameterOptions {
  /** Whether a training step can be undone (`Module.undo`). */
  readonly undoable?: boolean;
}

function expectArguments(device: Device, at: Declarations, seed: number, options: ModuleOptions): void {
  if (!(device instanceof Device))
    throw new ConfigError(`Module got ${describe(device)} for its device. Pass one of openDevice().`);
  expectDeclarations('Module', at);
  expectWhole('seed of Module', seed, 0);
  expectSettings('options of Module', options, ['halves', 'undoable']);
  for (const name of ['halves', 'undoable'] as const)
    expectOneOf(`options of Module.${name}`, options[name], [true, false, undefined]);
}

/** Throws DeviceError unless the device computes in f16. */
export function expectHalf({ caps }: Device): void {
  if (caps.f16) return;
  const fix = 'Use precision f32, or an adapter that has it: most GPUs, and Mesa’s lavapipe.';
  throw new DeviceError(`Mixed precision needs shader-f16, which ${caps.description} lacks. ${fix}`);
}

/**
 * A model's parameters, running statistics and batch counts, by PyTorch's names. Dispose it, or hold it with `using`.
 * @example
 * const net = new Sequential(device, { head: layers.linear(2, 3) });
 * const result = [...net.stateDict().keys()];
 * net.dispose();
 * result; // ["head.weight", "head.bias"]
 */
export class Module {
  readonly device: Device;
  /** All parameters and their gradients: what an optimiser works on. */
  readonly arena: ParameterArena;
  /** Running means and variances. */
  readonly statistics: ReadonlyMap<string, Tensor>;
  /** Statistics and batch counts. */
  readonly #state: Arena;
  /** What one more batch adds to that: 1 to each count. */
  readonly #batch: Arena;
  /** The state before the last step's first training forward, where steps can be undone. */
  readonly #before: Arena | undefined;
  /** Of the parameters whose layout in PyTorch their rank does not say. */
  readonly #torchAxes: ReadonlyMap<string, readonly number[]>;
  readonly #declarations: Declarations;

  /**
   * Allocates what was declared, with first values that depend on the seed and each parameter's name only.
   * @throws ConfigError for what is no device or are no declarations, a seed that is none and options that are unknown
   * @throws OutOfMemoryError for more parameters than a buffer of the adapter holds, before their first values are made
   */
  constructor(device: Device, declarations: Declarations, seed: number, options: ModuleOptions = {}) {
    expectArguments(device, declarations, seed, options);
    const sizes = declarations.parameters.map(({ shape }) => padded(shape, options.halves ? 'f16' : 'f32'));
    device.memory.expectFits(4 * sum(sizes), 'parameters', true);
    const entryOf = (declared: Declared): ArenaEntry => ({
      name: declared.name,
      shape: declared.shape,
      values: initialValues(declared, seed),
    });
    const statistics = declarations.statistics.map(entryOf);
    const counts = (values: number[]) => declarations.counters.map((name) => ({ name, shape: [], values }));
    const unchanged = statistics.map(({ name, shape }) => ({ name, shape }));
    const state = [...statistics, ...counts([0])];
    this.device = device;
    this.#declarations = declarations;
    this.arena = new ParameterArena(device, declarations.parameters.map(entryOf), options);
    this.#state = new Arena(device, state, 'statistics');
    this.#batch = new Arena(device, [...unchanged, ...counts([1])], 'one batch');
    this.#before = options.undoable ? new Arena(device, state, 'statistics before the step') : undefined;
    this.#torchAxes = new Map(
      declarations.parameters.flatMap(({ name, torchAxes }) => (torchAxes ? [[name, torchAxes]] : [])),
    );
    this.statistics = new Map(statistics.map(({ name }) => [name, this.#state.slices.get(name)!]));
    for (const declared of declarations.parameters)
      declared.place(this.parameters.get(declared.name)!, this.arena.halves?.get(declared.name));
    for (const declared of declarations.statistics) declared.place(this.statistics.get(declared.name)!);
  }

  /** Trainable parameters. Set `requiresGrad` to false to have no gradient of one; `freeze` is for whole layers. */
  get parameters(): ReadonlyMap<string, Tensor> {
    return this.arena.parameters;
  }

  /**
   * Freezes what is so named, as PyTorch's `requires_grad_(False)` and `eval()` of these layers: parameters
   * get no gradient, so optimisers leave them; batch norms normalise by their running statistics, which stay, like
   * their counts. (`requires_grad_(False)` alone would let statistics drift away from the weights they belong to.)
   * For the steps captured from then on.
   * @throws ConfigError for what is no function
   */
  freeze(which: (name: string) => boolean): void {
    this.#setFrozen('freeze', which, true);
  }

  /**
   * Undoes `freeze`, for the steps captured from then on. An optimiser's group of these parameters needs `firstStep`.
   * @throws ConfigError for what is no function
   */
  thaw(which: (name: string) => boolean): void {
    this.#setFrozen('thaw', which, false);
  }

  #setFrozen(call: string, which: (name: string) => boolean, frozen: boolean): void {
    if (typeof which !== 'function')
      throw new ConfigError(`${call} got ${describe(which)}. Pass a function of a name: (name) => true.`);
    const { parameters, statistics, counters } = this.#declarations;
    for (const declared of [...parameters, ...statistics]) if (which(declared.name)) declared.frozen = frozen;
    for (const [name, tensor] of this.parameters) if (which(name)) tensor.requiresGrad = !frozen;
    for (const name of counters) if (which(name)) this.#batch.slices.get(name)!.write([frozen ? 0 : 1]);
  }

  /** For a LossScaler: the state and what it was before the last step's first training forward. */
  get undo(): Undo | undefined {
    return this.#before && { state: this.#state.whole, before: this.#before.whole };
  }

  /**
   * Parameters and running statistics become shares[0] of their own and shares[1] of those of a module of the same
   * declarations and options; batch counts stay. For MovingAverage.
   * @throws ConfigError for a module of other sizes, or shares that are no tensor of two
   */
  mix(other: Module, shares: Tensor): void {
    const alike =
      other instanceof Module &&
      other.arena.values.size === this.arena.values.size &&
      other.#state.whole.size === this.#state.whole.size;
    if (!alike || !(shares instanceof Tensor) || shares.size !== 2)
      throw new ConfigError(
        `mix got ${describe(other)} and ${describe(shares)}. Pass a module that was built alike and a tensor of two shares; MovingAverage does.`,
      );
    for (const window of this.arena.windows) {
      using own = windowOf(this.arena.values, window);
      using others = windowOf(other.arena.values, window);
      moveToward(own, others, shares, own.size);
    }
    const last = [...this.statistics.values()].at(-1);
    // Counts lie behind the statistics.
    const count = last ? (last.offset - this.#state.whole.offset) / 4 + last.size : 0;
    moveToward(this.#state.whole, other.#state.whole, shares, count);
  }

  get parameterCount(): number {
    return this.arena.count;
  }

  /**
   * Every tensor that must survive, the model's own: parameters, statistics and batch counts (`num_batches_tracked`,
   * here f32), in the layout used here. `readWeights` gives them in PyTorch's.
   */
  stateDict(): ReadonlyMap<string, Tensor> {
    return new Map([...this.parameters, ...this.#state.slices]);
  }

  /**
   * Loads a complete state dict; changes nothing if it does not fit.
   * @throws WeightError naming the first weight that is missing, unexpected or of another shape
   * @throws ConfigError for what is no state dict
   */
  loadStateDict(state: StateDict): void {
    expectState('loadStateDict', state);
    expectFit(state, this.#torchShapes());
    this.loadCompatible(state);
  }

  /**
   * Loads every weight whose name and shape fit, and reports the others: how pretrained weights are transferred.
   * @throws ConfigError for what is no state dict
   */
  loadCompatible(state: StateDict): LoadReport {
    expectState('loadCompatible', state);
    const shapes = this.#torchShapes();
    const tensors = this.stateDict();
    const skipped = new Map<string, string>();
    const loaded: string[] = [];
    for (const [name, weight] of state) {
      const problem = misfit(weight, shapes.get(name));
      if (problem) skipped.set(name, problem);
      else {
        loaded.push(name);
        tensors.get(name)!.write(fromTorch(weight.values, weight.shape, this.torchAxes(name)));
      }
    }
    return { loaded, skipped };
  }

  /** Which axis here is each of PyTorch's, of a parameter whose rank does not say. */
  torchAxes(name: string): readonly number[] | undefined {
    return this.#torchAxes.get(name);
  }

  dispose(): void {
    for (const owner of [this.arena, this.#state, this.#batch, this.#before]) owner?.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /**
   * Counts one more training batch in every batch norm; begins each training forward.
   * @param again a further forward of one step: what an undone step goes back to is the state before its first
   */
  protected countBatch(again = false): void {
    if (this.#state.slices.size === 0) return;
    accumulateInto(this.#state.whole, this.#batch.whole, again ? undefined : this.#before?.whole);
  }

  #torchShapes(): ReadonlyMap<string, Shape> {
    const shapes = [...this.stateDict()].map(
      ([name, { shape }]) => [name, torchShape(shape, this.torchAxes(name))] as const,
    );
    return new Map(shapes);
  }
}
