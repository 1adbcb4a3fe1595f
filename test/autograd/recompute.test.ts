import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { capture } from '../../src/autograd/step.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { randomNormal, tensor, zeros } from '../../src/tensor/create.ts';
import { disown, scope } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { useDevice } from '../device.ts';

const device = useDevice();

const leaf = (...values: number[]): Tensor => {
  const made = disown(tensor(device(), values, [values.length]));
  made.requiresGrad = true;
  return made;
};

/** Gradients of `leaves`, once kept and once recomputed. */
async function both(leaves: readonly Tensor[], loss: (wrap: typeof ops.recompute) => Tensor) {
  const results: number[][][] = [];
  for (const wrap of [(block, x) => block(x), ops.recompute] as (typeof ops.recompute)[]) {
    {
      using _step = scope();
      using tape = new Tape();
      tape.backward(loss(wrap));
    }
    results.push(await Promise.all(leaves.map(async ({ grad }) => [...(await grad!.read())])));
    for (const one of leaves) {
      one.grad!.dispose();
      one.grad = undefined;
    }
  }
  for (const one of leaves) one.dispose();
  return results as [number[][], number[][]];
}

describe('recompute', () => {
  it('gives the same bits, for a leaf, a tracked tensor and one without a gradient', async () => {
    const [x, a, b] = [leaf(-1, 2, 3), leaf(0.5, -2, 1), leaf(2, 3, -1)];
    const image = tensor(device(), [1, 2, 3], [3]);
    const [kept, again] = await both([x, a, b], (wrap) => {
      const block = (from: Tensor) => ops.relu(ops.multiply(ops.sigmoid(ops.multiply(from, a)), b));
      const first = ops.add(wrap(block, x), wrap(block, image));
      return ops.sum(
        ops.multiply(
          wrap((from) => ops.square(ops.tanh(from)), first),
          x,
        ),
      );
    });
    expect(again).toEqual(kept);
  });

  it('adds up where its input is used outside and twice inside, and within another', async () => {
    const [x, a] = [leaf(-1, 2, 3), leaf(0.5, -2, 1)];
    const [kept, again] = await both([x, a], (wrap) => {
      const y = ops.multiply(x, a);
      const inner = (from: Tensor) => ops.exp(ops.multiply(from, from));
      const outer = (from: Tensor) => ops.multiply(wrap(inner, ops.sigmoid(from)), from);
      return ops.sum(ops.add(wrap(outer, y), y));
    });
    for (const [i, gradient] of again.entries())
      for (const [j, value] of gradient.entries()) expect(value).toBeCloseTo(kept[i]![j]!, 5);
  });

  it('drops the same values again, and moves running statistics once', async () => {
    const random = tensor(device(), [7, 1], [2], 'u32');
    const running = [zeros(device(), [4]), zeros(device(), [4])] as const;
    const [weight, bias] = [leaf(1, 2, 3, 4), leaf(0, 1, 0, 1)];
    const x = randomNormal(device(), [3, 5, 4], 1);
    const moved: number[][] = [];
    const [kept, again] = await both([weight, bias], (wrap) => {
      for (const one of running) one.write([0, 0, 0, 0]);
      const [runningMean, runningVariance] = running;
      const options = { runningMean, runningVariance, training: true, relu: true };
      const y = wrap((from) => {
        const normed = ops.batchNorm(from, weight, bias, options);
        return ops.square(ops.dropout(normed, random, { p: 0.5, stream: 1 }));
      }, x);
      return ops.sum(y);
    });
    expect(again).toEqual(kept);
    for (const one of running) moved.push([...(await one.read())]);
    const [mean] = moved;
    const values = [...(await x.read())];
    const batch = [0, 1, 2, 3].map(
      (c) => values.filter((_, i) => i % 4 === c).reduce((s, v) => s + v, 0) / 15,
    );
    for (const [c, value] of mean!.entries()) expect(value).toBeCloseTo(0.1 * batch[c]!, 5);
  });

  it('does not run the last op again, and keeps nothing of the inside', async () => {
    const x = leaf(1, 2, 3, 4);
    const labels: (readonly string[])[] = [];
    const planned: number[] = [];
    for (const wrap of [(block, from) => block(from), ops.recompute] as (typeof ops.recompute)[]) {
      const chain = (from: Tensor) => ops.exp(ops.tanh(ops.sigmoid(ops.exp(from))));
      using step = await capture(device(), () => {
        using tape = new Tape();
        let y = ops.expand(ops.reshape(x, [4, 1]), [4, 1000]);
        for (let i = 0; i < 3; i++) y = wrap(chain, y);
        const loss = ops.sum(y);
        tape.backward(loss);
        return { loss };
      });
      labels.push(step.labels);
      planned.push(step.memory.plannedBytes);
      x.grad?.dispose();
      x.grad = undefined;
    }
    expect(labels[1]!.length - labels[0]!.length).toBe(3 * 3);
    expect(planned[1]).toBeLessThan(0.8 * planned[0]!);
    x.dispose();
  });

  it('draws the same automatic streams again, eagerly and captured', async () => {
    const random = tensor(device(), [7, 1], [2], 'u32');
    const values = Array.from({ length: 64 }, (_, i) => i + 1);
    const [x, z] = [leaf(...values), leaf(...values)];
    const chain = (v: Tensor) =>
      ops.square(ops.dropout(ops.dropout(v, random, { p: 0.5 }), random, { p: 0.5 }));
    const [kept, again] = await both([x], (wrap) => {
      random.write([7, 1]);
      return ops.sum(ops.add(wrap(chain, x), wrap(chain, x)));
    });
    expect(again).toEqual(kept);
    const step = await capture(device(), () => {
      using tape = new Tape();
      tape.backward(ops.sum(ops.add(ops.recompute(chain, z), ops.recompute(chain, z))));
      return { gradient: z.grad! };
    });
    step.run();
    expect([...(await step.outputs.gradient.read())]).toEqual(kept[0]);
    step.dispose();
    z.dispose();
  });

  it('gives what the block reads from outside its gradient, as the plain block does', async () => {
    const [x, k] = [leaf(1, 2, 3), leaf(2, 2, 2)];
    const [kept, again] = await both([x, k], (wrap) => {
      const skip = ops.square(k);
      const h = ops.affine(x, 3);
      // h both as the argument and by closure
      return ops.sum(wrap((v) => ops.square(ops.multiply(ops.add(ops.square(v), h), skip)), h));
    });
    expect(again).toEqual(kept);
    expect(kept[1]![0]).toBeGreaterThan(0);
  });

  it('gives what the block reads through views by methods its gradient', async () => {
    const [x, k] = [leaf(1, 2), leaf(3, 4)];
    const [kept, again] = await both([x, k], (wrap) => {
      const skip = ops.square(k);
      const y = wrap((v) => ops.multiply(v, ops.add(skip.reshape([1, 2]), k.reshape([1, 2]))), x);
      return ops.sum(ops.square(y));
    });
    expect(again).toEqual(kept);
  });

  it('gives a block back that only hands on, and refuses one that returns no tensor', async () => {
    const x = leaf(1, 2);
    const [kept, again] = await both([x], (wrap) => {
      const h = ops.square(x);
      return ops.sum(
        wrap(
          () => h,
          wrap((v) => v, h),
        ),
      );
    });
    expect(again).toEqual(kept);
    using _tape = new Tape();
    expect(() => ops.recompute((async () => x) as never, x)).toThrow(/recompute: block returned no tensor/);
    x.dispose();
  });

  it('notices that what the block reads was written before backward', () => {
    const [x, w] = [leaf(1, 2), leaf(3, 4)];
    using tape = new Tape();
    const loss = ops.sum(ops.recompute((v) => ops.square(ops.multiply(v, w)), x));
    w.write([5, 6]);
    expect(() => tape.backward(loss)).toThrow(/which the gradient of recompute reads, was written after/);
    for (const one of [x, w]) one.dispose();
  });

  it('gives the gradients of the plain block where it ignores, detaches, hands on or only views', async () => {
    const blocks: ((h: Tensor, k: Tensor) => (v: Tensor) => Tensor)[] = [
      (_, k) => (v) => ops.multiply(ops.detach(v), k),
      (_, k) => () => ops.silu(k),
      (h) => () => h,
      (h) => () => h.alias(),
      (h) => () => h.reshape([2, 1]).reshape([2]),
      (_, k) => () => k,
      (_, k) => (v) => {
        const inside = scope();
        const y = inside.keep(ops.multiply(ops.tanh(v), k));
        inside.dispose();
        return y;
      },
    ];
    for (const block of blocks) {
      const [x, k] = [leaf(1, 2), leaf(3, 4)];
      const results: (number[] | undefined)[][] = [];
      for (const wrap of [(f: (v: Tensor) => Tensor, v: Tensor) => f(v), ops.recompute]) {
        using _step = scope();
        using tape = new Tape();
        const h = ops.square(k);
        tape.backward(
          ops.sum(
            ops.square(
              wrap(
                block(h, k),
                wrap((v) => ops.square(v), x),
              ),
            ),
          ),
        );
        const found = [x, k].map(({ grad }) => grad?.read());
        results.push(await Promise.all(found.map(async (grad) => grad && [...(await grad)])));
        for (const one of [x, k]) {
          one.grad?.dispose();
          one.grad = undefined;
        }
      }
      expect(results[1], String(block)).toEqual(results[0]);
      for (const one of [x, k]) one.dispose();
    }
  });

  it('takes a batch norm twice', () => {
    const running = [zeros(device(), [2]), zeros(device(), [2])] as const;
    const [weight, bias] = [leaf(1, 2), leaf(0, 1)];
    const [runningMean, runningVariance] = running;
    const norm = (v: Tensor) =>
      ops.square(ops.batchNorm(v, weight, bias, { runningMean, runningVariance, training: true }));
    const x = randomNormal(device(), [4, 2], 1);
    {
      using tape = new Tape();
      tape.backward(ops.mean(ops.recompute(norm, ops.recompute(norm, x))));
    }
    for (const one of [weight, bias]) {
      expect(one.grad?.shape).toEqual([2]);
      one.grad?.dispose();
      one.dispose();
    }
  });
});
