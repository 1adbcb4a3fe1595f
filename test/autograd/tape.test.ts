import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { noGrad, Tape } from '../../src/autograd/tape.ts';
import { GradientError, ShapeError } from '../../src/base/errors.ts';
import { unary } from '../../src/kernels/unary.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import { scope } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { useDevice } from '../device.ts';

const device = useDevice();

function leaf(values: number[], shape: number[] = [values.length]): Tensor {
  const x = tensor(device(), values, shape);
  x.requiresGrad = true;
  return x;
}

/** The gradient as numbers; disposes it. */
async function gradOf(x: Tensor): Promise<number[] | undefined> {
  const { grad } = x;
  if (!grad) return undefined;
  const values = [...(await grad.read())];
  grad.dispose();
  x.grad = undefined;
  return values;
}

describe('tape', () => {
  it('a gradient that is a run of channels is added to what a leaf has already', async () => {
    const x = leaf([1, 2, 3], [1, 3]);
    const dy = tensor(device(), [1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 9]);
    using tape = new Tape();
    tape.backward(ops.concat([x, x, x]), dy);
    expect(await gradOf(x)).toEqual([12, 15, 18]);
  });

  it('a gradient that is a run of channels accumulates over passes, and beside another use of the leaf', async () => {
    const x = leaf([1, 2, 3, 4], [2, 2]);
    const other = tensor(device(), [5, 6, 7, 8, 9, 10], [2, 3]);
    const dy = tensor(device(), [1, 2, 3, 40, 50, 4, 5, 6, 70, 80], [2, 5]);
    for (let pass = 0; pass < 2; pass++) {
      using tape = new Tape();
      tape.backward(ops.concat([other, x]), dy);
    }
    expect(await gradOf(x)).toEqual([80, 100, 140, 160]);
    using tape = new Tape();
    tape.backward(ops.sum(ops.concat([ops.square(x), x])));
    expect(await gradOf(x)).toEqual([3, 5, 7, 9]);
  });

  it('views made by methods are on the tape as those made by ops', async () => {
    const x = leaf([1, 2, 3, 4]);
    using tape = new Tape();
    const h = ops.square(x);
    const wide = ops.add(ops.reshape(h, [2, 2]), h.reshape([2, 2]).alias());
    tape.backward(ops.sum(ops.multiply(wide.channels(1, 2), wide.reshape([1, 2, 2]).channels(0, 1))));
    // Σ rows (2·h1)·(2·h0) = 4·x1²·x0²
    expect(await gradOf(x)).toEqual([4 * 2 * 1 * 4, 4 * 2 * 2 * 1, 4 * 2 * 3 * 16, 4 * 2 * 4 * 9]);
  });

  it('a second loss needs the graph to be retained, and adds', async () => {
    const x = leaf([1, 2]);
    using tape = new Tape();
    const h = ops.square(x);
    const [a, b] = [ops.sum(h), ops.sum(ops.square(h))];
    tape.backward(a, undefined, { retainGraph: true });
    tape.backward(b);
    expect(await gradOf(x)).toEqual([2 + 4, 4 + 32]);
    expect(() => tape.backward(b)).toThrow(/consumed by an earlier backward.*retainGraph/);
    expect(() => tape.backward(ops.sum(ops.square(h)))).toThrow(GradientError);
    expect(x.grad).toBeUndefined();
  });

  it('two losses that share nothing go one after the other', async () => {
    const [x, y] = [leaf([3]), leaf([5])];
    using tape = new Tape();
    const [a, b] = [ops.square(x), ops.square(y)];
    tape.backward(a);
    tape.backward(b);
    expect([await gradOf(x), await gradOf(y)]).toEqual([[6], [10]]);
  });

  it('a loss that is a leaf, and an intermediate that asks for its gradient, get theirs', async () => {
    const x = leaf([3]);
    using tape = new Tape();
    tape.backward(x);
    expect(await gradOf(x)).toEqual([1]);
    const h = ops.square(x);
    h.requiresGrad = true;
    tape.backward(ops.affine(h, 5));
    expect([await gradOf(h), await gradOf(x)]).toEqual([[5], [30]]);
  });

  it('says why a loss is on no tape: made before it, under noGrad, by another, of nothing, disposed', () => {
    const x = leaf([1, 2]);
    const early = ops.sum(ops.square(x));
    using tape = new Tape();
    expect(() => tape.backward(early)).toThrow(/made while no tape recorded/);
    const quiet = noGrad(() => ops.sum(ops.square(x)));
    expect(() => tape.backward(quiet)).toThrow(/made while no tape recorded/);
    expect(() => tape.backward(ops.sum(quiet))).toThrow(/made while no tape recorded/);
    expect(() => tape.backward(ops.sum(tensor(device(), [1], [1])))).toThrow(/depends on nothing this tape/);
    expect(() => tape.backward(ops.sum(ops.detach(ops.square(x))))).toThrow(/depends on nothing this tape/);
    const other = new Tape();
    other.dispose();
    expect(() => other.backward(early)).toThrow(/the tape was disposed/);
    const theirs = ops.sum(ops.square(x));
    using late = new Tape();
    expect(() => late.backward(theirs)).toThrow(/recorded by another tape/);
    expect(x.grad).toBeUndefined();
  });

  it('a gradient that is forgotten in a scope lives to its end, as results do', async () => {
    const x = leaf([1, 2]);
    let taken: Tensor;
    {
      using _step = scope();
      using tape = new Tape();
      tape.backward(ops.sum(ops.square(x)));
      taken = x.grad!;
      x.grad = undefined;
      expect([...(await taken.read())]).toEqual([2, 4]);
    }
    expect(taken.disposed).toBe(true);
    // One that was disposed by hand is not added to.
    using tape = new Tape();
    for (let i = 0; i < 2; i++) {
      tape.backward(ops.sum(ops.square(x)));
      expect([...(await x.grad!.read())]).toEqual([2, 4]);
      x.grad!.dispose();
    }
  });

  it('second order is refused, whole or in part, unless the gradient is detached', async () => {
    const x = leaf([1, 2]);
    using tape = new Tape();
    tape.backward(ops.sum(ops.square(x)));
    const penalty = ops.sum(ops.square(x.grad!));
    expect(() => tape.backward(penalty)).toThrow(/second order/);
    const gradient = x.grad!;
    x.grad = undefined;
    const half = ops.sum(ops.multiply(ops.square(x), ops.affine(gradient, 2)));
    expect(() => tape.backward(half)).toThrow(/second order.*detach/);
    tape.backward(ops.sum(ops.multiply(x, ops.detach(gradient))));
    expect(await gradOf(x)).toEqual([2, 4]);
    gradient.dispose();
  });

  it('errors name the call as it was written, not the kernel', () => {
    const x = leaf([1, 2, 3, 4], [2, 2]);
    using tape = new Tape();
    const { grad: _, ...flat } = unary;
    const steps = ops.apply(flat, [x], { fn: 'floor' }, { as: 'steps' });
    expect(() => tape.backward(ops.sum(steps))).toThrow(
      /backward: sum was made by steps, which has no gradient/,
    );
    const part = ops.sum(ops.multiply(steps, x));
    expect(() => tape.backward(part)).toThrow(/multiply reads steps, which steps made .*, and steps has no/);
    const least = ops.min(ops.exp(x));
    x.write([1, 1, 1, 1]);
    const high = ops.sum(ops.sigmoid(ops.square(x)));
    x.write([1, 2, 1, 1]);
    expect(() => tape.backward(high)).toThrow(/tensor, which the gradient of square reads, was written/);
    tape.backward(least);
  });

  it('a path through an op without a gradient is refused, before anything is launched', () => {
    const x = leaf([1, 2, 3, 4], [1, 2, 2, 1]);
    const [matrices, gain] = [tensor(device(), [1, 0, 0, 0, 1, 0], [1, 6]), tensor(device(), [1, 0], [1, 2])];
    using tape = new Tape();
    const warped = ops.warp(x, matrices, gain);
    expect(() => tape.backward(ops.sum(warped))).toThrow(/made by warp, which has no gradient/);
    const half = ops.sum(ops.add(ops.square(x), warped));
    expect(() => tape.backward(half)).toThrow(/warp has no gradient.*detach/);
    expect(x.grad).toBeUndefined();
  });

  it('a dy of another shape or dtype is refused, and so is a loss that is no float', () => {
    const x = leaf([1, 2, 3]);
    using tape = new Tape();
    const y = ops.square(x);
    expect(() => tape.backward(y)).toThrow(/backward: loss has shape \[3\].*dy/);
    expect(() => tape.backward(y, tensor(device(), [1], [1]))).toThrow(
      /backward: dy is f32 \[1\].*f32 \[3\]/,
    );
    expect(() => tape.backward(y, zeros(device(), [3], 'i32'))).toThrow(ShapeError);
    expect(() => tape.backward(zeros(device(), [], 'i32'))).toThrow(/has dtype i32/);
  });

  it('notices what is written between forward and backward, and only that', async () => {
    const x = tensor(device(), [1, 2], [2]);
    const w = leaf([1, 1]);
    using tape = new Tape();
    const loss = ops.sum(ops.multiply(x, w));
    x.write([100, 200]);
    expect(() => tape.backward(loss)).toThrow(
      /tensor, which the gradient of multiply reads, was written after/,
    );
    const unread = ops.sum(ops.add(x, w));
    x.write([5, 6]);
    tape.backward(unread);
    expect(await gradOf(w)).toEqual([1, 1]);
  });

  it('two trainings that take turns keep their tapes apart', async () => {
    const train = async (w: Tensor, factor: number) => {
      const found: (number[] | undefined)[] = [];
      for (let step = 0; step < 3; step++) {
        using tape = new Tape();
        const h = ops.affine(ops.square(w), factor);
        await h.read();
        const loss = ops.sum(ops.multiply(h, w));
        await loss.read();
        tape.backward(loss);
        found.push(await gradOf(w));
      }
      return found;
    };
    const [a, b] = [leaf([2]), leaf([3])];
    const [ours, theirs] = await Promise.all([train(a, 1), train(b, 10)]);
    expect(ours).toEqual([[12], [12], [12]]);
    expect(theirs).toEqual([[270], [270], [270]]);
  });

  it('an open tape does not keep what other trainings did and let go', () => {
    const w = leaf([1, 2, 3]);
    using _open = new Tape();
    const before = device().memory.liveBytes;
    for (let step = 0; step < 3000; step++) ops.square(w).dispose();
    expect(device().memory.liveBytes - before).toBeLessThan(1100 * 256);
  });

  it('noGrad and pause hold over the awaits of an async action', async () => {
    const x = leaf([2]);
    using tape = new Tape();
    const quiet = await noGrad(async () => {
      const h = ops.square(x);
      await h.read();
      return ops.square(h);
    });
    expect(tape.tracks(quiet)).toBe(false);
    const paused = await tape.pause(async () => {
      await quiet.read();
      return ops.square(x);
    });
    expect(tape.tracks(paused)).toBe(false);
    expect(tape.tracks(ops.square(x))).toBe(true);
    using another = new Tape();
    expect(() => noGrad(async () => ops.square(x))).toThrow(/several tapes are open.*tape\.pause/);
    expect(another.tracks(ops.square(x))).toBe(true);
    await expect(tape.pause(() => Promise.reject(new Error('inner')))).rejects.toThrow('inner');
    expect(tape.tracks(ops.square(x))).toBe(true);
  });

  it('a place written twice is refused, for the first result would lose its gradient', () => {
    const [a, b] = [leaf([1], [1, 1, 1, 1]), leaf([2], [1, 1, 1, 1])];
    const weight = tensor(device(), [1, 2], [1, 1, 2, 1]);
    const place = tensor(device(), [0, 0], [1, 1, 1, 2]);
    using _tape = new Tape();
    ops.conv2dTranspose(a, weight, null, {}, place);
    expect(() => ops.conv2dTranspose(b, weight, null, {}, place)).toThrow(/holds the result of another op/);
  });

  it('what was written since is found before anything is delivered', () => {
    const [x, w1, w2] = [tensor(device(), [1, 2], [1, 2]), leaf([1, 2, 3, 4], [2, 2]), leaf([1, 2], [2, 1])];
    using tape = new Tape();
    const loss = ops.matmul(ops.matmul(x, w1), w2);
    x.write([5, 6]);
    expect(() => tape.backward(loss)).toThrow(/was written after/);
    expect([w1.grad, w2.grad]).toEqual([undefined, undefined]);
  });

  it('nothing stays allocated of an op whose input was disposed', () => {
    const [x, gone] = [tensor(device(), [1], [1]), tensor(device(), [1], [1])];
    gone.dispose();
    const before = device().memory.liveBytes;
    expect(() => ops.add(x, gone)).toThrow(/Tensor tensor was used after it was disposed/);
    expect(device().memory.liveBytes).toBe(before);
  });
});
