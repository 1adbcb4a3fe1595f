import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { capture } from '../../src/autograd/step.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { ShapeError } from '../../src/base/errors.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import { elementCount, inferShape, type Shape, stridesOf } from '../../src/tensor/shape.ts';
import { checkOp, type Host, poisoned, random } from '../check.ts';
import { useDevice } from '../device.ts';
import { checkGolden } from '../golden-op.ts';
import { goldenCases } from '../goldens.ts';

const device = useDevice();

/** Every coordinate of a shape, in order. */
function* coordinates(shape: Shape): Generator<number[]> {
  const strides = stridesOf(shape);
  for (let i = 0; i < elementCount(shape); i++)
    yield shape.map((size, axis) => Math.floor(i / strides[axis]!) % size);
}

function permuted({ shape, data }: Host, axes: readonly number[]): Host {
  const to = axes.map((axis) => shape[axis]!);
  const strides = axes.map((axis) => stridesOf(shape)[axis]!);
  const values = [...coordinates(to)].map((at) => data[at.reduce((sum, c, i) => sum + c * strides[i]!, 0)]!);
  return { shape: to, data: Float64Array.from(values) };
}

function flipped({ shape, data }: Host, axes: readonly number[]): Host {
  const strides = stridesOf(shape);
  const place = (c: number, axis: number) =>
    (axes.includes(axis) ? shape[axis]! - 1 - c : c) * strides[axis]!;
  const values = [...coordinates(shape)].map((at) => data[at.reduce((sum, c, i) => sum + place(c, i), 0)]!);
  return { shape, data: Float64Array.from(values) };
}

const cases: readonly [Shape, readonly number[]][] = [
  [[1], [0]],
  [
    [3, 5],
    [1, 0],
  ],
  [
    [8, 12],
    [1, 0],
  ],
  [
    [2, 36, 40],
    [0, 2, 1],
  ],
  [
    [2, 5, 7, 3],
    [0, 3, 1, 2],
  ],
  [
    [2, 4, 4, 8],
    [0, 3, 1, 2],
  ],
  [
    [2, 3, 4, 8],
    [1, 0, 2, 3],
  ],
  [
    [2, 3, 4, 8],
    [3, 2, 1, 0],
  ],
  [
    [4, 4, 1, 8],
    [3, 0, 2, 1],
  ],
  [
    [3, 1, 5, 1],
    [1, 0, 3, 2],
  ],
  [
    [0, 3, 2],
    [2, 0, 1],
  ],
  [
    [2, 3, 2, 3, 2, 3, 2, 4],
    [7, 6, 5, 4, 3, 2, 1, 0],
  ],
];

describe('permute, transpose and flip', () => {
  it('match plain loops over awkward shapes, gradients included', async () => {
    for (const [shape, axes] of cases) {
      const inputs = [random(shape, 4)];
      await checkOp(device(), {
        inputs,
        forward: (x) => ops.permute(x, axes),
        reference: (x) => permuted(x, axes),
      });
      const some = axes.slice(0, 2);
      await checkOp(device(), {
        inputs,
        forward: (x) => ops.flip(x, some),
        reference: (x) => flipped(x, some),
      });
    }
  });

  it('keep every bit of every dtype, f16 on every device', async () => {
    for (const [shape, axes] of cases) {
      const values = Float64Array.from({ length: elementCount(shape) }, (_, i) => i % 2039);
      const wanted = [...permuted({ shape, data: values }, axes).data];
      const turned = [...flipped({ shape, data: values }, [shape.length - 1]).data];
      for (const dtype of ['f32', 'f16', 'i32', 'u32'] as const)
        await poisoned(device(), async () => {
          const x = tensor(device(), values, shape, dtype);
          expect([...(await ops.permute(x, axes).read())]).toEqual(wanted);
          expect([...(await ops.flip(x, [-1]).read())]).toEqual(turned);
        });
    }
    const truth = tensor(device(), [1, 0, 1, 1, 0, 0], [2, 3], 'bool');
    expect([...(await ops.transpose(truth).read())]).toEqual([1, 1, 0, 0, 1, 0]);
  });

  it('equal torch', async () => {
    for (const one of await goldenCases('axes')) {
      const f = one.op === 'flip' ? ops.flip : ops.permute;
      await checkGolden(device(), one, ({ x }) => f(x!, one.attrs.axes as number[]), 0);
    }
  });

  it('exchange two axes, the last by default, and nothing is launched where only axes of size 1 move', async () => {
    const x = tensor(device(), [1, 2, 3, 4, 5, 6], [1, 2, 3]);
    expect(ops.transpose(x).shape).toEqual([1, 3, 2]);
    expect([...(await ops.transpose(x).read())]).toEqual([1, 4, 2, 5, 3, 6]);
    expect(ops.transpose(x, 0, -1).shape).toEqual([3, 2, 1]);
    const step = await capture(device(), () => ({
      y: ops.affine(ops.squeeze(ops.transpose(ops.unsqueeze(x, 0), 1, 2)), 2),
    }));
    step.run();
    expect(step.launchCount).toBe(1);
    expect([...(await step.outputs.y.read())]).toEqual([2, 4, 6, 8, 10, 12]);
    step.dispose();
  });
});

