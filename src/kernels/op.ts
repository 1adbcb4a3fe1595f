/** @file The op contract: one record holds an op's shape rule, its launch and its gradient. */

import { DisposedError, ShapeError } from '../base/errors.ts';
import { empty } from '../tensor/create.ts';
import type { Device } from '../tensor/device.ts';
import { expectRecorder } from '../tensor/recorded.ts';
import { elementCount, formatShape } from '../tensor/shape.ts';
import { type Spec, Tensor } from '../tensor/tensor.ts';
import { describe } from './checks.ts';
import { watcherOf } from './launch/watch.ts';
import { denseOf } from './runs.ts';

/** Inputs of an op; null stands for an optional input that is left out (a bias). */
export type Inputs = readonly (Tensor | null)[];

/**
 * The gradient that arrives at output `index`, before it exists.
 * @example
 * new Incoming(0, { shape: [2], dtype: 'f32' }).spec.shape; // [2]
 */
export class Incoming {
  readonly index: number;
  readonly spec: Spec;

  constructor(index: number, spec: Spec) {
    this.index = index;
    this.spec = spec;
  }
}

/**
 * A launch of backward, described: which op on which values. `grad` returns these; the tape runs what is needed.
 * @example
 * const op = { name: 'same', infer: ([x]) => [x], launch() {} };
 * new Call(op, [], null).at(1).index; // 1
 */
export class Call<A = unknown> {
  readonly op: Op<A>;
  readonly inputs: readonly (Value | null)[];
  readonly attrs: A;

  constructor(op: Op<A>, inputs: readonly (Value | null)[], attrs: A) {
    this.op = op;
    this.inputs = inputs;
    this.attrs = attrs;
  }

  /** Output `index` of this call. */
  at(index: number): CallOutput {
    return new CallOutput(this as Call, index);
  }
}

/**
 * One output of a launch of backward that is described, not yet run.
 * @example
 * const op = { name: 'same', infer: ([x]) => [x], launch() {} };
 * new CallOutput(new Call(op, [], null), 2).index; // 2
 */
export class CallOutput {
  readonly call: Call;
  readonly index: number;

  constructor(call: Call, index: number) {
    this.call = call;
    this.index = index;
  }
}

/** A saved tensor, an incoming gradient, or an output of another backward launch. */
export type Value = Tensor | Incoming | CallOutput;

/**
 * Describes output 0 of `op` on `inputs`.
 * @example
 * const op = { name: 'same', infer: ([x]) => [x], launch() {} };
 * call(op, [zeros(device, [2])], null).index; // 0
 */
export function call<A>(op: Op<A>, inputs: readonly (Value | null)[], attrs: A): CallOutput {
  return new Call(op, inputs, attrs).at(0);
}

/** What an op’s `grad` is told of a call. */
export interface GradContext<A> {
  readonly inputs: Inputs;
  readonly outputs: readonly Tensor[];
  /** Incoming gradients, one per output. */
  readonly dy: readonly Incoming[];
  /** Which inputs need a gradient. */
  readonly tracked: readonly boolean[];
  readonly attrs: A;
}

/**
 * One op. `infer` checks arguments (throwing ShapeError before the device is touched) and gives the outputs' specs;
 * `launch` writes every element of the outputs; `grad` describes, per input, the launches that give its gradient, or
 * null where there is none. Tensors that `grad` mentions stay alive until backward has run.
 */
export interface Op<A = unknown> {
  readonly name: string;
  /** What the inputs are called, for errors. */
  readonly inputs?: readonly string[];
  /** The first input may be null as others may: a number of the attributes stands for it. */
  readonly scalars?: true;
  infer(inputs: Inputs, attrs: A): readonly Spec[];
  launch(device: Device, inputs: Inputs, outputs: readonly Tensor[], attrs: A): void;
  grad?(context: GradContext<A>): readonly (Value | null)[];
  /**
   * Output 0 computed again, for about a copy's time, from what `grad` keeps anyway: where another op's gradient reads
   * it, backward does so rather than keep it.
   */
  again?(context: GradContext<A>): Value;
  /** The output as a view of the inputs' storage, where it is one: nothing is launched. */
  view?(inputs: Inputs, attrs: A): Tensor | undefined;
  /** Reads inputs that are runs of channels (Tensor.run) in place; for other ops they are copied first. */
  readonly readsRuns?: true;
  /** Writes outputs that are runs of channels. */
  readonly writesRuns?: true;
  /** Of an op in `grad`: takes a further input of the output's shape, and adds it to its one output. */
  readonly adds?: true;
  /** Whether output 0 is that of a ReLU: what its gradient is where the output is 0 does not matter. */
  endsInRelu?(attrs: A): boolean;
  /**
   * Of an op in `grad` whose output 0 is the gradient of its input 0: given the further attribute `cut: true`, it may
   * give 0 where that input, the output of a ReLU, is 0. So the ReLU's own gradient need not go over it once more.
   */
  readonly cuts?: true;
}

const nameOf = (op: Op<never>, index: number): string => op.inputs?.[index] ?? `input ${index}`;

