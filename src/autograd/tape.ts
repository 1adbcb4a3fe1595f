/** @file The tape: records differentiable launches and runs their gradients backwards. */
import { accumulateInto, binary } from '../kernels/binary.ts';
import { type Call, CallOutput, Incoming, type Inputs, type Op, run, type Value } from '../kernels/op.ts';
import { unary } from '../kernels/unary.ts';
import { filled } from '../tensor/create.ts';
import { ShapeError } from '../tensor/errors.ts';
import { disown, scope } from '../tensor/scope.ts';
import { formatShape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';

interface Entry {
  readonly outputs: readonly Tensor[];
  readonly inputs: Inputs;
  /** Per input: how its gradient is computed, or null where none is needed. */
  readonly gradients: readonly (Value | null)[];
  /** Aliases that keep the storages backward will read; disposed once it has. */
  readonly pinned: ReadonlyMap<Tensor, Tensor>;
  /** What backward will read but computes again. */
  readonly again: ReadonlyMap<Tensor, Again>;
  /** Of a block: runs its gradients, in place of `gradients`. */
  readonly backward?: BlockBackward;
}

/** How an output is computed again, from what the entry that made it has pinned: backward comes to that one later. */
interface Again {
  readonly value: Value;
  readonly entry: Entry;
}

/**
 * The gradients of a block's inputs from those of its outputs, null where there is none or it has been delivered;
 * `kept` gives the tensors it asked to keep.
 */
export type BlockBackward = (
  dy: readonly (Tensor | undefined)[],
  kept: (tensor: Tensor) => Tensor,
) => readonly (Tensor | null)[];

const tapes: Tape[] = [];
let paused = 0;

/** The tape that records now, if any. */
export function activeTape(): Tape | undefined {
  return paused > 0 ? undefined : tapes.at(-1);
}

/** Runs `action` without recording. */
export function noGrad<T>(action: () => T): T {
  paused++;
  try {
    return action();
  } finally {
    paused--;
  }
}

/** What a tensor's gradient is delivered to: the parameter that it is a copy of, or itself. */
const leafOf = (tensor: Tensor): Tensor => tensor.master ?? tensor;

/** Runs `action` so that tapes made in it record, within `noGrad` too. */
export function withGrad<T>(action: () => T): T {
  const before = paused;
  paused = 0;
  try {
    return action();
  } finally {
    paused = before;
  }
}

function collect(value: Value | null, found: Set<Tensor>): void {
  if (value === null || value instanceof Incoming) return;
  if (value instanceof CallOutput) for (const input of value.call.inputs) collect(input, found);
  else found.add(value);
}

/**
 * Records from its creation to its disposal: `using tape = new Tape(); …; tape.backward(loss)`. Gradients of tensors
 * with `requiresGrad` arrive in their `grad`; a second backward adds to them.
 */
export class Tape {
  readonly #entries: Entry[] = [];
  readonly #tracked = new Set<Tensor>();
  /** Outputs that can be computed again for little. */
  readonly #again = new Map<Tensor, Again>();
  readonly #keepsAll: boolean;

  /** `keepsAll`: keeps also what backward could compute again for little; for a backward that follows at once. */
  constructor({ keepsAll = false } = {}) {
    this.#keepsAll = keepsAll;
    tapes.push(this);
  }

  tracks(tensor: Tensor): boolean {
    return leafOf(tensor).requiresGrad || this.#tracked.has(tensor);
  }

  /** Notes a launch whose inputs are tracked. */
  record<A>(op: Op<A>, inputs: Inputs, outputs: readonly Tensor[], attrs: A): void {
    if (!op.grad || !inputs.some((input) => input && this.tracks(input))) return;
    const dy = outputs.map((output, index) => new Incoming(index, output));
    const tracked = inputs.map((input) => input !== null && this.tracks(input));
    const context = { inputs, outputs, dy, tracked, attrs };
    const all = op.grad(context);
    const gradients = inputs.map((_, i) => (tracked[i] ? (all[i] ?? null) : null));
    const read = new Set<Tensor>();
    for (const value of gradients) collect(value, read);
    const again = new Map<Tensor, Again>();
    const pinned = new Map<Tensor, Tensor>();
    for (const tensor of read) {
      const cheap = this.#again.get(tensor);
      if (cheap) again.set(tensor, cheap);
      else pinned.set(tensor, pin(tensor));
    }
    const entry = { outputs, inputs, gradients, pinned, again };
    this.#entries.push(entry);
    for (const output of outputs) this.#tracked.add(output);
    // A run of channels lies in a tensor that is kept for its other runs.
    if (!op.again || outputs[0]!.run || this.#keepsAll) return;
    this.#again.set(outputs[0]!, { value: op.again(context), entry });
  }

  /** Notes a block of launches that were not recorded one by one; `needed` is kept until `backward` has run. */
  recordBlock(
    inputs: Inputs,
    outputs: readonly Tensor[],
    needed: readonly Tensor[],
    backward: BlockBackward,
  ): void {
    const pinned = new Map(needed.map((tensor) => [tensor, pin(tensor)]));
    this.#entries.push({ outputs, inputs, gradients: [], pinned, again: new Map(), backward });
    for (const output of outputs) this.#tracked.add(output);
  }

  /**
   * Runs the gradients of `loss` (one element, unless `dy` gives the incoming gradient of its shape) into the `grad`
   * of every tensor with `requiresGrad` that it depends on. Consumes the record.
   */
  backward(loss: Tensor, dy?: Tensor): void {
    if (!dy && loss.size !== 1) {
      const problem = `has shape ${formatShape(loss.shape)}`;
      throw new ShapeError('backward', 'loss', problem, 'Reduce it to one element, or pass dy.');
    }
    noGrad(() => this.#run(loss, dy));
  }

  #run(loss: Tensor, dy: Tensor | undefined): void {
    using _temporaries = scope();
    const gradients = new Map<Tensor, Tensor>();
    gradients.set(loss, dy ?? filled(loss.device, 1, loss.shape, loss.dtype, 'dy'));
    for (const entry of this.#entries.splice(0).reverse()) {
      if (entry.outputs.some((output) => gradients.has(output))) propagate(entry, gradients);
      for (const output of entry.outputs) gradients.delete(output);
      unpin(entry);
    }
    this.#tracked.clear();
    this.#again.clear();
  }

  dispose(): void {
    const index = tapes.indexOf(this);
    if (index >= 0) tapes.splice(index, 1);
    for (const entry of this.#entries.splice(0)) unpin(entry);
    this.#tracked.clear();
    this.#again.clear();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

function pin(tensor: Tensor): Tensor {
  return disown(tensor.view());
}

function unpin(entry: Entry): void {
  for (const alias of entry.pinned.values()) alias.dispose();
}

/** What evaluating an entry's gradients needs: incoming gradients, results so far, and arena slots to write into. */
interface Evaluation {
  readonly entry: Entry;
  readonly incoming: readonly (Tensor | undefined)[];
  readonly results: Map<Call, Tensor[]>;
  readonly slots: Map<Call, Tensor[]>;
}

/** Runs one entry's gradient launches; leaves receive theirs, other inputs' go into `gradients`. */
function propagate(entry: Entry, gradients: Map<Tensor, Tensor>): void {
  const incoming = entry.outputs.map((output) => gradients.get(output));
  if (entry.backward) {
    propagateBlock(
      entry,
      entry.backward(incoming, (tensor) => entry.pinned.get(tensor)!),
      gradients,
    );
    return;
  }
  const evaluation = { entry, incoming, results: new Map<Call, Tensor[]>(), slots: slotsOf(entry) };
  for (const [index, value] of entry.gradients.entries()) {
    const input = entry.inputs[index];
    if (!value || !input) continue;
    const leaf = leafOf(input);
    if (leaf.requiresGrad) deliver(leaf, evaluate(value, evaluation), value);
    else gradients.set(input, summed(value, evaluation, gradients.get(input)));
  }
}

function propagateBlock(
  { inputs }: Entry,
  found: readonly (Tensor | null)[],
  gradients: Map<Tensor, Tensor>,
) {
  for (const [index, gradient] of found.entries()) {
    const input = inputs[index];
    if (!input || !gradient) continue;
    const previous = gradients.get(input);
    gradients.set(input, previous ? run(binary, [previous, gradient], { fn: 'add' })[0]! : gradient);
  }
}

/** The gradient plus what reached its input before: in the launch that makes it, where its op can add. */
function summed(value: Value, evaluation: Evaluation, previous: Tensor | undefined): Tensor {
  if (!previous) return evaluate(value, evaluation);
  if (value instanceof CallOutput && value.call.op.adds && !evaluation.results.has(value.call)) {
    const { op, inputs, attrs } = value.call;
    return run(op, [...inputs.map((input) => input && evaluate(input, evaluation)), previous], attrs)[0]!;
  }
  return run(binary, [previous, evaluate(value, evaluation)], { fn: 'add' })[0]!;
}

/** Leaves that receive their first gradient have it written straight into their slot of the gradient arena. */
function slotsOf(entry: Entry): Map<Call, Tensor[]> {
  const slots = new Map<Call, Tensor[]>();
  const claimed = new Set<Tensor>();
  for (const [index, value] of entry.gradients.entries()) {
    const input = entry.inputs[index];
    const leaf = input && leafOf(input);
    if (!(value instanceof CallOutput) || value.call.op.view || !leaf?.requiresGrad) continue;
    if (!leaf.gradSlot || leaf.grad || claimed.has(leaf)) continue;
    claimed.add(leaf);
    const into = slots.get(value.call) ?? [];
    into[value.index] = leaf.gradSlot;
    slots.set(value.call, into);
  }
  return slots;
}

function evaluate(value: Value, evaluation: Evaluation): Tensor {
  const { entry, incoming, results, slots } = evaluation;
  if (value instanceof Incoming) {
    return (
      incoming[value.index] ?? filled(entry.outputs[0]!.device, 0, value.spec.shape, value.spec.dtype, 'dy')
    );
  }
  if (!(value instanceof CallOutput)) {
    const again = entry.again.get(value);
    return again
      ? evaluate(again.value, { ...evaluation, entry: again.entry })
      : (entry.pinned.get(value) ?? value);
  }
  const { op, inputs, attrs } = value.call;
  let outputs = results.get(value.call);
  if (!outputs) {
    const tensors = inputs.map((input) => input && evaluate(input, evaluation));
    outputs = run(op, tensors, attrs, { into: slots.get(value.call) ?? [] });
    results.set(value.call, outputs);
  }
  return outputs[value.index]!;
}

/** Gives a leaf its gradient: the first is kept (or lies in its slot already), later ones are added. */
function deliver(leaf: Tensor, gradient: Tensor, value: Value): void {
  if (leaf.grad) {
    accumulateInto(leaf.grad, gradient);
    return;
  }
  const shared = !(value instanceof CallOutput) || value.call.op.view;
  if (leaf.gradSlot) {
    if (gradient !== leaf.gradSlot) run(unary, [gradient], { fn: 'affine' }, { into: [leaf.gradSlot] });
    leaf.grad = leaf.gradSlot;
  } else {
    // Another input may hold the same tensor, and this one will be added to in place.
    const own = shared ? run(unary, [gradient], { fn: 'affine' })[0]! : gradient;
    leaf.grad = disown(own);
  }
}
