import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { capture } from '../../src/autograd/step.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import type { DType } from '../../src/tensor/dtype.ts';
import type { Shape } from '../../src/tensor/shape.ts';
import { expectClose, poisoned, random } from '../check.ts';
import { useDevice } from '../device.ts';
import { hasHalf } from '../half.ts';

const device = useDevice();

describe('reductions of nothing', () => {
  const shapes: [shape: Shape, axes: number[], result: Shape][] = [
    [[0], [0], []],
    [[0, 3], [0], [3]],
    [[2, 0, 4], [1], [2, 4]],
    [[2, 0, 4], [0, 1, 2], []],
    [[2, 0, 4], [0, 2], [0]],
    [[0, 5], [1], [0]],
    [[0, 0], [0], [0]],
  ];
  for (const [shape, axes, result] of shapes)
    it(`of [${shape}] over [${axes}]: sums 0, means NaN, no extreme, gradients empty`, async () => {
      await poisoned(device(), async () => {
        const x = zeros(device(), shape);
        x.requiresGrad = true;
        const size = result.reduce((a, b) => a * b, 1);
        using tape = new Tape();
        const y = ops.sum(x, { axes });
        expect(y.shape).toEqual(result);
        expect([...(await y.read())]).toEqual(new Array(size).fill(0));
        expect([...(await ops.mean(x, { axes }).read())]).toEqual(new Array(size).fill(Number.NaN));
        tape.backward(y, tensor(device(), new Array(size).fill(1), result));
        using grad = x.grad!;
        expect(grad.shape).toEqual(shape);
        const empty = axes.filter((axis) => shape[axis] === 0);
        const extreme = () => ops.max(x, { axes });
        if (empty.length)
          expect(extreme).toThrow(
            `max: x has no elements along axes [${empty.join(', ')}] of [${shape.join(', ')}]`,
          );
        else expect(extreme().shape).toEqual(result);
      });
    });

  it('the gradient of what was broadcast to an empty batch is zeros', async () => {
    await poisoned(device(), async () => {
      const bias = tensor(device(), [1, 2, 3], [3]);
      const scale = tensor(device(), [1, 2, 3], [1, 3]);
      for (const leaf of [bias, scale]) leaf.requiresGrad = true;
      using tape = new Tape();
      const y = ops.multiply(ops.add(zeros(device(), [0, 3]), bias), scale);
      tape.backward(y, zeros(device(), [0, 3]));
      for (const { grad } of [bias, scale]) {
        expect([...(await grad!.read())]).toEqual([0, 0, 0]);
        grad!.dispose();
      }
    });
  });

  it('softmax of no rows, or of rows of nothing, is empty', () => {
    expect(ops.softmax(zeros(device(), [0, 3])).shape).toEqual([0, 3]);
    expect(ops.logSoftmax(zeros(device(), [3, 0])).shape).toEqual([3, 0]);
    expect(ops.argmax(zeros(device(), [0, 3]), { axis: 1 }).shape).toEqual([0]);
    expect(() => ops.argmin(zeros(device(), [0, 3]), { axis: 0 })).toThrow(
      'argmin: x has no elements along axes [0]',
    );
  });
});

