import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { capture } from '../../src/autograd/step.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { ShapeError } from '../../src/base/errors.ts';
import { fromHalfBits, toHalfBits } from '../../src/base/half.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import type { DType } from '../../src/tensor/dtype.ts';
import { elementCount, type Shape } from '../../src/tensor/shape.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { checkOp, expectClose, type Host, poisoned, random } from '../check.ts';
import { useDevice } from '../device.ts';
import { checkGolden } from '../golden-op.ts';
import { goldenCases } from '../goldens.ts';

const device = useDevice();
type Operand = Tensor | number;
const named = ops as unknown as Record<string, (a: Operand, b: Operand) => Tensor>;

const ints = (values: readonly number[], dtype: DType = 'i32', shape: Shape = [values.length]) =>
  tensor(device(), values, shape, dtype);
const floats = (values: readonly number[], shape: Shape = [values.length]) => tensor(device(), values, shape);
const read = async (x: Tensor) => [...(await x.read())];

const map = (x: Host, f: (v: number) => number): Host => ({ shape: x.shape, data: x.data.map(f) });

describe('a tensor and a number', () => {
  const functions: Record<string, (p: number, q: number) => number> = {
    add: (p, q) => p + q,
    subtract: (p, q) => p - q,
    multiply: (p, q) => p * q,
    divide: (p, q) => p / q,
    minimum: Math.min,
    maximum: Math.max,
    pow: (p, q) => p ** q,
  };
  for (const [name, f] of Object.entries(functions)) {
    it(`${name} takes the number on either side, with gradients`, async () => {
      for (const shape of [[1], [3, 5, 7], [4, 8], [0, 2]]) {
        const inputs = [random(shape, 5, 0.4, 2)];
        const right = {
          forward: (x: Tensor) => named[name]!(x, 1.37),
          reference: (x: Host) => map(x, (v) => f(v, 1.37)),
        };
        const left = {
          forward: (x: Tensor) => named[name]!(1.37, x),
          reference: (x: Host) => map(x, (v) => f(1.37, v)),
        };
        await checkOp(device(), { inputs, ...right, epsilon: 2 ** -19 });
        await checkOp(device(), { inputs, ...left, epsilon: 2 ** -19 });
      }
    });
  }

  it('equals torch, as do minimum, maximum, pow and where of two tensors, NaN and equal ones included', async () => {
    for (const one of await goldenCases('operands')) {
      const { scalar, swapped } = one.attrs as { scalar?: number; swapped?: boolean };
      const call = named[one.op]!;
      await checkGolden(
        device(),
        one,
        ({ x, a, b, condition }) => {
          if (condition) return ops.where(ops.cast(condition, 'bool'), a!, b!);
          if (scalar === undefined) return call(a!, b!);
          return swapped ? call(scalar, x!) : call(x!, scalar);
        },
        5e-6,
      );
    }
  });

  it('the number takes the dtype of the tensor, and stands in captured steps', async () => {
    expect(await read(ops.add(ints([1, -2]), 2))).toEqual([3, 0]);
    expect(await read(ops.divide(7, ints([2, -3])))).toEqual([3, -2]);
    expect(await read(ops.add(ints([4294967295], 'u32'), 2))).toEqual([1]);
    expect(await read(ops.greater(2, floats([1, 2, 3])))).toEqual([1, 0, 0]);
    const x = floats([1, 2]);
    const step = await capture(device(), () => ({ y: ops.divide(1, ops.add(ops.multiply(x, 2), 3)) }));
    for (const values of [
      [1, 2],
      [-1, 5],
    ]) {
      x.write(values);
      step.run();
      expectClose(
        await step.outputs.y.read(),
        values.map((v) => 1 / (2 * v + 3)),
        1e-6,
        'y',
      );
    }
    expect(step.launchCount).toBe(3);
    step.dispose();
  });

  it('f16 is computed in f32 and rounded once', async () => {
    if (!device().caps.f16) return;
    const x = tensor(device(), [0.01, 2048, 60000, -1], [4], 'f16');
    const half = (v: number) => fromHalfBits(toHalfBits(v));
    const values = [0.01, 2048, 60000, -1].map(half);
    expect(await read(ops.multiply(x, 1e6))).toEqual(values.map((v) => half(v * 1e6)));
    expect(await read(ops.add(x, 1))).toEqual(values.map((v) => half(v + 1)));
    expect(await read(ops.add(x, x))).toEqual(values.map((v) => half(v + v)));
    expect(await read(ops.maximum(x, 0.5))).toEqual([0.5, 2048, 60000, 0.5].map(half));
    expect(await read(ops.where(ops.less(x, 1), x, 3))).toEqual([half(0.01), 3, 3, -1]);
  });
});

