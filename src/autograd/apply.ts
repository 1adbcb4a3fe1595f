/** @file Runs an op and has the active tape record it. */
import { type Inputs, type Op, run } from '../kernels/op.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { keptOutputs, noteOutputs } from './recompute.ts';
import { activeTape } from './tape.ts';

/** Runs any op record, a user's own included, and records it if a tape is active; `into` receives output 0. */
export function applyAll<A>(op: Op<A>, inputs: Inputs, attrs: A, into?: Tensor): Tensor[] {
  const outputs = keptOutputs() ?? run(op, inputs, attrs, [into]);
  noteOutputs(outputs);
  activeTape()?.record(op, inputs, outputs, attrs);
  return outputs;
}

/** As applyAll, for ops with one output. */
export function apply<A>(op: Op<A>, inputs: Inputs, attrs: A, into?: Tensor): Tensor {
  return applyAll(op, inputs, attrs, into)[0]!;
}

/** As apply, for ops whose further outputs only their gradient needs. */
export function applyFirst<A>(op: Op<A>, inputs: Inputs, attrs: A, into?: Tensor): Tensor {
  const [first, ...others] = applyAll(op, inputs, attrs, into);
  for (const other of others) other.dispose();
  return first!;
}
