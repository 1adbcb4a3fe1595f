import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { capture } from '../../src/autograd/step.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { randomNormal, tensor, zeros } from '../../src/tensor/create.ts';
import { disown, scope } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { useDevice } from '../device.ts';

const device = useDevice();

interface Layer {
  readonly channels: number;
  readonly training: boolean;
  readonly relu: boolean;
}

/** Parameters of a norm, and the statistics it moves. */
function normOf({ channels, training, relu }: Layer) {
  const leaf = (seed: number): Tensor => {
    const made = disown(randomNormal(device(), [channels], seed));
    made.requiresGrad = true;
    return made;
  };
  const [weight, bias] = [leaf(1), leaf(2)];
  const runningMean = zeros(device(), [channels]);
  const runningVariance = tensor(device(), Array<number>(channels).fill(1), [channels]);
  return {
    leaves: [weight, bias],
    apply: (x: Tensor, into?: Tensor) =>
      ops.batchNorm(x, weight, bias, { runningMean, runningVariance, training, relu, into }),
  };
}

const forget = (leaves: readonly Tensor[]): void => {
  for (const leaf of leaves) {
    leaf.grad?.dispose();
    leaf.grad = undefined;
  }
};

describe('a norm whose output a gradient reads', () => {
  it.each<Layer>([
    { channels: 3, training: true, relu: true },
    { channels: 64, training: true, relu: false },
    { channels: 16, training: false, relu: true },
  ])('is applied again with the same bits: %o', async (layer) => {
    const { leaves, apply } = normOf(layer);
    const x = randomNormal(device(), [2, 9, 7, layer.channels], 3);
    const found: number[][][] = [];
    for (const keepsAll of [true, false]) {
      {
        using _step = scope();
        using tape = new Tape({ keepsAll });
        const y = apply(x);
        const loss = ops.sum(ops.multiply(ops.square(y), ops.sigmoid(y)));
        y.dispose();
        tape.backward(loss);
      }
      found.push(await Promise.all(leaves.map(async ({ grad }) => [...(await grad!.read())])));
      forget(leaves);
    }
    expect(found[1]).toEqual(found[0]);
    expect(found[0]!.flat().every(Number.isFinite)).toBe(true);
    for (const leaf of leaves) leaf.dispose();
  });

  it('is not kept from forward to backward, and is applied again once for each gradient', async () => {
    const { leaves, apply } = normOf({ channels: 4, training: true, relu: true });
    const x = randomNormal(device(), [1, 64, 64, 4], 3);
    const planned: number[] = [];
    const counts: number[] = [];
    for (const keepsAll of [true, false]) {
      using step = await capture(device(), () => {
        using tape = new Tape({ keepsAll });
        let y = x;
        for (let i = 0; i < 4; i++) y = ops.square(apply(y));
        const loss = ops.sum(y);
        tape.backward(loss);
        return { loss };
      });
      planned.push(step.memory.plannedBytes);
      counts.push(step.labels.filter((label) => label === 'batchNorm.forward').length);
      forget(leaves);
    }
    expect(counts[1]! - counts[0]!).toBe(4);
    expect(planned[1]).toBeLessThan(0.8 * planned[0]!);
    for (const leaf of leaves) leaf.dispose();
  });

  it('is kept where it lies beside others', async () => {
    const { leaves, apply } = normOf({ channels: 4, training: true, relu: true });
    const x = randomNormal(device(), [1, 8, 8, 4], 3);
    const labels: (readonly string[])[] = [];
    for (const keepsAll of [true, false]) {
      using step = await capture(device(), () => {
        using tape = new Tape({ keepsAll });
        const [left, right] = ops.sideBySide(device(), [1, 8, 8], [4, 4]);
        const both = ops.concat([apply(x, left), apply(x, right)]);
        const loss = ops.sum(ops.square(both));
        tape.backward(loss);
        return { loss };
      });
      labels.push(step.labels);
      forget(leaves);
    }
    expect(labels[1]).toEqual(labels[0]);
    for (const leaf of leaves) leaf.dispose();
  });
});