/** The device an op's inputs live on. @throws ShapeError where they live on several, or one is no tensor */
function deviceOf<A>(op: Op<A>, inputs: Inputs): Device {
  const devices = new Set<Device>();
  for (const [index, input] of inputs.entries()) {
    if (input === null && (index > 0 || op.scalars)) continue;
    if (input instanceof Tensor) {
      if (input.disposed) throw new DisposedError(`Tensor ${input.label}`);
      devices.add(input.device);
    } else {
      const problem = `is ${describe(input)}`;
      throw new ShapeError(op.name, nameOf(op, index), problem, 'A tensor is needed.');
    }
  }
  const [device, other] = devices;
  if (!device) throw new ShapeError(op.name, 'inputs', 'hold no tensor', 'At least one is needed.');
  if (other) {
    const problem = `live on ${devices.size} devices`;
    throw new ShapeError(op.name, 'inputs', problem, 'All inputs must be on one device.');
  }
  return device;
}

/** Checks an op's arguments: its device and the specs of its outputs. Errors name the call `as`, as the user wrote it. */
function inferAs<A>(
  op: Op<A>,
  inputs: Inputs,
  attrs: A,
  as: string,
): { device: Device; specs: readonly Spec[] } {
  try {
    return { device: deviceOf(op, inputs), specs: op.infer(inputs, attrs) };
  } catch (error) {
    if (!(error instanceof ShapeError) || error.call !== op.name || as === op.name) throw error;
    throw new ShapeError(as, error.argument, error.problem, error.fix);
  }
}

interface RunOptions {
  /** `into[i]`, where given, receives output i; it must have the inferred size and dtype. */
  readonly into?: readonly (Tensor | undefined)[];
  /** The call as the user wrote it, for errors; default the op's name. */
  readonly as?: string;
}

/**
 * Runs an op outside any tape: shapes, outputs, launch. Where it throws, nothing is left allocated.
 * @throws ShapeError where the arguments do not fit
 * @throws DisposedError for an input that was disposed
 * @throws CaptureError for inputs on another device than a step that is being recorded
 */
export function runOp<A>(
  op: Op<A>,
  inputs: Inputs,
  attrs: A,
  { into = [], as = op.name }: RunOptions = {},
): Tensor[] {
  const { device, specs } = inferAs(op, inputs, attrs, as);
  expectRecorder(as, device);
  for (const [i, spec] of specs.entries()) if (into[i]) expectPlace(op, spec, into[i], as);
  const dense = op.readsRuns ? inputs : inputs.map((input) => input && denseOf(input));
  const copies = dense.filter((input, i) => input !== inputs[i]);
  const made: Tensor[] = [];
  try {
    const view = op.view?.(dense, attrs);
    if (view) return [view];
    for (const [i, spec] of specs.entries()) if (!into[i]) made[i] = empty(device, spec, as);
    const outputs = specs.map((_, i) => into[i] ?? made[i]!);
    const again = (from: Inputs, to: readonly Tensor[]) => op.launch(device, from, to, attrs);
    watcherOf(device)?.launching({ op: op.name, inputs: dense, outputs, launch: again });
    again(dense, outputs);
    return outputs;
  } catch (error) {
    for (const output of made) output?.dispose();
    throw error instanceof ShapeError ? new ShapeError(as, error.argument, error.problem, error.fix) : error;
  } finally {
    for (const copy of copies) copy?.dispose();
  }
}

/** Throws ShapeError unless an output of this spec can be written to `into`. */
function expectPlace<A>(op: Op<A>, spec: Spec, into: Tensor, as: string): void {
  const needed = `${spec.dtype} ${formatShape(spec.shape)} is needed.`;
  if (!(into instanceof Tensor)) throw new ShapeError(as, 'into', `is ${describe(into)}`, needed);
  const fits = into.size === elementCount(spec.shape) && into.dtype === spec.dtype;
  if (fits && (op.writesRuns || !into.run)) return;
  const found = into.run ? 'is a run of channels' : `is ${into.dtype} ${formatShape(into.shape)}`;
  throw new ShapeError(as, 'into', found, needed);
}

/** Throws ShapeError unless `input` has rank `rank` (and dtype f32 unless another, or null for any, is named). */
export function expectRank(
  op: string,
  argument: string,
  input: Tensor | null,
  rank: number,
  dtype: string | null = 'f32',
): Tensor {
  if (!input) throw new ShapeError(op, argument, 'is missing', 'Pass a tensor.');
  if (input.shape.length !== rank) {
    throw new ShapeError(op, argument, `has shape ${formatShape(input.shape)}`, `Rank ${rank} is needed.`);
  }
  return dtype === null ? input : expectType(op, argument, input, dtype);
}

/** Throws ShapeError unless `input` has the dtype. */
export function expectType(op: string, argument: string, input: Tensor, dtype: string): Tensor {
  if (input.dtype === dtype) return input;
  throw new ShapeError(op, argument, `has dtype ${input.dtype}`, `${dtype} is needed; use cast().`);
}

/** Throws ShapeError unless `input` has exactly this shape. */
export function expectShape(
  op: string,
  argument: string,
  input: Tensor | null,
  shape: readonly number[],
): Tensor {
  if (input && formatShape(input.shape) === formatShape(shape)) return input;
  const found = input ? `has shape ${formatShape(input.shape)}` : 'is missing';
  throw new ShapeError(op, argument, found, `${formatShape(shape)} is needed.`);
}