describe('views', () => {
  it('infer an axis of −1, and add and leave out axes of size 1, on the tape', async () => {
    const x = tensor(device(), [1, 2, 3, 4, 5, 6], [1, 2, 3], 'f32');
    x.requiresGrad = true;
    expect(ops.reshape(x, [3, -1]).shape).toEqual([3, 2]);
    expect(ops.reshape(x, [-1]).shape).toEqual([6]);
    expect(ops.flatten(x).shape).toEqual([6]);
    expect(ops.flatten(x, 1).shape).toEqual([1, 6]);
    expect(ops.flatten(zeros(device(), [2, 0, 3]), 0, 1).shape).toEqual([0, 3]);
    expect(ops.flatten(zeros(device(), [])).shape).toEqual([1]);
    expect(ops.squeeze(x).shape).toEqual([2, 3]);
    expect(ops.squeeze(x, -3).shape).toEqual([2, 3]);
    expect(ops.unsqueeze(x, -1).shape).toEqual([1, 2, 3, 1]);
    expect(ops.unsqueeze(x, 1).shape).toEqual([1, 1, 2, 3]);
    expect(ops.expand(ops.reshape(x, [6, 1]), [-1, 4]).shape).toEqual([6, 4]);
    using tape = new Tape();
    tape.backward(ops.sum(ops.square(ops.flatten(ops.unsqueeze(ops.reshape(x, [-1, 2]), 0)))));
    expect([...(await x.grad!.read())]).toEqual([2, 4, 6, 8, 10, 12]);
    x.grad!.dispose();
  });

  it('detach is followed by no tape and shares the elements', async () => {
    const x = tensor(device(), [1, 2], [2]);
    x.requiresGrad = true;
    using tape = new Tape();
    const y = ops.multiply(x, ops.detach(x));
    tape.backward(ops.sum(y));
    expect([...(await x.grad!.read())]).toEqual([1, 2]);
    x.grad!.dispose();
  });

  it('infer shapes of nothing', () => {
    expect(inferShape('reshape', [0, 3], 0)).toEqual([0, 3]);
    expect(inferShape('reshape', [-1, 3], 0)).toEqual([0, 3]);
    expect(inferShape('reshape', [], 1)).toEqual([]);
  });

  it('say by the name of the call what is wrong with a shape or an axis', () => {
    const x = zeros(device(), [2, 3]);
    const wrong: [() => unknown, string][] = [
      [() => ops.reshape(x, [-2, 3]), 'reshape: shape is [-2, 3]'],
      [() => ops.reshape(x, [1.5, 4]), 'reshape: shape is [1.5, 4]'],
      [() => ops.reshape(x, [-1, -1]), 'reshape: shape [-1, -1] does not hold 6 elements. Only one axis'],
      [() => ops.reshape(x, [4, -1]), 'reshape: shape [4, -1] does not hold 6 elements'],
      [() => ops.reshape(x, [5]), 'reshape: shape [5] does not hold 6 elements. The counts must be equal'],
      [() => ops.reshape(x, 6 as never), 'reshape: shape is 6'],
      [() => ops.reshape(zeros(device(), [0]), [0, -1]), 'reshape: shape [0, -1] does not hold 0 elements'],
      [() => ops.reshape(null as never, [1]), 'reshape: x is null'],
      [() => ops.expand(x, [3]), 'expand: shape [3] is smaller than x'],
      [() => ops.expand(x, [-1, 2, 3]), 'expand: shape is [-1, 2, 3], of x [2, 3]'],
      [() => ops.expand(x, [2, -3]), 'expand: shape is [2, -3]'],
      [() => ops.permute(x, [0]), 'permute: axes are [0] for x [2, 3]'],
      [() => ops.permute(x, [0, 0]), 'permute: axes are [0, 0]'],
      [() => ops.permute(x, [0, 2]), 'permute: axes is 2'],
      [() => ops.permute(x, 1 as never), 'permute: axes is 1'],
      [() => ops.transpose(x, 0, 2), 'transpose: b is 2'],
      [() => ops.transpose(zeros(device(), [3])), 'transpose: a is -2'],
      [() => ops.flip(x, [2]), 'flip: axes holds 2'],
      [() => ops.squeeze(x, 0), 'squeeze: axis 0 of [2, 3] has size 2'],
      [() => ops.unsqueeze(x, 4), 'unsqueeze: axis is 4'],
      [() => ops.flatten(x, 1, 0), 'flatten: start is 1, after end'],
      [() => ops.detach(1 as never), 'detach: x is 1'],
      [
        () => ops.permute(zeros(device(), new Array(9).fill(2)), [8, 7, 6, 5, 4, 3, 2, 1, 0]),
        'permute: shape',
      ],
    ];
    for (const [call, message] of wrong) {
      expect(call).toThrow(ShapeError);
      expect(call).toThrow(message);
    }
  });
});