describe('whole numbers', () => {
  it('equal torch: they truncate, wrap and take the sign of the divisor', async () => {
    for (const one of await goldenCases('whole'))
      await checkGolden(device(), one, ({ a, b }) => named[one.op]!(a!, b!), 0);
    expect(await read(ops.multiply(ints([2147483647]), 2))).toEqual([-2]);
    expect(await read(ops.subtract(ints([1], 'u32'), 2))).toEqual([4294967295]);
    expect(await read(ops.divide(ints([7, -7, -2147483648]), ints([0, 0, -1])))).toEqual([
      7, -7, -2147483648,
    ]);
    expect(await read(ops.remainder(ints([7, 4000000000], 'u32'), 3))).toEqual([1, 1]);
    expect(await read(ops.remainder(ints([7, -7]), ints([0, 0])))).toEqual([0, 0]);
  });

  it('large ones are not rounded, in any function', async () => {
    const a = ints([2147483646, -2147483647]);
    expect(await read(ops.maximum(a, 2147483645))).toEqual([2147483646, 2147483645]);
    expect(await read(ops.equal(a, 2147483647))).toEqual([0, 0]);
    expect(await read(ops.where(ops.less(a, 0), a, 16777217))).toEqual([16777217, -2147483647]);
  });
});

describe('comparisons and logic', () => {
  it('equal torch in f32, i32 and u32, and without 8 axes that cannot be merged', async () => {
    for (const one of await goldenCases('compare')) {
      if (one.op === 'oneHot') continue;
      await checkGolden(device(), one, ({ a, b }) => named[one.op]!(a!, b!), 0);
      const { a, b } = one.inputs;
      if ([...a!.data].some((v) => !Number.isFinite(v))) continue;
      for (const dtype of ['i32', 'u32'] as const) {
        const [p, q] = [a!, b!].map(({ data, shape }) =>
          ints(
            [...data].map((v) => v + 2),
            dtype,
            shape,
          ),
        );
        expect(await read(named[one.op]!(p!, q!))).toEqual([...one.outputs.y!.data]);
      }
    }
  });

  it('of bools follow their tables', async () => {
    const [a, b] = [ints([0, 0, 1, 1], 'bool'), ints([0, 1, 0, 1], 'bool')];
    expect(await read(ops.logicalAnd(a, b))).toEqual([0, 0, 0, 1]);
    expect(await read(ops.logicalOr(a, b))).toEqual([0, 1, 1, 1]);
    expect(await read(ops.logicalXor(a, b))).toEqual([0, 1, 1, 0]);
    expect(await read(ops.logicalNot(a))).toEqual([1, 1, 0, 0]);
    expect(await read(ops.equal(a, b))).toEqual([1, 0, 0, 1]);
    expect(await read(ops.where(a, b, ops.logicalNot(b)))).toEqual([1, 0, 0, 1]);
  });

  it('oneHot equals torch, in i32 and u32, and raises for labels that are no class', async () => {
    for (const one of await goldenCases('compare', 'oneHot'))
      await checkGolden(device(), one, ({ labels }) => ops.oneHot(labels!, one.attrs.classes as number), 0);
    expect(await read(ops.oneHot(ints([2, 1, 0]), 3))).toEqual([0, 0, 1, 0, 1, 0, 1, 0, 0]);
    await expect(read(ops.oneHot(ints([0, 1, 3]), 3))).rejects.toThrow(
      /oneHot: labels hold 3, but there are 3 classes/,
    );
    await expect(read(ops.oneHot(ints([-1]), 3))).rejects.toThrow(/oneHot: labels hold -1/);
    expect(ops.oneHot(ints([], 'u32', [0, 2]), 3).shape).toEqual([0, 2, 3]);
  });

  it('where masks NaN out of the gradient', async () => {
    const x = floats([Number.NaN, 2, -1]);
    x.requiresGrad = true;
    using tape = new Tape();
    const y = ops.where(ops.isNaN(x), 0, x);
    tape.backward(y, floats([Number.NaN, 3, 4]));
    expect(await read(y)).toEqual([0, 2, -1]);
    expect(await read(x.grad!)).toEqual([0, 3, 4]);
    x.grad!.dispose();
  });
});

