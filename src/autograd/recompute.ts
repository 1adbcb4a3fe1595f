/** @file Recomputation: a block whose intermediates are not kept for backward, but computed again there. */

import { ShapeError } from '../base/errors.ts';
import { describe } from '../kernels/checks.ts';
import type { Inputs } from '../kernels/op.ts';
import { disown, own, scope } from '../tensor/scope.ts';
import { Tensor } from '../tensor/tensor.ts';
import { recordStreams, replayStreams } from './streams.ts';
import { Tape } from './tape.ts';
import { noGrad, type OpenTape, openTapes, withGrad } from './tapes.ts';

/** Part of a forward pass that can be run again. */
export type Block = (x: Tensor) => Tensor;

/** What a block does in its first run: counts its ops, holds the outputs of the last, notes what it reads from outside. */
class BlockWatch {
  ops = 0;
  outputs: readonly Tensor[] = [];
  last: readonly Tensor[] = [];
  /** What it reads and has not made, with the write clock of its storage then. */
  readonly outside = new Map<Tensor, number>();
  /** Of its dropouts. */
  streams: readonly number[] = [];
  readonly #made = new Set<Tensor>();

  /** Before an op runs: it may write some of what it reads. */
  noteInputs(inputs: Inputs): void {
    for (const input of inputs) if (input instanceof Tensor) this.#read(input);
  }

  note(outputs: readonly Tensor[]): void {
    for (const output of outputs) this.#made.add(output);
    this.ops++;
    this.release();
    this.last = outputs;
    this.outputs = outputs.map((output) => disown(output.view()));
  }

  /** Notes a view of x, made by a method. */
  noteView(x: Tensor, view: Tensor): void {
    this.#read(x);
    this.#made.add(view);
  }

  made(tensor: Tensor): boolean {
    return this.#made.has(tensor);
  }

  #read(tensor: Tensor): void {
    if (this.#made.has(tensor) || this.outside.has(tensor)) return;
    this.outside.set(tensor, tensor.disposed ? 0 : tensor.storage.clock);
  }

  release(): void {
    for (const output of this.outputs) output.dispose();
  }
}

/** A block that runs again: the op after `left` others is its last, whose outputs are still there. */
interface Replay {
  left: number;
  readonly streams: readonly number[];
  readonly outputs: readonly Tensor[];
}

const watches: BlockWatch[] = [];
let replay: Replay | undefined;

/** Whether a block runs for the second time: what it did to state (running statistics) it must not do again. */
export function recomputing(): boolean {
  return replay !== undefined;
}

/** The outputs of the op that is applied now, where it is the last of a block that runs again. */
export function keptOutputs(): Tensor[] | undefined {
  if (!replay || replay.left-- > 0) return undefined;
  return replay.outputs.map((output) => output.view());
}

/** Tells the blocks around what an op is about to read. */
export function noteInputs(inputs: Inputs): void {
  for (const watch of watches) watch.noteInputs(inputs);
}

/** Tells the blocks around what an op has put out. */
export function noteOutputs(outputs: readonly Tensor[]): void {
  for (const watch of watches) watch.note(outputs);
}

/** Tells the blocks around of a view that a method made. */
export function noteView(x: Tensor, view: Tensor): void {
  for (const watch of watches) watch.noteView(x, view);
}

function runAgain(block: Block, x: Tensor, again: Replay): Tensor {
  const before = replay;
  replay = again;
  try {
    return replayStreams(again.streams, () => block(x));
  } finally {
    replay = before;
  }
}

/** Runs `action` with tensors that another tape made as leaves, and gives their gradients, null where none came. */
function asLeaves(tensors: readonly Tensor[], action: () => void): (Tensor | null)[] {
  const before = tensors.map(({ requiresGrad, heldGrad }) => ({ requiresGrad, kept: heldGrad.take() }));
  for (const tensor of tensors) tensor.requiresGrad = true;
  try {
    action();
    return tensors.map(({ heldGrad }) => heldGrad.take()?.gradient ?? null);
  } finally {
    for (const [i, tensor] of tensors.entries()) {
      // What an error has left there.
      tensor.heldGrad.free();
      tensor.requiresGrad = before[i]!.requiresGrad;
      tensor.heldGrad.put(before[i]!.kept);
    }
  }
}

