import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { ShapeError } from '../../src/base/errors.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import type { Shape } from '../../src/tensor/shape.ts';
import { checkOp, type Host, host, poisoned, random } from '../check.ts';
import { useDevice } from '../device.ts';
import { checkGolden } from '../golden-op.ts';
import { goldenCases } from '../goldens.ts';
import { joined, rows, sliced } from './rows.ts';

const device = useDevice();

function padded(x: Host, axis: number, before: number, after: number): Host {
  const inner = x.shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  const shape = x.shape.map((size, i) => (i === axis ? before + size + after : size));
  const zeros = (count: number) => new Array<number>(count * inner).fill(0);
  return host(
    shape,
    rows(x, axis).flatMap((row) => [...zeros(before), ...row, ...zeros(after)]),
  );
}

const joins: readonly [number, readonly Shape[]][] = [
  [0, [[1], [3]]],
  [
    3,
    [
      [1, 1, 1, 1],
      [1, 1, 1, 2],
    ],
  ],
  [
    3,
    [
      [2, 3, 5, 4],
      [2, 3, 5, 8],
    ],
  ],
  [
    3,
    [
      [2, 3, 5, 3],
      [2, 3, 5, 4],
      [2, 3, 5, 1],
    ],
  ],
  [
    1,
    [
      [2, 1, 5, 3],
      [2, 4, 5, 3],
    ],
  ],
  [
    0,
    [
      [2, 3],
      [5, 3],
    ],
  ],
];

