/** @file Runs an op and has the tapes that follow its inputs record it. */
import { type Inputs, type Op, run } from '../kernels/op.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { keptOutputs, noteOp } from './recompute.ts';
import { recordOp } from './tape.ts';

export interface ApplyOptions {
  /** Receives output 0. */
  readonly into?: Tensor | undefined;
  /** The call as the user wrote it, for errors; default the op's name. */
  readonly as?: string;
}

/**
 * Runs any op record, a user's own included; the tapes that follow its inputs record it.
 * @throws ShapeError where the arguments do not fit
 */
export function applyAll<A>(op: Op<A>, inputs: Inputs, attrs: A, options: ApplyOptions = {}): Tensor[] {
  const { into, as = op.name } = options;
  const outputs = keptOutputs() ?? run(op, inputs, attrs, { into: [into], as });
  noteOp(inputs, outputs);
  recordOp(op, inputs, outputs, attrs, as);
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