/** Runs the block and its gradients on a tape of its own; leaves receive theirs. */
function backwardOf(block: Block, x: Tensor, again: Replay, dy: Tensor): void {
  using _temporaries = scope();
  withGrad(() => {
    using tape = new Tape({ keepsAll: true });
    const y = runAgain(block, x, again);
    if (tape.tracks(y)) tape.backward(y, dy);
  });
}

/** What the block reads from outside and does not write itself. */
function readOnly({ outside }: BlockWatch): Tensor[] {
  const kept = [...outside].filter(
    ([tensor, clock]) => !tensor.disposed && !tensor.storage.writtenSince(tensor.region, clock),
  );
  return kept.map(([tensor]) => tensor);
}

/** Has a tape note the block, if it follows anything that the block reads. */
function recordOn(tape: OpenTape, block: Block, x: Tensor, y: Tensor, watch: BlockWatch): void {
  const { ops, last, outputs, outside, streams } = watch;
  const sources = [x, ...[...outside.keys()].filter((tensor) => tensor !== x && tape.makes(tensor))];
  if (![x, ...outside.keys()].some((tensor) => tape.tracks(tensor))) return;
  const known = last.includes(y) ? outputs : [];
  const read = [...new Set([x, ...readOnly(watch)])];
  tape.recordBlock(sources, [y], [...read, ...known], ([dy], kept) => {
    const again = { left: known.length > 0 ? ops - 1 : ops, outputs: known.map(kept), streams };
    const made = sources.filter((source) => tape.makes(source));
    const found = revived(read, () => asLeaves(made, () => backwardOf(block, x, again, dy!)));
    for (const gradient of found) if (gradient) own(gradient);
    return sources.map((source) => found[made.indexOf(source)] ?? null);
  });
}

/** Runs `action` with tensors usable that may be disposed by now; the tape keeps their storages. */
function revived<T>(tensors: readonly Tensor[], action: () => T): T {
  return tensors.reduce((inner, tensor) => () => tensor.revived(inner), action)();
}

/**
 * Runs `block` without keeping what its gradients will read, but for x and what its last op puts out; backward runs it
 * again up to that op. Gradients have the same bits, the memory of the block's inside is free between, and the time is
 * that of one more forward pass less the last op. Everything the block reads gets its gradient, from outside by a
 * closure or not, disposed before backward or not. A block must do the same each time: apply the same ops, and read
 * nothing that changes before backward; running statistics move only once, and dropout draws the same again.
 * @throws ShapeError for a block that returns no tensor
 * @throws GradientError in backward, where what the block reads was written since
 * @example
 * const [tape, x] = [new Tape(), Object.assign(tensor(device, [1, 2], [2]), { requiresGrad: true })];
 * tape.backward(ops.sum(ops.recompute((y) => ops.square(ops.square(y)), x)));
 * tape.dispose();
 * await x.grad.read(); // [4, 32]
 */
export function recompute(block: Block, x: Tensor): Tensor {
  if (typeof block !== 'function' || !(x instanceof Tensor)) {
    const [argument, found] = typeof block === 'function' ? ['x', x] : ['block', block];
    throw new ShapeError(
      'recompute',
      argument,
      `is ${describe(found)}`,
      'Pass a function of a tensor, and the tensor.',
    );
  }
  const tapes = openTapes();
  if (tapes.length === 0) return block(x);
  const watch = new BlockWatch();
  watches.push(watch);
  try {
    using inside = scope();
    const { result: y, streams } = recordStreams(() => noGrad(() => block(x)));
    watch.streams = streams;
    if (!(y instanceof Tensor))
      throw new ShapeError('recompute', 'block', 'returned no tensor', 'Return one, without async.');
    // What it only hands on is on the tape already.
    if (!watch.made(y)) return y;
    inside.keep(y);
    for (const tape of tapes) recordOn(tape, block, x, y, watch);
    return y;
  } finally {
    watches.splice(watches.indexOf(watch), 1);
    watch.release();
  }
}
