/** @file Backward through one entry of a tape: evaluates its gradients and hands them on, or to leaves. */

import { ShapeError } from '../base/errors.ts';
import { accumulateInto, binary } from '../kernels/binary.ts';
import { cast } from '../kernels/cast.ts';
import { type Call, CallOutput, Incoming, type Inputs, runOp, type Value } from '../kernels/op.ts';
import { unary } from '../kernels/unary.ts';
import { filled } from '../tensor/create.ts';
import { disown } from '../tensor/scope.ts';
import { formatShape, sameShape } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import { type Entry, leafOf, unchanged } from './entry.ts';
import { markGradient } from './trace.ts';

/** What evaluating an entry's gradients needs: incoming gradients, results so far, and arena slots to write into. */
interface Evaluation {
  readonly entry: Entry;
  readonly incoming: readonly (Tensor | undefined)[];
  readonly results: Map<Call, Tensor[]>;
  readonly slots: Map<Call, Tensor[]>;
  /** The call that may cut what it gives, for a ReLU comes next. */
  readonly cutting: Call | undefined;
}

/** The entry that made a tensor; of leaves there is none. */
type MakerOf = (tensor: Tensor) => Entry | undefined;

/** Runs one entry's gradient launches; leaves receive theirs, other inputs' go into `gradients`. */
export function propagate(entry: Entry, gradients: Map<Tensor, Tensor>, makerOf: MakerOf): void {
  const incoming = entry.outputs.map((output) => gradients.get(output));
  if (entry.backward) {
    propagateBlock(
      entry,
      entry.backward(incoming, (tensor) => kept(entry, tensor)),
      gradients,
    );
    return;
  }
  const slots = slotsOf(entry, makerOf);
  const cutting = cuttingCall(entry, makerOf);
  const evaluation = { entry, incoming, results: new Map<Call, Tensor[]>(), slots, cutting };
  for (const [index, value] of entry.gradients.entries()) {
    const input = entry.inputs[index];
    if (!value || !input) continue;
    if (makerOf(input)) gradients.set(input, summed(value, evaluation, gradients.get(input)));
    else deliver(leafOf(input), evaluate(value, evaluation), isShared(value));
  }
}

/** The call that gives the gradient of input 0, where that can cut it and nobody but a ReLU's gradient sees it. */
function cuttingCall({ gradients: [value], inputs: [input] }: Entry, makerOf: MakerOf): Call | undefined {
  if (!(value instanceof CallOutput) || value.index !== 0 || !value.call.op.cuts) return undefined;
  return input && !input.requiresGrad && makerOf(input)?.endsInRelu ? value.call : undefined;
}

const kept = (entry: Entry, tensor: Tensor): Tensor => unchanged(entry.as, entry.pinned.get(tensor)!);

function propagateBlock(
  { inputs }: Entry,
  found: readonly (Tensor | null)[],
  gradients: Map<Tensor, Tensor>,
): void {
  for (const [index, gradient] of found.entries()) {
    const input = inputs[index];
    if (!input || !gradient) continue;
    const previous = gradients.get(input);
    gradients.set(input, previous ? runOp(binary, [previous, gradient], { fn: 'add' })[0]! : gradient);
  }
}

/** The gradient plus what reached its input before: in the launch that makes it, where its op can add. */
function summed(value: Value, evaluation: Evaluation, previous: Tensor | undefined): Tensor {
  if (!previous) return evaluate(value, evaluation);
  if (value instanceof CallOutput && value.call.op.adds && !evaluation.results.has(value.call)) {
    const { op, inputs, attrs } = value.call;
    return runOp(op, [...inputs.map((input) => input && evaluate(input, evaluation)), previous], attrs)[0]!;
  }
  return runOp(binary, [previous, evaluate(value, evaluation)], { fn: 'add' })[0]!;
}

/** Leaves that receive their first gradient have it written straight into their slot of the gradient arena. */
function slotsOf(entry: Entry, makerOf: MakerOf): Map<Call, Tensor[]> {
  const slots = new Map<Call, Tensor[]>();
  const seen = new Set<Tensor>();
  for (const [index, value] of entry.gradients.entries()) {
    const input = entry.inputs[index];
    const leaf = input && leafOf(input);
    if (!value || !leaf?.requiresGrad || makerOf(input!) || seen.has(leaf)) continue;
    // Only the first of several gradients: the slot holds it when the others are added.
    seen.add(leaf);
    if (!(value instanceof CallOutput) || value.call.op.view || !leaf.gradSlot || leaf.heldGrad.soFar)
      continue;
    const into = slots.get(value.call) ?? [];
    into[value.index] = leaf.gradSlot;
    slots.set(value.call, into);
  }
  return slots;
}

