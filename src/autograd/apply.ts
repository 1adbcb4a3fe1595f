/** @file Runs an op and has the tapes that follow its inputs record it. */
import { describe } from '../base/describe.ts';
import { ShapeError } from '../base/errors.ts';
import { channels } from '../kernels/copy.ts';
import { nameLaunches } from '../kernels/launch/queue.ts';
import { type Inputs, type Op, runOp } from '../kernels/op.ts';
import { reshape } from '../kernels/reshape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { watchViews } from '../tensor/views.ts';
import { keptOutputs, noteInputs, noteOutputs, noteView } from './recompute.ts';
import { recordOp } from './tapes.ts';

// Views made by methods are on the tape as those made by ops.
watchViews({
  reshaped(x, view) {
    noteView(x, view);
    recordOp(reshape, [x], [view], { shape: view.shape });
  },
  cut(x, view, start, end) {
    noteView(x, view);
    recordOp(channels, [x], [view], { axis: x.shape.length - 1, start, end });
  },
});

/** Of `apply`: where the first output goes, and how errors name the call. */
export interface ApplyOptions {
  /** Receives output 0. */
  readonly into?: Tensor | undefined;
  /** The call as the user wrote it, for errors; default the op's name. */
  readonly as?: string;
}

/** Throws ShapeError unless there are an op record, a list of inputs and options. */
function expectGiven<A>(op: Op<A>, inputs: Inputs, options: ApplyOptions): void {
  if (typeof op?.infer !== 'function' || typeof op.launch !== 'function')
    throw new ShapeError(
      'apply',
      'op',
      `is ${describe(op)}`,
      'Pass an op record: { name, infer, launch, … }.',
    );
  if (!Array.isArray(inputs))
    throw new ShapeError(op.name, 'inputs', `are ${describe(inputs)}`, 'Pass an array of tensors.');
  if (typeof options !== 'object' || options === null)
    throw new ShapeError(op.name, 'options', `are ${describe(options)}`, 'Pass { into, as }.');
}

/**
 * Runs any op record, a user's own included; the tapes that follow its inputs record it.
 * @throws ShapeError where the arguments do not fit
 * @example
 * const infer = ([x]) => x.shape.map(() => ({ shape: [1], dtype: 'i32' }));
 * const sizes = { name: 'sizes', infer, launch: (_, [x], ys) => ys.forEach((y, i) => y.write([x.shape[i]])) };
 * const [rows, columns] = ops.applyAll(sizes, [zeros(device, [2, 3])], null);
 * [await rows.item(), await columns.item()]; // [2, 3]
 */
export function applyAll<A>(op: Op<A>, inputs: Inputs, attrs: A, options: ApplyOptions = {}): Tensor[] {
  expectGiven(op, inputs, options);
  const { into, as = op.name } = options;
  // The list may be the caller's, who may empty it before backward.
  const given = [...inputs];
  noteInputs(given);
  const outputs = keptOutputs() ?? runAs(op, given, attrs, into, as);
  noteOutputs(outputs);
  recordOp(op, given, outputs, attrs, as);
  return outputs;
}

/** Runs an op whose launches say by which call they were made. */
function runAs<A>(op: Op<A>, inputs: Inputs, attrs: A, into: Tensor | undefined, as: string): Tensor[] {
  const before = nameLaunches(as);
  try {
    return runOp(op, inputs, attrs, { into: [into], as });
  } finally {
    nameLaunches(before);
  }
}

/** Has errors of a call that is made of others name it. */
export function named<T>(as: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    throw new ShapeError(as, error.argument, error.problem, error.fix);
  }
}

/**
 * As applyAll, for ops with one output.
 * @example
 * const infer = ([x]) => [{ shape: [x.size], dtype: x.dtype }];
 * const row = { name: 'row', infer, view: ([x]) => x.view([x.size]), launch() {} }; // a view: nothing to launch
 * ops.apply(row, [zeros(device, [2, 3])], null).shape; // [6]
 */
export function apply<A>(op: Op<A>, inputs: Inputs, attrs: A, options?: ApplyOptions): Tensor {
  return applyAll(op, inputs, attrs, options)[0]!;
}

/** As apply, for ops whose further outputs only their gradient needs. */
export function applyFirst<A>(op: Op<A>, inputs: Inputs, attrs: A, options?: ApplyOptions): Tensor {
  const [first, ...others] = applyAll(op, inputs, attrs, options);
  for (const other of others) other.dispose();
  return first!;
}
