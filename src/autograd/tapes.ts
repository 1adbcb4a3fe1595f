/** @file The tapes that are open: which of them an op is recorded by, and how they are suspended. */

import { describe } from '../base/describe.ts';
import { GradientError, ShapeError } from '../base/errors.ts';
import type { Inputs, Op } from '../kernels/op.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type BlockBackward, leafOf } from './entry.ts';
import { leaveTrace } from './trace.ts';

/** What the tapes that are open offer to whoever applies ops. */
export interface OpenTape {
  tracks(tensor: Tensor): boolean;
  makes(tensor: Tensor): boolean;
  record<A>(op: Op<A>, inputs: Inputs, outputs: readonly Tensor[], attrs: A, as: string): boolean;
  recordBlock(
    inputs: Inputs,
    outputs: readonly Tensor[],
    needed: readonly Tensor[],
    backward: BlockBackward,
  ): void;
  pause<T>(action: () => T): T;
  dispose(): void;
}

const tapes: OpenTape[] = [];
/** How many `noGrad` are running. */
let paused = 0;
/** Tapes below this index are those around `withGrad`. */
let floor = 0;

/** Has the tape record from now on, until `close`. */
export function open(tape: OpenTape): void {
  tapes.push(tape);
}

export function close(tape: OpenTape): void {
  const index = tapes.indexOf(tape);
  if (index >= 0) tapes.splice(index, 1);
}

/** Closes the tapes that were opened since there were `count` and are open still: an error has left them so. */
export function closeSince(count: number): void {
  for (const tape of tapes.slice(count)) tape.dispose();
}

export const countTapes = (): number => tapes.length;

/** Whether a value is a promise, or would be awaited as one. */
export const isPromise = (value: unknown): value is Promise<unknown> =>
  typeof (value as { then?: unknown } | undefined)?.then === 'function';

/** Throws ShapeError unless `action` is a function. */
export function expectAction(call: string, action: unknown): void {
  if (typeof action !== 'function')
    throw new ShapeError(call, 'action', `is ${describe(action)}`, 'Pass a function: () => …');
}

/** The tapes that record now. */
export function openTapes(): readonly OpenTape[] {
  return paused === 0 ? tapes.slice(floor) : [];
}

/** Whether a tape that is open follows the tensor. */
export function followed(tensor: Tensor): boolean {
  return leafOf(tensor).requiresGrad || tapes.some((tape) => tape.tracks(tensor));
}

/** An op as it was applied: `as` is the call as the user wrote it. */
export interface AppliedOp {
  readonly op: Op<never>;
  readonly inputs: Inputs;
  readonly outputs: readonly Tensor[];
  readonly attrs: unknown;
  readonly as: string;
}

const listeners: ((applied: AppliedOp) => void)[] = [];

/** Runs `action`; `listener` is told of every op right after it ran, whether a tape records it or not, and of every view. */
export function listenToOps<T>(listener: (applied: AppliedOp) => void, action: () => T): T {
  listeners.push(listener);
  try {
    return action();
  } finally {
    listeners.splice(listeners.indexOf(listener), 1);
  }
}

/** Has every open tape that follows an input note the op. */
export function recordOp<A>(
  op: Op<A>,
  inputs: Inputs,
  outputs: readonly Tensor[],
  attrs: A,
  as = op.name,
): void {
  for (const listener of listeners) listener({ op, inputs, outputs, attrs, as });
  let noted = false;
  for (const tape of openTapes()) noted = tape.record(op, inputs, outputs, attrs, as) || noted;
  if (!noted)
    leaveTrace(
      op,
      as,
      inputs,
      outputs,
      inputs.some((input) => input && followed(input)),
    );
}

/**
 * Runs `action` without recording. Of an async action the part up to its first `await` is seen by no tape at all; from
 * there on, until its promise settles, the open tape is suspended.
 * @throws ShapeError for what is no function
 * @throws GradientError for an async action while several tapes are open: use the `pause` of the one that is meant
 * @example
 * noGrad(() => ops.relu(tensor(device, [-1, 2], [2]))).read(); // [0, 2]
 */
export function noGrad<T>(action: () => T): T {
  expectAction('noGrad', action);
  const result = quietly(action);
  if (!isPromise(result) || tapes.length === floor) return result;
  const [tape, another] = tapes.slice(floor);
  if (!another) return tape!.pause(() => result);
  result.then(undefined, () => {});
  throw new GradientError(
    'noGrad: the action is async and several tapes are open, so which of them to suspend is unclear. Use tape.pause(action).',
  );
}

/** Runs `action` seen by no tape, up to its first await. */
export function quietly<T>(action: () => T): T {
  paused++;
  try {
    return action();
  } finally {
    paused--;
  }
}

/** Runs `action` so that tapes made in it record, within `noGrad` too, and those around it do not. */
export function withGrad<T>(action: () => T): T {
  const before = { paused, floor };
  paused = 0;
  floor = tapes.length;
  try {
    return action();
  } finally {
    ({ paused, floor } = before);
  }
}