describe('concat, slice and pad', () => {
  it('concat joins any number of tensors along any axis, and its gradient takes them apart', async () => {
    for (const [axis, shapes] of joins) {
      await checkOp(device(), {
        inputs: shapes.map((shape, i) => random(shape, i + 1)),
        forward: (...parts) => ops.concat(parts, axis),
        reference: (...parts) => joined(parts, axis),
      });
    }
  });

  it('slice cuts along any axis, and its gradient is 0 around the cut', async () => {
    for (const [axis, start, end] of [
      [3, 0, 8],
      [3, 4, 8],
      [3, 1, 2],
      [2, 2, 4],
      [1, 1, 3],
      [0, 1, 2],
    ] as const) {
      await checkOp(device(), {
        inputs: [random([2, 3, 5, 8], 1)],
        forward: (x) => ops.slice(x, start, end, axis),
        reference: (x) => sliced(x, axis, start, end),
      });
    }
  });

  it('pad adds zeros on both sides, and its gradient cuts them off', async () => {
    for (const [axis, before, after] of [
      [3, 0, 0],
      [3, 4, 8],
      [2, 1, 2],
      [0, 0, 1],
    ] as const) {
      await checkOp(device(), {
        inputs: [random([2, 3, 5, 4], 1)],
        forward: (x) => ops.pad(x, before, after, axis),
        reference: (x) => padded(x, axis, before, after),
      });
    }
  });

  it('concat and slice equal torch', async () => {
    for (const one of await goldenCases('concat', 'concat'))
      await checkGolden(
        device(),
        one,
        ({ a, b, c }) => ops.concat(c ? [a!, b!, c] : [a!, b!], Number(one.attrs.axis)),
        0,
      );
    for (const one of await goldenCases('concat', 'slice')) {
      const { axis, start, end } = one.attrs as { axis: number; start: number; end: number };
      await checkGolden(device(), one, ({ x }) => ops.slice(x!, start, end, axis), 0);
    }
  });

  it('move integers and halves as they are', async () => {
    const whole = tensor(device(), [-1, 2 ** 30 + 1, 3], [1, 3], 'i32');
    expect([...(await ops.concat([whole, whole]).read())]).toEqual([-1, 2 ** 30 + 1, 3, -1, 2 ** 30 + 1, 3]);
    const half = tensor(device(), [0.5, 1, 2, 3], [2, 2], 'f16');
    expect([...(await ops.concat([half, half]).read())]).toEqual([0.5, 1, 0.5, 1, 2, 3, 2, 3]);
    const odd = () => ops.slice(half, 1, 2);
    if (device().caps.f16) expect([...(await odd().read())]).toEqual([1, 3]);
    else expect(odd).toThrow("Use cast(x, 'f32')");
  });

  it('slice counts from the end by negative numbers, as PyTorch does', async () => {
    for (const [start, end, from, to] of [
      [-3, -1, 2, 4],
      [0, -1, 0, 4],
      [-5, 5, 0, 5],
      [1, -4, 1, 1],
    ] as const)
      await checkOp(device(), {
        inputs: [random([2, 5, 3], 1)],
        forward: (x) => ops.slice(x, start, end, 1),
        reference: (x) => sliced(x, 1, from, to),
      });
  });

  it('take and give nothing where an extent is 0', async () => {
    await poisoned(device(), async () => {
      const [x, none] = [tensor(device(), [1, 2, 3, 4, 5, 6], [2, 3]), zeros(device(), [2, 0])];
      for (const leaf of [x, none]) leaf.requiresGrad = true;
      using tape = new Tape();
      const y = ops.concat([none, x, none, ops.slice(x, 1, 1), ops.pad(none, 1, 1)]);
      expect(y.shape).toEqual([2, 5]);
      expect([...(await y.read())]).toEqual([1, 2, 3, 0, 0, 4, 5, 6, 0, 0]);
      tape.backward(y, tensor(device(), [1, 2, 3, 9, 9, 4, 5, 6, 9, 9], [2, 5]));
      expect([...(await x.grad!.read())]).toEqual([1, 2, 3, 4, 5, 6]);
      expect(none.grad!.shape).toEqual([2, 0]);
      for (const { grad } of [x, none]) grad!.dispose();
      expect(ops.concat([none, none]).shape).toEqual([2, 0]);
      expect(ops.slice(zeros(device(), [0, 3]), 1, 2).shape).toEqual([0, 1]);
      expect(ops.split(none, 2).map(({ shape }) => shape)).toEqual([[2, 0]]);
      expect(ops.stack([none, none], 1).shape).toEqual([2, 2, 0]);
    });
    const empty = tensor(device(), [1, 2], [2]);
    empty.requiresGrad = true;
    using tape = new Tape();
    tape.backward(ops.slice(empty, 2, 2), zeros(device(), [0]));
    using grad = empty.grad!;
    expect([...(await grad.read())]).toEqual([0, 0]);
  });

  it('refuse shapes that differ elsewhere and ranges outside the axis', () => {
    const x = zeros(device(), [2, 3]);
    expect(() => ops.concat([x, zeros(device(), [3, 3])])).toThrow(ShapeError);
    expect(() => ops.concat([x, zeros(device(), [2, 3], 'i32')])).toThrow('tensors[1] has dtype i32');
    expect(() => ops.slice(x, 2, 4)).toThrow('slice: end is 4, outside axis 1 of [2, 3]');
    expect(() => ops.slice(x, -4, 3)).toThrow('slice: start is -4, outside axis 1 of [2, 3]');
    expect(() => ops.slice(x, 2, 1)).toThrow('slice: range 2…1 ends before it starts');
    expect(() => ops.slice(x, 0.5, 2)).toThrow('slice: start is 0.5. A whole number is needed.');
    expect(() => ops.slice(x, 1, undefined as never)).toThrow('slice: end is undefined');
    expect(() => ops.slice(x, 0, 1, 2)).toThrow('slice: axis is 2. A whole number -2 … 1 is needed.');
    expect(() => ops.slice(null as never, 0, 1)).toThrow('slice: ');
    expect(() => ops.pad(x, -1, 0)).toThrow('pad: before is -1');
    expect(() => ops.pad(x, 0, 1.5)).toThrow('pad: after is 1.5');
    expect(() => ops.pad(x, 1, 1, { axis: 0 } as never)).toThrow('pad: axis is an object');
  });
});
