import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { ShapeError } from '../../src/base/errors.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import { elementCount, type Shape } from '../../src/tensor/shape.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { checkOp, expectClose, type Host, poisoned, random } from '../check.ts';
import { useDevice } from '../device.ts';
import { checkGolden } from '../golden-op.ts';
import { goldenCases } from '../goldens.ts';

const device = useDevice();
const functions = { sum: ops.sum, mean: ops.mean, max: ops.max };
type Name = keyof typeof functions;

/** Per element of a tensor of `shape`, which element of the result (axes kept at size 1) it belongs to. */
function owners(shape: Shape, axes: readonly number[]): Int32Array {
  const owner = new Int32Array(elementCount(shape));
  for (let i = 0; i < owner.length; i++) {
    let rest = i;
    let stride = 1;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      if (!axes.includes(axis)) {
        owner[i]! += stride * (rest % shape[axis]!);
        stride *= shape[axis]!;
      }
      rest = Math.floor(rest / shape[axis]!);
    }
  }
  return owner;
}

function referenceOf(name: Name, shape: Shape, axes: readonly number[]): (x: Host) => Host {
  const owner = owners(shape, axes);
  const kept = shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
  const scale = name === 'mean' ? elementCount(kept) / owner.length : 1;
  return ({ data }) => {
    const y = new Float64Array(elementCount(kept)).fill(name === 'max' ? -Infinity : 0);
    data.forEach((v, i) => {
      y[owner[i]!] = name === 'max' ? Math.max(y[owner[i]!]!, v) : y[owner[i]!]! + scale * v;
    });
    return { shape: kept, data: y };
  };
}

const cases: readonly [Shape, readonly number[]][] = [
  [
    [1, 1, 1, 1],
    [0, 1, 2, 3],
  ],
  [[3, 5, 7], []],
  [
    [3, 5, 7],
    [0, 2],
  ],
  [
    [2, 3, 2, 3, 2, 3],
    [0, 2, 4],
  ],
  [
    [2, 1, 5, 8],
    [0, 1, 2],
  ],
  [
    [1, 37, 31, 3],
    [1, 2],
  ],
  [
    [1, 37, 31, 4],
    [0, 1, 2],
  ],
  [[3, 1300], [1]],
  [[2, 1301], [1]],
];

describe('reduce', () => {
  for (const name of Object.keys(functions) as Name[]) {
    it(`${name} and its gradient match f64 over any axes, in one stage and in several`, async () => {
      for (const [shape, axes] of cases) {
        await checkOp(device(), {
          inputs: [random(shape, 5)],
          forward: (x) => functions[name](x, { axes, keepDims: true }),
          reference: referenceOf(name, shape, axes),
          reduction: name === 'max' ? 1 : 16,
        });
      }
    });

    it(`${name} equals torch`, async () => {
      for (const one of await goldenCases('reduce', name)) {
        const { axes, keepDims } = one.attrs as { axes: number[]; keepDims: boolean };
        await checkGolden(device(), one, ({ x }) => functions[name](x!, { axes, keepDims }));
      }
    });
  }

  it('a sum of a million numbers loses no more than a few roundings, the same bits every run', async () => {
    const count = 1_000_003;
    const values = random([count], 9, 0, 1);
    const exact = values.data.reduce((sum, v) => sum + v, 0);
    const x = tensor(device(), values.data, [count]);
    const [first, second] = await poisoned(device(), () => [ops.sum(x), ops.sum(x)] as [Tensor, Tensor]);
    expect(Math.abs((await first.item()) - exact) / exact).toBeLessThan(5e-7);
    expect(await second.item()).toBe(await first.item());
  });

  it('a maximum sends its gradient to the first of equals, also across strips and axes', async () => {
    const shape = [2, 1500, 2];
    const values = new Float32Array(6000);
    for (const index of [1301 * 2, 1303 * 2, 3000]) values[index] = 4;
    const x = tensor(device(), values, shape);
    x.requiresGrad = true;
    using tape = new Tape();
    tape.backward(ops.max(x));
    const expected = new Float32Array(6000);
    expected[2602] = 1;
    expectClose(await x.grad!.read(), expected, 0, 'gradient');
    x.grad!.dispose();
  });

  it('expand repeats, and its gradient sums', async () => {
    await checkOp(device(), {
      inputs: [random([3, 1], 2)],
      forward: (x) => ops.expand(x, [2, 3, 5]),
      reference: ({ data }) => ({
        shape: [2, 3, 5],
        data: Float64Array.from({ length: 30 }, (_, i) => data[Math.floor(i / 5) % 3]!),
      }),
      reduction: 10,
    });
    expect(() => ops.expand(zeros(device(), [2, 3]), [3])).toThrow(ShapeError);
  });

  it('refuses an axis that is not there', () => {
    expect(() => ops.sum(zeros(device(), [2, 3]), { axes: [2] })).toThrow('rank 2');
  });
});
