/** @file Recomputation: a block whose intermediates are not kept for backward, but computed again there. */
import { own, scope } from '../tensor/scope.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { activeTape, noGrad, Tape, withGrad } from './tape.ts';

export type Block = (x: Tensor) => Tensor;

/** Counts the ops a block applies, and holds the outputs of the last. */
class Count {
  ops = 0;
  outputs: readonly Tensor[] = [];
  last: readonly Tensor[] = [];

  note(outputs: readonly Tensor[]): void {
    this.ops++;
    this.release();
    this.last = outputs;
    this.outputs = outputs.map((output) => output.view());
  }

  release(): void {
    for (const output of this.outputs) output.dispose();
  }
}

/** A block that runs again: the op after `left` others is its last, whose outputs are still there. */
interface Replay {
  left: number;
  readonly outputs: readonly Tensor[];
}

const counts: Count[] = [];
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

/** Tells the blocks around what an op has put out. */
export function noteOutputs(outputs: readonly Tensor[]): void {
  for (const count of counts) count.note(outputs);
}

function runAgain(block: Block, x: Tensor, again: Replay): Tensor {
  const before = replay;
  replay = again;
  try {
    return block(x);
  } finally {
    replay = before;
  }
}

/** Runs the block and its gradients on a tape of its own; parameters receive theirs, x's is returned. */
function backwardOf(block: Block, x: Tensor, again: Replay, dy: Tensor): Tensor | null {
  using _temporaries = scope();
  withGrad(() => {
    using tape = new Tape({ keepsAll: true });
    tape.backward(runAgain(block, x, again), dy);
  });
  return x.grad ?? null;
}

/**
 * Runs `block` without keeping what its gradients will read, but for x and what its last op puts out; backward runs it
 * again up to that op. Gradients have the same bits, the memory of the block's inside is free between, and the time is
 * that of one more forward pass less the last op. A block must do the same each time: apply the same ops, and read
 * nothing that changes before backward (dropout does, from its seed); running statistics move only once.
 */
export function recompute(block: Block, x: Tensor): Tensor {
  const tape = activeTape();
  if (!tape) return block(x);
  const count = new Count();
  counts.push(count);
  try {
    using inside = scope();
    const y = inside.keep(noGrad(() => block(x)));
    const { ops, last, outputs } = count;
    const known = last.includes(y) ? outputs : [];
    const tracked = tape.tracks(x);
    tape.recordBlock([x], [y], [x, ...known], ([dy], kept) => {
      const again = { left: known.length > 0 ? ops - 1 : ops, outputs: known.map(kept) };
      const from = x.requiresGrad ? x : kept(x).view();
      from.requiresGrad = tracked;
      const dx = backwardOf(block, from, again, dy!);
      if (from === x) return [null];
      if (dx) own(dx);
      return [dx];
    });
    return y;
  } finally {
    counts.pop();
    count.release();
  }
}