/** The slots that the call's outputs can be written to: the gradient of a copy in f16 may be f16, its master's slot is f32. */
function fitting({ op, attrs }: Call, inputs: Inputs, slots: readonly Tensor[] = []): (Tensor | undefined)[] {
  if (slots.length === 0) return [];
  const specs = op.infer(inputs, attrs);
  return Array.from(slots, (slot, i) => (slot?.dtype === specs[i]?.dtype ? slot : undefined));
}

function evaluate(value: Value, evaluation: Evaluation): Tensor {
  const { entry, incoming, results, slots, cutting } = evaluation;
  if (value instanceof Incoming) {
    return (
      incoming[value.index] ?? filled(entry.outputs[0]!.device, 0, value.spec.shape, value.spec.dtype, 'dy')
    );
  }
  if (!(value instanceof CallOutput)) {
    const again = entry.again.get(value);
    return again ? evaluate(again.value, { ...evaluation, entry: again.entry }) : kept(entry, value);
  }
  const { op, inputs, attrs: plain } = value.call;
  let outputs = results.get(value.call);
  if (!outputs) {
    const tensors = inputs.map((input) => input && evaluate(input, evaluation));
    const attrs = value.call === cutting ? Object.assign({ cut: true }, plain) : plain;
    outputs = runOp(op, tensors, attrs, { into: fitting(value.call, tensors, slots.get(value.call)) });
    results.set(value.call, outputs);
  }
  return outputs[value.index]!;
}

/** Whether someone else may hold the tensor that this gives. */
const isShared = (value: Value): boolean =>
  !(value instanceof CallOutput) || value.call.op.view !== undefined;

/**
 * Gives a leaf its gradient: the first is kept (or lies in its slot already), later ones are added.
 * @param shared another input may hold the same tensor: it is copied, for it will be added to in place
 */
export function deliver(leaf: Tensor, given: Tensor, shared: boolean): void {
  const gradient = given.dtype === leaf.dtype ? given : runOp(cast, [given], { dtype: leaf.dtype })[0]!;
  const { heldGrad, gradSlot } = leaf;
  if (heldGrad.soFar) {
    accumulateInto(heldGrad.soFar, gradient);
    return;
  }
  if (gradSlot) {
    if (gradient !== gradSlot) runOp(unary, [gradient], { fn: 'affine' }, { into: [gradSlot] });
    heldGrad.assign(gradSlot);
  } else heldGrad.adopt(disown(shared ? runOp(unary, [gradient], { fn: 'affine' })[0]! : gradient));
  markGradient(heldGrad.value!);
}

/** Throws ShapeError unless backward can start from `loss` with `dy`. */
export function expectLoss(loss: Tensor, dy: Tensor | undefined): void {
  if (!(loss instanceof Tensor))
    throw new ShapeError('backward', 'loss', 'is no tensor', 'Pass the tensor to start from.');
  if (loss.dtype !== 'f32' && loss.dtype !== 'f16')
    throw new ShapeError('backward', 'loss', `has dtype ${loss.dtype}`, 'Only floats have a gradient.');
  if (!dy && loss.size !== 1) {
    const problem = `has shape ${formatShape(loss.shape)}`;
    throw new ShapeError('backward', 'loss', problem, 'Reduce it to one element, or pass dy.');
  }
  if (!dy) return;
  if (dy instanceof Tensor && dy.device !== loss.device)
    throw new ShapeError('backward', 'dy', 'is on another device than the loss', 'Make it on the same.');
  const fits = dy instanceof Tensor && sameShape(dy.shape, loss.shape) && dy.dtype === loss.dtype;
  const single = dy instanceof Tensor && dy.size === 1 && loss.size === 1;
  if (fits || (single && dy.dtype === loss.dtype)) return;
  const found = dy instanceof Tensor ? `is ${dy.dtype} ${formatShape(dy.shape)}` : 'is no tensor';
  throw new ShapeError(
    'backward',
    'dy',
    found,
    `${loss.dtype} ${formatShape(loss.shape)}, as the loss, is needed.`,
  );
}