describe('reductions of other dtypes', () => {
  it('sum, max and min integers as they are; a sum of truths counts them', async () => {
    for (const count of [6, 2000]) {
      const values = Array.from({ length: count }, (_, i) => (i % 2 ? -1 : 2 ** 25 + 1));
      const x = tensor(device(), values, [count], 'i32');
      const [sum32, most, least] = [ops.sum(x), ops.max(x), ops.min(x)];
      expect([sum32.dtype, most.dtype]).toEqual(['i32', 'i32']);
      expect(await sum32.item()).toBe(values.reduce((a, b) => a + b) | 0);
      expect([await most.item(), await least.item()]).toEqual([2 ** 25 + 1, -1]);
      const truths = tensor(
        device(),
        values.map((v) => Number(v > 0)),
        [count],
        'bool',
      );
      const counted = ops.sum(truths);
      expect([counted.dtype, await counted.item()]).toEqual(['i32', count / 2]);
    }
    const x = tensor(device(), [2 ** 31 + 1, 2 ** 31, 5, 1], [2, 2], 'u32');
    expect([...(await ops.sum(x, { axes: [1] }).read())]).toEqual([1, 6]);
    expect([...(await ops.max(x, { axes: [0] }).read())]).toEqual([2 ** 31 + 1, 2 ** 31]);
    expect(() => ops.mean(x)).toThrow("mean: x has dtype u32. Use cast(x, 'f32').");
  });

  it('of f16 are added up in f32, results and gradients f16', async () => {
    const values = Array.from({ length: 6000 }, (_, i) => (i % 5) / 4);
    const half = ops.cast(tensor(device(), values, [3000, 2]), 'f16');
    const all = { sum: ops.sum, mean: ops.mean, max: ops.max, min: ops.min, variance: ops.variance };
    for (const [name, reduce] of Object.entries(all)) {
      // variance goes through f32, by casts that every device has
      if (!hasHalf && name !== 'variance') {
        expect(() => reduce(half)).toThrow(`${name}: x has dtype f16, which this device only stores`);
        continue;
      }
      half.requiresGrad = true;
      const single = ops.cast(half, 'f32');
      single.requiresGrad = true;
      using tape = new Tape();
      const [y, wanted] = [reduce(half, { axes: [0] }), reduce(single, { axes: [0] })];
      expect(y.dtype).toBe('f16' satisfies DType);
      expectClose(await y.read(), await ops.cast(wanted, 'f16').read(), 0, name);
      tape.backward(y, ops.cast(tensor(device(), [1, 2], [2]), 'f16'));
      tape.backward(wanted, tensor(device(), [1, 2], [2]));
      const expected = await ops.cast(single.grad!, 'f16').read();
      expectClose(await half.grad!.read(), expected, 2 ** -10, `gradient of ${name}`);
      for (const leaf of [half, single]) {
        leaf.grad!.dispose();
        leaf.grad = undefined;
      }
    }
  });
});

describe('a captured step', () => {
  it('replays reductions, and what joins and takes apart, to the bits of the eager ones', async () => {
    const x = tensor(device(), random([4, 1500, 3], 6).data, [4, 1500, 3]);
    const whole = tensor(device(), [3, 1, 2, 5], [4], 'i32');
    const all = () => {
      x.requiresGrad = true;
      using tape = new Tape();
      const [left, right] = ops.split(x, [1, 2]);
      const joined = ops.stack([ops.sum(left!), ops.sum(ops.slice(right!, -1, 2))]);
      const spread = ops.add(ops.variance(x), ops.min(ops.logSoftmax(x, { axis: 1 })));
      tape.backward(ops.add(ops.sum(joined), spread));
      const gradient = x.grad!;
      x.grad = undefined;
      return { joined, spread, gradient, count: ops.sum(whole) };
    };
    const eager = await poisoned(device(), all);
    using step = await capture(device(), all);
    for (let i = 0; i < 2; i++) step.run();
    for (const name of ['joined', 'spread', 'gradient', 'count'] as const)
      expect(await step.outputs[name].read()).toEqual(await eager[name].read());
    eager.gradient.dispose();
  });
});

describe('reductions refuse', () => {
  it('axes that are no axes, named twice, or no list, and options that there are not', () => {
    const x = zeros(device(), [2, 3]);
    const bad = (axes: unknown) => () => ops.sum(x, { axes: axes as number[] });
    expect(bad([0, -2])).toThrow('sum: axes [0, -2] name an axis twice');
    expect(bad([0.5])).toThrow('sum: axes holds 0.5 at 0, but x has rank 2');
    expect(bad([-3])).toThrow('sum: axes holds -3 at 0');
    expect(bad(1)).toThrow('sum: axes is 1. An array of axes is needed.');
    expect(() => ops.mean(x, { axis: 1 } as never)).toThrow(
      'mean: option axis is unknown. Options are axes, keepDims.',
    );
    expect(() => ops.max(x, 1 as never)).toThrow(
      'max: options is 1. An object with axes, keepDims is needed.',
    );
    expect(() => ops.min(x, { keepDims: 'yes' as never })).toThrow("min: keepDims is 'yes'");
    expect(() => ops.argmax(x, { axis: 2 })).toThrow('argmax: axis is 2. A whole number -2 … 1 is needed.');
    expect(() => ops.argmin(3 as never)).toThrow('argmin: x is 3. A tensor is needed.');
    expect(() => ops.variance(x, { correction: -1 })).toThrow('variance: correction is -1');
    expect(() => ops.variance(ops.cast(x, 'i32'))).toThrow('variance: x has dtype i32');
    expect(() => ops.logSoftmax(x, { axis: 0.5 })).toThrow('logSoftmax: axis is 0.5');
    expect(() => ops.softmax(x, 1 as never)).toThrow('softmax: options is 1');
    expect(() => ops.softmax(zeros(device(), []))).toThrow('softmax: axis is -1, but x has no axis');
    expect(() => ops.softmax(ops.cast(x, 'i32'))).toThrow('softmax: x has dtype i32');
  });
});
