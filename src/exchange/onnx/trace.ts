/** @file What a network does, op by op: found by running it and listening, so that any backbone and head can be written. */
import { noGrad } from '../../autograd/tape.ts';
import { type AppliedOp, listenToOps } from '../../autograd/tapes.ts';
import type { DType } from '../../tensor/dtype.ts';
import { disown, scope } from '../../tensor/scope.ts';
import type { Shape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/** A tensor's content at one time: what is written again is another value. */
export interface Value {
  /** In the order of their making. */
  readonly id: number;
  readonly shape: Shape;
  readonly dtype: DType;
  /** Whether it is the same whatever the image. */
  readonly fixed: boolean;
  /** Of what no op made but the image: a handle to read it by. */
  readonly held: Tensor | null;
  /** Its name where it is one of the tensors that have names. */
  readonly name: string | null;
}

/** An op on values. */
export interface TracedOp {
  readonly op: string;
  readonly as: string;
  readonly attrs: unknown;
  readonly inputs: readonly (Value | null)[];
  readonly outputs: readonly Value[];
}

export interface Trace {
  readonly image: Value;
  readonly ops: readonly TracedOp[];
  readonly outputs: ReadonlyMap<string, Value>;
  /** Lets go of what it holds. */
  dispose(): void;
}

class Tracer {
  readonly ops: TracedOp[] = [];
  readonly #values = new Map<Tensor, Value>();
  readonly #names: ReadonlyMap<Tensor, string>;
  readonly #held: Tensor[] = [];
  #next = 0;

  constructor(named: ReadonlyMap<string, Tensor>) {
    this.#names = new Map([...named].map(([name, tensor]) => [tensor, name]));
  }

  add({ op, as, attrs, inputs, outputs }: AppliedOp): void {
    const from = inputs.map((input) => input && this.of(input));
    const fixed = from.every((value) => value?.fixed ?? true);
    const to = outputs.map((output) => this.define(output, fixed));
    this.ops.push({ op: op.name, as, attrs, inputs: from, outputs: to });
  }

  /** The value that a tensor has now; of one that no op made, which is kept to be read. */
  of(tensor: Tensor): Value {
    const known = this.#values.get(tensor);
    if (known) return known;
    const held = disown(tensor.view());
    this.#held.push(held);
    return this.define(tensor, true, held);
  }

  define(tensor: Tensor, fixed: boolean, held: Tensor | null = null): Value {
    const { shape, dtype } = tensor;
    const name = this.#names.get(tensor) ?? null;
    const value = { id: this.#next++, shape, dtype, fixed, held, name };
    this.#values.set(tensor, value);
    return value;
  }

  dispose(): void {
    for (const tensor of this.#held) tensor.dispose();
  }
}

/** The ops that outputs depend on, in order. */
function needed(ops: readonly TracedOp[], outputs: Iterable<Value>): TracedOp[] {
  const wanted = new Set(outputs);
  const found: TracedOp[] = [];
  for (const op of [...ops].reverse()) {
    if (!op.outputs.some((output) => wanted.has(output))) continue;
    found.push(op);
    for (const input of op.inputs) if (input) wanted.add(input);
  }
  return found.reverse();
}

/**
 * Runs `forward` on an image without gradients and gives the ops that its outputs come from.
 * @param named tensors that are there before, by name: parameters and statistics
 */
export function traceForward(
  image: Tensor,
  named: ReadonlyMap<string, Tensor>,
  forward: (image: Tensor) => ReadonlyMap<string, Tensor>,
): Trace {
  const tracer = new Tracer(named);
  using _temporaries = scope();
  const start = tracer.define(image, false);
  try {
    const made = listenToOps(
      (applied) => tracer.add(applied),
      () => noGrad(() => forward(image)),
    );
    const outputs = new Map([...made].map(([name, tensor]) => [name, tracer.of(tensor)]));
    const ops = needed(tracer.ops, outputs.values());
    return { image: start, ops, outputs, dispose: () => tracer.dispose() };
  } catch (error) {
    tracer.dispose();
    throw error;
  }
}
