/** @file Gradients that ranks sum in pieces while backward runs: the bits of a sum at the end, and halves on request. */
import { describe, expect, it } from 'vitest';
import { ParameterArena } from '../../src/autograd/arena.ts';
import * as ops from '../../src/autograd/ops.ts';
import { Optimizer } from '../../src/autograd/optim.ts';
import { piecesOf } from '../../src/autograd/pieces.ts';
import { discard, record } from '../../src/autograd/record.ts';
import { capture } from '../../src/autograd/step.ts';
import { Tape } from '../../src/autograd/tape.ts';
import type { Share } from '../../src/kernels/launch/share.ts';
import { tensor } from '../../src/tensor/create.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { random } from '../check.ts';
import { useDevice } from '../device.ts';
import { memoryRanks } from '../train/memorywire.ts';

const device = useDevice();
const [width, rows, layers, pieces] = [128, 4, 5, 3];

const shareOf = (rank: number, size: number, gradientSums: 'f32' | 'f16' = 'f32'): Share => ({
  ...{ rank, size, first: rank * rows, count: rows, total: size * rows, syncBatchNorm: false, gradientSums },
});

/** A rank's network, optimiser and rows. */
class Rank {
  readonly arena: ParameterArena;
  readonly optimizer: Optimizer;
  readonly #x: Tensor;

  constructor(rank: number, gain = 1) {
    const entries = [...Array(layers).keys()].map((i) => ({
      name: `${i}`,
      shape: [width, width],
      values: random([width, width], i, -0.2, 0.2).data,
    }));
    this.arena = new ParameterArena(device(), entries);
    this.optimizer = new Optimizer(this.arena, { kind: 'sgd' });
    this.optimizer.prepare(1, 1e-3);
    const { data } = random([rows, width], 40 + rank, -gain, gain);
    this.#x = tensor(device(), data, [rows, width]);
  }

  /** Gradients of a step, with the optimiser's part or without. */
  step(apply: boolean): { y: Tensor } {
    this.arena.zeroGrad();
    using tape = new Tape();
    let y = this.#x;
    for (const weight of this.arena.parameters.values()) y = ops.relu(ops.matmul(y, weight));
    tape.backward(ops.mean(ops.multiply(y, y)));
    if (apply) this.optimizer.apply();
    return { y };
  }

  async gradients(): Promise<Float32Array> {
    return ((await this.arena.gradients.read()) as Float32Array).slice();
  }

  dispose(): void {
    this.#x.dispose();
    this.optimizer.dispose();
    this.arena.dispose();
  }
}

/** Gradients after a step that ranks share, of each, and each one's own before. */
async function shared(size: number, gradientSums: 'f32' | 'f16', gain = 1) {
  const comms = memoryRanks(size);
  return Promise.all(
    comms.map(async (comm, i) => {
      const rank = new Rank(i, gain);
      using own = await capture(device(), () => rank.step(false));
      own.run();
      const before = await rank.gradients();
      using step = await capture(device(), () => rank.step(true), shareOf(i, size, gradientSums));
      let early = 0;
      const { ms, waitedMs } = await step.runShared((values, isEarly) => {
        if (isEarly) early++;
        return comm.sum(values, isEarly);
      });
      expect(ms).toBeGreaterThanOrEqual(waitedMs);
      const found = await rank.optimizer.check();
      const after = await rank.gradients();
      rank.dispose();
      return { before, after, early, found };
    }),
  );
}

describe('pieces of gradients', () => {
  it('are few, from the end to the begin, the last of them small, and hold all runs', () => {
    const runs = [...Array(64).keys()].map((i) => ({ first: 4096 * i, quads: 4096 }));
    const quads = piecesOf(runs).map((piece) => piece.quads / 4096);
    expect(quads).toEqual([16, 16, 16, 8, 4, 2, 2]);
    expect(piecesOf(runs).map(({ first }) => first / 4096)).toEqual([48, 32, 16, 8, 4, 2, 0]);
  });

  it('have in between what has no gradient where that is little, and else not', () => {
    expect(
      piecesOf([
        { first: 0, quads: 10 },
        { first: 20, quads: 10 },
      ]),
    ).toEqual([{ first: 0, quads: 30 }]);
    const far = [
      { first: 0, quads: 10 },
      { first: 9000, quads: 10 },
    ];
    expect(piecesOf(far)).toEqual([...far].reverse());
  });

  it('leave while backward still runs', () => {
    const rank = new Rank(0);
    const recording = record(device(), () => rank.step(true), shareOf(0, 2));
    const ready = recording.sums.flatMap(({ early }) => (early ? [early.ready] : []));
    expect(ready).toHaveLength(pieces);
    expect([...ready].sort((a, b) => a - b)).toEqual(ready);
    expect(new Set(ready).size).toBe(pieces);
    discard(recording);
    rank.dispose();
  });

  it('come to the sum of all at the end, bit for bit, in the order of the ranks', async () => {
    const ranks = await shared(3, 'f32');
    const [first, ...rest] = ranks.map(({ before }) => before);
    const sum = first!.slice();
    for (const part of rest) for (let i = 0; i < sum.length; i++) sum[i]! += part[i]!;
    for (const { after, early } of ranks) {
      expect(early).toBe(pieces);
      expect(after.every((value, i) => value === sum[i])).toBe(true);
    }
  });

  it('as halves err by their rounding, are alike on all ranks, and do not overflow', async () => {
    // gradients of about 1e30
    const ranks = await shared(2, 'f16', 1e16);
    const { after } = ranks[0]!;
    expect(after.every((value, i) => value === ranks[1]!.after[i])).toBe(true);
    expect(ranks.map(({ found }) => found)).toEqual([null, null]);
    const [a, b] = [ranks[0]!.before, ranks[1]!.before];
    const largest = after.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expect(largest).toBeGreaterThan(1e25);
    // of each rank's part and of the sum half a last place, and what is lost of values far below their block's largest
    const worst = after.reduce((most, value, i) => {
      const sizes = Math.abs(a[i]!) + Math.abs(b[i]!) + Math.abs(value);
      return Math.max(most, Math.abs(value - (a[i]! + b[i]!)) / (2 ** -11 * sizes + 2 ** -38 * largest));
    }, 0);
    expect(worst).toBeGreaterThan(0);
    expect(worst).toBeLessThan(1.01);
  });

  it('that are not finite are noticed as halves too', async () => {
    const ranks = await shared(2, 'f16', 1e25);
    for (const { found } of ranks) expect(found?.kind).toBe('gradient');
  });
});