describe('operands', () => {
  const many = [2, 1, 2, 1, 2, 1, 2, 1, 3];
  const other = [1, 2, 1, 2, 1, 2, 1, 2, 1];

  it('of nine axes are computed where those can be walked as eight', async () => {
    const a = random([1, 2, 1, 2, 1, 2, 1, 2, 3], 1);
    const b = random([2, 2, 1, 2, 1, 2, 1, 2, 1], 2);
    const [p, q] = [a, b].map(({ data, shape }) => tensor(device(), data, shape)) as [Tensor, Tensor];
    const y = await ops.add(p, q).read();
    const size = elementCount(a.shape);
    expectClose(
      y,
      Float64Array.from({ length: 2 * size }, (_, i) => a.data[i % size]! + b.data[Math.floor(i / 3)]!),
      1e-6,
      'y',
    );
  });

  it('are refused before anything is launched, by the name of the call, with what to do', () => {
    const x = zeros(device(), [2, 3]);
    const whole = zeros(device(), [3], 'i32');
    const truth = zeros(device(), [3], 'bool');
    const wrong: [() => unknown, string][] = [
      [() => ops.add(1, 2), 'add: a and b are numbers'],
      [() => ops.add(x, null as never), 'add: b is null'],
      [() => ops.divide([1] as never, x), 'divide: a is [1]'],
      [() => ops.greater(x, '1' as never), "greater: b is '1'"],
      [() => ops.maximum(x, whole), 'maximum: b has dtype i32, the other operand f32. Cast one of them'],
      [() => ops.add(whole, 0.5), 'add: b is 0.5, beside a tensor of i32'],
      [() => ops.add(zeros(device(), [3], 'u32'), -1), 'add: b is -1, beside a tensor of u32'],
      [() => ops.add(truth, truth), "add: a has dtype bool. Use cast(a, 'f32')"],
      [() => ops.pow(whole, whole), 'pow: a has dtype i32'],
      [() => ops.remainder(x, x), 'remainder: a has dtype f32. i32 or u32 is needed'],
      [() => ops.subtract(x, zeros(device(), [2])), 'subtract: b has shape [2]'],
      [() => ops.logicalAnd(truth, x), 'logicalAnd: b has dtype f32'],
      [() => ops.logicalOr(truth, 1 as never), 'logicalOr: b is 1'],
      [() => ops.where(x, x, x), 'where: condition has dtype f32'],
      [() => ops.where(truth, 1, 2), 'where: a and b are numbers'],
      [() => ops.where(truth, x, whole), 'where: b has dtype i32'],
      [() => ops.where(zeros(device(), [4], 'bool'), x, 0), 'where: b has shape'],
      [() => ops.oneHot(x, 3), 'oneHot: labels have dtype f32'],
      [() => ops.oneHot(whole, 1.5), 'oneHot: classes is 1.5'],
      [() => ops.add(zeros(device(), many), zeros(device(), other)), 'add: shape'],
      [() => ops.where(zeros(device(), many, 'bool'), zeros(device(), other), 0), 'where: shape'],
    ];
    for (const [call, message] of wrong) {
      expect(call).toThrow(ShapeError);
      expect(call).toThrow(message);
    }
  });

  it('of no elements give none, and gradients of 0 to what was repeated', async () => {
    const b = floats([1, 2, 3]);
    const none = zeros(device(), [0, 3]);
    await poisoned(device(), async () => {
      for (const f of [
        ops.add,
        ops.maximum,
        ops.pow,
        (p: Tensor, q: Tensor) => ops.where(ops.greater(p, q), p, q),
      ]) {
        b.requiresGrad = true;
        using tape = new Tape();
        const y = f(none, b);
        expect(y.shape).toEqual([0, 3]);
        tape.backward(y, none);
        expect(await read(b.grad!)).toEqual([0, 0, 0]);
        b.grad!.dispose();
        b.grad = undefined;
      }
    });
  });
});
