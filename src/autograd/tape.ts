/** @file The tape: records differentiable launches and runs their gradients backwards. */

import { GradientError } from '../base/errors.ts';
import { expectOneOf } from '../kernels/checks.ts';
import type { Inputs, Op } from '../kernels/op.ts';
import { expectOptions } from '../kernels/options.ts';
import { filled } from '../tensor/create.ts';
import { expectRecorder } from '../tensor/recorded.ts';
import { scope } from '../tensor/scope.ts';
import { Tensor } from '../tensor/tensor.ts';
import { deliver, expectLoss, propagate } from './backward.ts';
import {
  type Again,
  type BlockBackward,
  type Entry,
  entryOf,
  leafOf,
  pinAll,
  unchanged,
  unpin,
} from './entry.ts';
import { close, expectAction, isPromise, open, quietly } from './tapes.ts';
import { expectSameStep, expectUncut, explain, rewritten } from './trace.ts';

export { noGrad } from './tapes.ts';

/** The tape that recorded a tensor last, to tell whose it is. */
const makers = new WeakMap<Tensor, Tape>();

/** Of `Tape.backward`. */
export interface BackwardOptions {
  /** Keeps the record, so that backward can run through it again (default false). */
  readonly retainGraph?: boolean;
}

/** Of a `Tape`. */
export interface TapeOptions {
  /** Keeps also what backward could compute again for little, for a backward that follows at once (default false). */
  readonly keepsAll?: boolean;
}

/** Entries after which those that nothing alive depends on are looked for. */
const SWEEP = 1024;

/**
 * Records from its creation to its disposal: `using tape = new Tape(); …; tape.backward(loss)`. Gradients of tensors
 * with `requiresGrad` arrive in their `grad`; a second backward adds to them. Of several open tapes each records what
 * depends on tensors it follows, so that trainings that take turns do not disturb one another.
 * @example
 * const x = tensor(device, [3], [1]);
 * x.requiresGrad = true;
 * const tape = new Tape();
 * tape.backward(ops.sum(ops.multiply(x, x)));
 * tape.dispose();
 * await x.grad.read(); // [6]
 */
export class Tape {
  readonly #entries = new Set<Entry>();
  /** The entries that made the tensors followed so far. */
  readonly #made = new Map<Tensor, Entry>();
  /** What earlier backwards have consumed. */
  readonly #spent = new WeakSet<Tensor>();
  /** Outputs that can be computed again for little. */
  readonly #again = new Map<Tensor, Again>();
  readonly #keepsAll: boolean;
  #suspended = 0;
  #disposed = false;
  #sweepAt = SWEEP;

  /** @throws ShapeError for options that are unknown */
  constructor(options: TapeOptions = {}) {
    expectOptions('Tape', options, ['keepsAll']);
    this.#keepsAll = expectOneOf('Tape', 'keepsAll', options.keepsAll ?? false, [true, false]);
    open(this);
  }

  /** Whether the tensor gets a gradient from losses of this tape that depend on it. */
  tracks(tensor: Tensor): boolean {
    if (!(tensor instanceof Tensor)) return false;
    return leafOf(tensor).requiresGrad || this.#made.has(tensor) || this.#spent.has(tensor);
  }

  /** Runs `action` without this tape recording; of an async one until its promise settles. */
  pause<T>(action: () => T): T {
    expectAction('pause', action);
    this.#suspended++;
    const resume = () => {
      this.#suspended--;
    };
    let result: T;
    try {
      result = action();
    } catch (error) {
      resume();
      throw error;
    }
    if (isPromise(result)) result.then(resume, resume);
    else resume();
    return result;
  }

  /** Whether the tensor was made by an op this tape has recorded. */
  makes(tensor: Tensor): boolean {
    return this.#made.has(tensor);
  }

  /** Notes a launch with an input that is followed; false where there is none, or the op has no gradient. */
  record<A>(op: Op<A>, inputs: Inputs, outputs: readonly Tensor[], attrs: A, as = op.name): boolean {
    if (this.#suspended > 0 || !op.grad || !inputs.some((input) => input && this.tracks(input))) return false;
    const { entry, again } = entryOf(
      { ...op, grad: op.grad },
      { inputs, outputs, attrs, as, tracked: inputs.map((input) => input !== null && this.tracks(input)) },
      this.#again,
    );
    this.#add(entry);
    // A run of channels lies in a tensor that is kept for its other runs; where memory is stacked, there is much of it.
    const keeps = this.#keepsAll || outputs[0]!.run || outputs[0]!.device.caps.stackedMemory;
    if (again && !keeps) this.#again.set(outputs[0]!, again);
    return true;
  }

  /** Notes a block of launches that were not recorded one by one; `needed` is kept until `backward` has run. */
  recordBlock(
    inputs: Inputs,
    outputs: readonly Tensor[],
    needed: readonly Tensor[],
    backward: BlockBackward,
  ): void {
    const tracked = inputs.map((input) => input !== null && this.tracks(input));
    const pinned = pinAll(needed);
    const { recording } = outputs[0]!.device;
    const plain = { as: 'recompute', recording, outputs, inputs, tracked, gradients: [], refused: undefined };
    this.#add({ ...plain, pinned, again: new Map(), endsInRelu: false, backward });
  }

