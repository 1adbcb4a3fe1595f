/** @file Why a tensor is on no tape: what backward says where it would reach nothing, or only a part. */

import { GradientError } from '../base/errors.ts';
import type { Inputs, Op } from '../kernels/op.ts';
import { isFloat } from '../tensor/dtype.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Entry } from './entry.ts';

/**
 * `gradient`: it is a gradient, or made of one; `cut`: made by an op that has no gradient, of tensors that a tape
 * followed; `unrecorded`: made of such while no tape recorded.
 */
interface Trace {
  readonly kind: 'gradient' | 'cut' | 'unrecorded';
  /** The call that cut. */
  readonly op?: string;
}

const traces = new WeakMap<Tensor, Trace>();

/** Marks a gradient that backward has delivered: there is none of its own. */
export function markGradient(gradient: Tensor): void {
  traces.set(gradient, { kind: 'gradient' });
}

/** Remembers why the outputs of an op, called `as`, are on no tape, where an input was followed or has a trace itself. */
export function leaveTrace<A>(
  op: Op<A>,
  as: string,
  inputs: Inputs,
  outputs: readonly Tensor[],
  followed: boolean,
): void {
  const inherited = inputs.map((input) => input && traces.get(input)).find((trace) => trace);
  const cut = followed && !op.grad ? ({ kind: 'cut', op: as } as const) : undefined;
  const trace = inherited ?? cut ?? (followed ? ({ kind: 'unrecorded' } as const) : undefined);
  if (trace) for (const output of outputs) if (isFloat(output.dtype)) traces.set(output, trace);
}

const DETACH = 'Give it to ops.detach() first where it is meant as a constant.';

/** Throws where a part of the gradient would be lost at this input, which the tape does not follow. */
export function expectUncut(op: string, input: Tensor): void {
  const trace = traces.get(input);
  if (trace?.kind === 'gradient') {
    throw new GradientError(
      `backward: ${op} reads ${input.label}, which was computed from a gradient. Gradients have none of their own: second order is not supported. ${DETACH}`,
    );
  }
  if (trace?.kind === 'cut') {
    throw new GradientError(
      `backward: ${op} reads ${input.label}, which ${trace.op} made from tensors the tape follows, and ${trace.op} has no gradient. ${DETACH}`,
    );
  }
}

/** Throws where backward would lead from one captured step into another, out of one, or into one from outside. */
export function expectSameStep({ as, recording }: Entry, { device }: Tensor): void {
  const now = device.recording;
  if (recording === now) return;
  const says = (why: string) =>
    new GradientError(`backward: ${why} Put forward pass and backward into one step.`);
  if (!recording)
    throw says(
      `${as} ran before the captured step: each run would repeat the gradient of what it was given then. ${DETACH}`,
    );
  const where = now
    ? 'in another captured step, and is called in this one'
    : 'in a captured step, and is called outside it';
  throw says(
    `it leads through ${as}, which was recorded ${where}. What a step computes is there only while it runs.`,
  );
}

/** For an op that has written where another one's result lies that a tape follows. */
export function rewritten(as: string, output: Tensor): GradientError {
  return new GradientError(
    `${as}: ${output.label} holds the result of another op that the tape follows. Give each result a place of its own.`,
  );
}

/** Why a loss is on no tape, or not on this one. */
export function explain(loss: Tensor, { spent = false, another = false } = {}): GradientError {
  const trace = traces.get(loss);
  const says = (why: string) => new GradientError(`backward: ${loss.label} ${why}`);
  if (spent)
    return says(
      'was consumed by an earlier backward. Give that one { retainGraph: true } to go through it again.',
    );
  if (another) return says('was recorded by another tape. Call backward on that one, before it is disposed.');
  if (trace?.kind === 'gradient')
    return says(
      'was computed from a gradient. Gradients have none of their own: second order is not supported.',
    );
  if (trace?.kind === 'cut') return says(`was made by ${trace.op}, which has no gradient.`);
  if (trace)
    return says('was made while no tape recorded. Create the tape before the forward pass, outside noGrad.');
  return says(
    'depends on nothing this tape follows. Set requiresGrad on what shall get a gradient, before the forward pass.',
  );
}
