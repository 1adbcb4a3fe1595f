/** @file Runs an op and has the active tape record it. */
import { type Inputs, type Op, run } from '../kernels/op.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { keptOutputs, noteOutputs } from './recompute.ts';
import { activeTape } from './tape.ts';

export interface ApplyOptions {
  /** Receives output 0. */
  readonly into?: Tensor | undefined;
  /** The call as the user wrote it, for errors; default the op's name. */
  readonly as?: string;
}

/** Runs any op record, a user's own included, and records it if a tape is active. */
export function applyAll<A>(op: Op<A>, inputs: Inputs, attrs: A, { into, as }: ApplyOptions = {}): Tensor[] {
  const outputs =
    keptOutputs() ?? run(op, inputs, attrs, { into: [into], ...(as === undefined ? {} : { as }) });
  noteOutputs(outputs);
  activeTape()?.record(op, inputs, outputs, attrs);
  return outputs;
}

/** As applyAll, for ops with one output. */
export function apply<A>(op: Op<A>, inputs: Inputs, attrs: A, options?: ApplyOptions): Tensor {
  return applyAll(op, inputs, attrs, options)[0]!;
}

/** As apply, for ops whose further outputs only their gradient needs. */
export function applyFirst<A>(op: Op<A>, inputs: Inputs, attrs: A, options?: ApplyOptions): Tensor {
  const [first, ...others] = applyAll(op, inputs, attrs, options);
  for (const other of others) other.dispose();
  return first!;
}
