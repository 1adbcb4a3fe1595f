/** @file Captured steps that ranks share: each its rows, and together what one step does with all. */
import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { capture } from '../../src/autograd/step.ts';
import type { SumOverRanks } from '../../src/autograd/sums.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { drawsOf } from '../../src/base/random.ts';
import type { Share } from '../../src/kernels/launch/share.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { useDevice } from '../device.ts';
import { memoryRanks } from '../train/memorywire.ts';

const device = useDevice();
const [width, total] = [6, 5];

const values = (count: number, of: number): number[] => {
  const next = drawsOf(3, 4, of);
  return Array.from({ length: count }, () => Math.fround(2 * next() - 1));
};
const inputs = values(total * width, 1);
const weights = values(width * width, 2);

/** Rows of the batch, their products with the weights, and the number of the first: to a loss. */
type LossOf = (y: Tensor, first: number) => Tensor;

/** A loss, and the gradient of the weights, of these rows. */
async function rowsOf(lossOf: LossOf, share: Share, sum: SumOverRanks) {
  const { first, count } = share;
  const x = tensor(device(), inputs.slice(first * width, (first + count) * width), [count, width]);
  const weight = tensor(device(), weights, [width, width]);
  weight.requiresGrad = true;
  using step = await capture(
    device(),
    () => {
      using tape = new Tape();
      const loss = lossOf(ops.matmul(x, weight), first);
      tape.backward(loss);
      return { loss, gradient: weight.grad! };
    },
    share.size > 1 ? share : undefined,
  );
  if (share.size > 1) {
    expect(() => step.run()).toThrow('ranks sum what this step makes');
    await step.runShared(sum);
  } else step.run();
  const read = [await step.outputs.loss.read(), await step.outputs.gradient.read()] as Float32Array[];
  const gradient = read[1]!.slice();
  await sum(gradient, false);
  x.dispose();
  weight.grad = undefined;
  weight.dispose();
  return [...read[0]!, ...gradient];
}

/** As `rowsOf`, of shares of so many rows each. */
async function shared(lossOf: LossOf, counts: readonly number[], syncBatchNorm = true): Promise<number[][]> {
  const size = counts.length;
  const shares = counts.map((count, rank): Share => {
    const first = counts.slice(0, rank).reduce((a, b) => a + b, 0);
    return { rank, size, first, count, total: counts.reduce((a, b) => a + b, 0), syncBatchNorm };
  });
  const ranks = memoryRanks(size);
  return Promise.all(shares.map((share, rank) => rowsOf(lossOf, share, (some) => ranks[rank]!.sum(some))));
}

async function expectAlike(lossOf: LossOf, splits: readonly number[][]): Promise<void> {
  for (const split of splits) {
    const [all] = await shared(lossOf, [split.reduce((a, b) => a + b, 0)]);
    expect(all!.some((value) => value !== 0)).toBe(true);
    const each = await shared(lossOf, split);
    for (const one of each) expect(one).toEqual(each[0]);
    for (const [i, value] of all!.entries()) expect(each[0]![i]!).toBeCloseTo(value, 5);
  }
}

const uneven = [
  [2, 3],
  [1, 1, 3],
];

describe('a step that ranks share', () => {
  it('has the mean of the whole batch, by the labels that count', async () => {
    const counts = [1, 0, 0, 1, 1];
    await expectAlike((y, first) => {
      const rows = y.shape[0]!;
      const mask = tensor(device(), counts.slice(first, first + rows), [rows, 1]);
      return ops.mse(y, zeros(device(), y.shape), { mask: ops.expand(mask, y.shape) });
    }, uneven);
  });

  it('drops the elements that one step drops, wherever a block of random words is cut', async () => {
    await expectAlike((y) => {
      const random = tensor(device(), [7, 3], [2], 'u32');
      return ops.mse(ops.dropout(y, random, { p: 0.5, stream: 1 }), zeros(device(), y.shape));
    }, uneven);
  });

  it('has Dice of the whole batch, and refuses that of each image', async () => {
    const labels = [0, 1, 1, 3, 2];
    const own = (y: Tensor, first: number): Tensor => {
      const some = labels.slice(first, first + y.shape[0]!);
      return tensor(device(), some, [some.length], 'u32');
    };
    await expectAlike((y, first) => ops.softDice(y, own(y, first)), uneven);
    const each: LossOf = (y, first) => ops.softDice(y, own(y, first), { perImage: true });
    await expect(shared(each, [2, 3])).rejects.toThrow('softDice of each image needs the whole batch');
  });

  it('compares each row with those of all ranks', async () => {
    await expectAlike((y) => {
      const { all, first } = ops.acrossRanks(y);
      const labels = Array.from({ length: y.shape[0]! }, (_, i) => (first + i + 1) % all.shape[0]!);
      return ops.crossEntropy(
        ops.matmul(y, all, { transposeB: true }),
        tensor(device(), labels, [labels.length], 'u32'),
      );
    }, uneven);
  });

  it('norms by the whole batch where that is asked for, and else by its rows', async () => {
    const normed: LossOf = (y) => {
      const [mean, variance] = [zeros(device(), [width]), tensor(device(), Array(width).fill(1), [width])];
      const made = ops.batchNorm(y, null, null, {
        runningMean: mean,
        runningVariance: variance,
        training: true,
      });
      return ops.mse(made, ops.expand(tensor(device(), [1, 2, 3, 4, 5, 6], [1, width]), made.shape));
    };
    await expectAlike(normed, [[2, 2]]);
    const [[synced], [own]] = [await shared(normed, [2, 2]), await shared(normed, [2, 2], false)];
    expect(own![1]).not.toBeCloseTo(synced![1]!, 5);
  });
});