  #add(entry: Entry): void {
    this.#entries.add(entry);
    for (const output of entry.outputs) {
      if (this.#made.has(output)) throw rewritten(entry.as, output);
      this.#made.set(output, entry);
      makers.set(output, this);
    }
    if (this.#entries.size >= this.#sweepAt) this.#sweep();
  }

  /**
   * Runs the gradients of `loss` (one element, unless `dy` gives the incoming gradient of its shape) into the `grad`
   * of every tensor with `requiresGrad` that it depends on. Consumes what it runs through, unless told to retain it.
   * @throws GradientError where the loss depends on nothing this tape follows, was consumed by an earlier backward, or
   * where only a part of its gradient could be had, or what it reads was written since; before anything is launched
   * @throws ShapeError for a loss of several elements without dy, or a dy of another shape or dtype
   * @throws CaptureError for a loss on another device than a step that is being recorded
   */
  backward(loss: Tensor, dy?: Tensor, options: BackwardOptions = {}): void {
    expectOptions('backward', options, ['retainGraph']);
    const { retainGraph = false } = options;
    expectOneOf('backward', 'retainGraph', retainGraph, [true, false]);
    if (this.#disposed) throw new GradientError('backward: the tape was disposed. Call it before that.');
    expectLoss(loss, dy);
    expectRecorder('backward', loss.device);
    const reached = this.#reach(loss);
    quietly(() => this.#run(loss, dy, reached));
    if (!retainGraph) for (const entry of reached) this.#drop(entry, true);
  }

  /** The entries the loss depends on, the last first. */
  #reach(loss: Tensor): Entry[] {
    const first = this.#made.get(loss);
    if (!first) {
      if (leafOf(loss).requiresGrad) return [];
      const maker = makers.get(loss);
      throw explain(loss, { spent: this.#spent.has(loss), another: maker !== undefined && maker !== this });
    }
    const wanted = new Set<Entry>([first]);
    const reached: Entry[] = [];
    for (const entry of [...this.#entries].reverse()) {
      if (!wanted.has(entry)) continue;
      reached.push(entry);
      expectSameStep(entry, loss);
      for (const pin of entry.pinned.values()) unchanged(entry.as, pin);
      this.#follow(entry, wanted);
    }
    return reached;
  }

  /** Adds the makers of an entry's inputs to `wanted`. */
  #follow({ as, inputs, tracked, refused }: Entry, wanted: Set<Entry>): void {
    if (refused !== undefined) {
      throw new GradientError(
        `backward: ${as} gives its ${refused} no gradient, which the tape follows. Give it to ops.detach() first where it is meant as a constant.`,
      );
    }
    for (const [i, input] of inputs.entries()) {
      if (!input) continue;
      const maker = this.#made.get(input);
      if (maker && tracked[i]) wanted.add(maker);
      if (this.#spent.has(input) && tracked[i]) throw explain(input, { spent: true });
      if (!tracked[i]) expectUncut(as, input);
    }
  }

  #run(loss: Tensor, dy: Tensor | undefined, reached: readonly Entry[]): void {
    using _temporaries = scope();
    const start = dy?.view(loss.shape) ?? filled(loss.device, 1, loss.shape, loss.dtype, 'dy');
    const gradients = new Map([[loss, start]]);
    if (reached.length === 0) deliver(leafOf(loss), start, true);
    for (const entry of reached) {
      // Inputs may turn out to get none: of a block that does not use them, say.
      if (!entry.outputs.some((output) => gradients.has(output))) continue;
      for (const output of entry.outputs) {
        const gradient = gradients.get(output);
        if (gradient && output.requiresGrad) deliver(output, gradient, true);
      }
      propagate(entry, gradients, (input) => this.#made.get(input));
      for (const output of entry.outputs) gradients.delete(output);
    }
  }

  #drop(entry: Entry, spent: boolean): void {
    this.#entries.delete(entry);
    for (const output of entry.outputs) {
      if (this.#made.get(output) === entry) this.#made.delete(output);
      this.#again.delete(output);
      if (spent) this.#spent.add(output);
    }
    unpin(entry);
  }

  /** Drops the entries that no tensor still in use depends on: what other trainings left on this tape. */
  #sweep(): void {
    const alive = new Set<Entry>();
    for (const entry of [...this.#entries].reverse()) {
      if (!alive.has(entry) && entry.outputs.every((output) => output.disposed)) continue;
      alive.add(entry);
      for (const input of entry.inputs) {
        const maker = input && this.#made.get(input);
        if (maker) alive.add(maker);
      }
    }
    for (const entry of this.#entries) if (!alive.has(entry)) this.#drop(entry, false);
    this.#sweepAt = Math.max(SWEEP, 2 * this.#entries.size);
  }

  dispose(): void {
    this.#disposed = true;
    close(this);
    for (const entry of [...this.#entries]) this.#drop(entry, false);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
