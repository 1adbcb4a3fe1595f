/** @file What the tape notes of an op: how its gradients are computed, and what is kept for that. */

import { GradientError } from '../base/errors.ts';
import { type Call, CallOutput, Incoming, type Inputs, type Op, type Value } from '../kernels/op.ts';
import { isFloat } from '../tensor/dtype.ts';
import { disown } from '../tensor/scope.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** A handle of the tape's own on a tensor that backward will read, and how often its storage was written by then. */
interface Pin {
  readonly tensor: Tensor;
  readonly clock: number;
}

export interface Entry {
  /** The call as the user wrote it. */
  readonly as: string;
  /** The step that was being recorded then, if one was. */
  readonly recording: object | undefined;
  readonly outputs: readonly Tensor[];
  readonly inputs: Inputs;
  /** Which inputs the tape follows. */
  readonly tracked: readonly boolean[];
  /** Per input: how its gradient is computed, or null where none is needed. */
  readonly gradients: readonly (Value | null)[];
  /** The input that is followed and that the op has no gradient for, by its name. */
  readonly refused: string | undefined;
  /** Keep the storages that backward will read; disposed with the entry. */
  readonly pinned: ReadonlyMap<Tensor, Pin>;
  /** What backward will read but computes again. */
  readonly again: ReadonlyMap<Tensor, Again>;
  /** Whether output 0 is a ReLU's. */
  readonly endsInRelu: boolean;
  /** Of a block: runs its gradients, in place of `gradients`. */
  readonly backward?: BlockBackward;
}

/** How an output is computed again, from what the entry that made it has pinned: backward comes to that one later. */
export interface Again {
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

/** What a tensor's gradient is delivered to: the parameter that it is a copy of, or itself. */
export const leafOf = (tensor: Tensor): Tensor => tensor.master ?? tensor;

function collect(value: Value | null, found: Set<Tensor>): void {
  if (value === null || value instanceof Incoming) return;
  if (value instanceof CallOutput) for (const input of (value.call as Call).inputs) collect(input, found);
  else found.add(value);
}

/** An op as it was applied. */
interface Applied<A> {
  readonly inputs: Inputs;
  readonly outputs: readonly Tensor[];
  readonly attrs: A;
  readonly as: string;
  readonly tracked: readonly boolean[];
}

/** The entry of an op, and how its output 0 is computed again, where that is cheap. */
export function entryOf<A>(
  op: Op<A> & Required<Pick<Op<A>, 'grad'>>,
  { inputs, outputs, attrs, as, tracked }: Applied<A>,
  cheap: ReadonlyMap<Tensor, Again>,
): { entry: Entry; again: Again | undefined } {
  const dy = outputs.map((output, index) => new Incoming(index, output));
  const context = { inputs, outputs, dy, tracked, attrs };
  const all = op.grad(context);
  const gradients = inputs.map((_, i) => (tracked[i] ? (all[i] ?? null) : null));
  const without = inputs.findIndex(
    (input, i) => tracked[i] && input && isFloat(input.dtype) && gradients[i] === null,
  );
  const read = new Set<Tensor>();
  for (const value of gradients) collect(value, read);
  const again = new Map(
    [...read].flatMap((tensor) => (cheap.has(tensor) ? [[tensor, cheap.get(tensor)!]] : [])),
  );
  const pinned = pinAll([...read].filter((tensor) => !again.has(tensor)));
  const refused = without < 0 ? undefined : (op.inputs?.[without] ?? `input ${without}`);
  const { recording } = outputs[0]!.device;
  const endsInRelu = op.endsInRelu?.(attrs) ?? false;
  const entry = { as, recording, outputs, inputs, tracked, gradients, refused, pinned, again, endsInRelu };
  return { entry, again: op.again && { value: op.again(context), entry } };
}

/** Keeps tensors, as they are now, for backward. */
export function pinAll(tensors: readonly Tensor[]): Map<Tensor, Pin> {
  return new Map(
    tensors.map((tensor) => [tensor, { tensor: disown(tensor.view()), clock: tensor.storage.clock }]),
  );
}

export function unpin({ pinned }: Entry): void {
  for (const { tensor } of pinned.values()) tensor.dispose();
}

/** The tensor that a pin keeps. @throws GradientError where it was written since */
export function unchanged(as: string, { tensor, clock }: Pin): Tensor {
  if (!tensor.storage.writtenSince(tensor.region, clock)) return tensor;
  throw new GradientError(
    `backward: ${tensor.label}, which the gradient of ${as} reads, was written after the forward pass: by write(), an optimiser or a captured step. Call backward before that.`,
  );
}
