import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { fromHalfBits, toHalfBits } from '../../src/base/half.ts';
import { tensor } from '../../src/tensor/create.ts';
import type { DType } from '../../src/tensor/dtype.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { checkOp, expectClose, type Host, poisoned, random } from '../check.ts';
import { useDevice } from '../device.ts';

const device = useDevice();

async function converted(values: readonly number[], start: DType, end: DType): Promise<number[]> {
  const x = tensor(device(), values, [values.length], start);
  return poisoned(device(), async () => [...(await ops.cast(x, end).read())]);
}

describe('cast', () => {
  it('f32 to f16 rounds to nearest even, overflows to infinity and keeps small numbers, on every adapter', async () => {
    const special = [
      0,
      1,
      -2.5,
      65504,
      65519,
      65520,
      -1e6,
      2 ** -14,
      2 ** -24,
      2 ** -25,
      1.5 * 2 ** -25,
      3 * 2 ** -25,
    ];
    const rounding = [1 + 2 ** -11, 1 + 3 * 2 ** -11, 2049, 2051, 1023.75 * 2 ** -24, 1 - 2 ** -13];
    const values = [
      ...special,
      ...rounding,
      ...random([200], 3, -70000, 70000).data,
      ...random([200], 4, -1e-4, 1e-4).data,
    ];
    const expected = values.map((v) => fromHalfBits(toHalfBits(v)));
    expect(await converted(values, 'f32', 'f16')).toEqual(expected);
    expect(await converted(expected, 'f16', 'f32')).toEqual(expected);
    expect(await converted([Number.NaN], 'f32', 'f16')).toEqual([Number.NaN]);
  });

  it('between f32, integers and bool truncates, saturates and tests for 0', async () => {
    expect(await converted([1.9, -1.9, -0.5, 0, -3e9], 'f32', 'i32')).toEqual([1, -1, 0, 0, -(2 ** 31)]);
    expect(await converted([1.9, -4, 7], 'f32', 'u32')).toEqual([1, 0, 7]);
    expect(await converted([0, 0.5, -3], 'f32', 'bool')).toEqual([0, 1, 1]);
    expect(await converted([-7, 0, 9], 'i32', 'f32')).toEqual([-7, 0, 9]);
    expect(await converted([-7, 0, 9], 'i32', 'bool')).toEqual([1, 0, 1]);
    expect(await converted([1, 0, 5], 'bool', 'f32')).toEqual([1, 0, 1]);
    expect(await converted([0.5, 1, 2], 'f16', 'f16')).toEqual([0.5, 1, 2]);
    expect(await converted([-1, 2147483647], 'i32', 'u32')).toEqual([4294967295, 2147483647]);
  });

  it('takes NaN and what is out of range as the nearest there is, on every adapter', async () => {
    const far = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 2 ** 31, -(2 ** 31), 1e20];
    expect(await converted(far, 'f32', 'i32')).toEqual([
      0, 2147483647, -2147483648, 2147483647, -2147483648, 2147483647,
    ]);
    expect(await converted(far, 'f32', 'u32')).toEqual([0, 4294967295, 0, 2147483648, 0, 4294967295]);
    expect(await converted([Number.NaN, 0, -0, 1], 'f32', 'bool')).toEqual([1, 0, 0, 1]);
  });

  it('goes between f16 and whole numbers and bool, on every adapter', async () => {
    const halves = [Number.NaN, Number.POSITIVE_INFINITY, -2.5, 0, 7.9];
    expect(await converted(halves, 'f16', 'i32')).toEqual([0, 2147483647, -2, 0, 7]);
    expect(await converted(halves, 'f16', 'u32')).toEqual([0, 4294967295, 0, 0, 7]);
    expect(await converted(halves, 'f16', 'bool')).toEqual([1, 1, 1, 0, 1]);
    expect(await converted([-7, 2049, 70000], 'i32', 'f16')).toEqual([-7, 2048, Number.POSITIVE_INFINITY]);
    expect(await converted([1, 0], 'bool', 'f16')).toEqual([1, 0]);
    expect(await converted([], 'f32', 'i32')).toEqual([]);
  });

  it('to whole numbers and back has no gradient, like a constant', async () => {
    const x = tensor(device(), [1.5, 2.5], [2]);
    x.requiresGrad = true;
    using tape = new Tape();
    tape.backward(ops.sum(ops.multiply(x, ops.cast(ops.cast(x, 'i32'), 'f32'))));
    expect([...(await x.grad!.read())]).toEqual([1, 2]);
    x.grad!.dispose();
  });

  it('passes the gradient between f32 and f16', async () => {
    const x = tensor(device(), [1, 2, 3], [3]);
    x.requiresGrad = true;
    using tape = new Tape();
    const y = ops.cast(x, 'f16');
    tape.backward(y, tensor(device(), [0.5, -1, 2], [3], 'f16'));
    expect([...(await x.grad!.read())]).toEqual([0.5, -1, 2]);
    x.grad!.dispose();
  });
});

describe('f16 elements', () => {
  it('are computed with where the device can, their broadcast gradients summed; else the error says to cast', async () => {
    const values = random([2, 3, 5], 1, 0.5, 2).data;
    const x = tensor(device(), values, [2, 3, 5], 'f16');
    const row = tensor(device(), [1, 2, 0.5, 4, 0.25], [5], 'f16');
    if (!device().caps.f16) {
      expect(() => ops.relu(x)).toThrow("Use cast(x, 'f32')");
      expect(() => ops.add(x, row)).toThrow("Use cast(x, 'f32')");
      return;
    }
    const scale = [1, 2, 0.5, 4, 0.25];
    x.requiresGrad = true;
    row.requiresGrad = true;
    await poisoned(device(), async () => {
      using tape = new Tape();
      const y = ops.affine(ops.multiply(x, row), 2, 1);
      expect(y.dtype).toBe('f16');
      expectClose(
        await y.read(),
        values.map((v, i) => 2 * v * scale[i % 5]! + 1),
        2e-3,
        'y',
      );
      tape.backward(y, tensor(device(), new Float32Array(30).fill(1), [2, 3, 5], 'f16'));
    });
    const read = async ({ grad }: Tensor) => [...(await grad!.read())];
    expectClose(
      await read(x),
      values.map((_, i) => 2 * scale[i % 5]!),
      2e-3,
      'gradient of x',
    );
    const sums = scale.map((_, c) => 2 * values.reduce((sum, v, i) => sum + (i % 5 === c ? v : 0), 0));
    expectClose(await read(row), sums, 2e-3, 'gradient of row');
    x.grad!.dispose();
    row.grad!.dispose();
  });
});

describe('greater and where', () => {
  it('choose element by element with broadcasting, the gradient following the choice', async () => {
    const above = (a: Host, b: Host) => a.data.map((v, i) => Number(v > b.data[i % 3]!));
    for (const shape of [
      [1, 3],
      [5, 7, 3],
    ]) {
      const [p, q] = [random(shape, 1), random([3], 2)];
      const [a, b] = [p, q].map(({ data, shape: own }) => tensor(device(), data, own)) as [Tensor, Tensor];
      const condition = ops.greater(a, b);
      expect([...(await condition.read())]).toEqual([...above(p, q)]);
      await checkOp(device(), {
        inputs: [random(shape, 3), random([1], 4)],
        forward: (x, y) => ops.where(condition, x, y),
        reference: (x, y) => ({ shape, data: above(p, q).map((c, i) => (c ? x.data[i]! : y.data[0]!)) }),
        reduction: 16,
      });
    }
  });
});
