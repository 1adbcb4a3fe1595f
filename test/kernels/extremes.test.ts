import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { capture } from '../../src/autograd/step.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import type { Shape } from '../../src/tensor/shape.ts';
import { checkOp, expectClose, type Host, host, poisoned, random } from '../check.ts';
import { useDevice } from '../device.ts';
import { checkGolden } from '../golden-op.ts';
import { goldenCases } from '../goldens.ts';
import { hasHalf } from '../half.ts';

const device = useDevice();
const extremes = { max: ops.max, min: ops.min };
const places = { argmax: ops.argmax, argmin: ops.argmin };
const placeOf = { max: ops.argmax, min: ops.argmin };
const normalized = { softmax: ops.softmax, logSoftmax: ops.logSoftmax };

/** The columns of x along an axis, and the shape of a result that keeps it. */
function columns({ shape, data }: Host, axis: number): { kept: number[]; each: number[][] } {
  const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  const size = shape[axis]!;
  const each = Array.from({ length: data.length / size }, (_, i) =>
    Array.from({ length: size }, (_, k) => data[(Math.floor(i / inner) * size + k) * inner + (i % inner)]!),
  );
  return { kept: shape.map((length, i) => (i === axis ? 1 : length)), each };
}

function along(x: Host, axis: number, use: (column: number[]) => number): Host {
  const { kept, each } = columns(x, axis);
  return host(kept, each.map(use));
}

const cases: [Shape, number][] = [
  [[1], 0],
  [[3, 5, 7], 0],
  [[3, 5, 7], 1],
  [[2, 3, 8], 2],
  [[3, 1300], 1],
  [[1301, 3], 0],
];
const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

describe('min', () => {
  it('and its gradient match f64 over any axis', async () => {
    for (const [shape, axis] of cases)
      await checkOp(device(), {
        inputs: [random(shape, 3)],
        forward: (x) => ops.min(x, { axes: [axis], keepDims: true }),
        reference: (x) => along(x, axis, (column) => Math.min(...column)),
      });
  });

  it('equals torch', async () => {
    for (const one of await goldenCases('extreme', 'min')) {
      const { axes, keepDims } = one.attrs as { axes: number[]; keepDims: boolean };
      await checkGolden(device(), one, ({ x }) => ops.min(x!, { axes, keepDims }));
    }
  });
});

describe('variance', () => {
  it('and its gradient match f64 over any axis', async () => {
    for (const [shape, axis] of cases.slice(1))
      for (const correction of [0, 1])
        await checkOp(device(), {
          inputs: [random(shape, 3)],
          forward: (x) => ops.variance(x, { axes: [axis], keepDims: true, correction }),
          reference: (x) =>
            along(x, axis, (column) => {
              const mean = sum(column) / column.length;
              return sum(column.map((v) => (v - mean) ** 2)) / (column.length - correction);
            }),
          reduction: 64,
        });
  });

  it('equals torch', async () => {
    for (const one of await goldenCases('extreme', 'variance'))
      await checkGolden(device(), one, ({ x }) => ops.variance(x!, one.attrs as object), 1e-5);
  });

  it('is NaN of one number, or of none, as unbiased', async () => {
    expect(await ops.variance(tensor(device(), [3], [1])).item()).toBeNaN();
    expect(await ops.variance(tensor(device(), [3], [1]), { correction: 0 }).item()).toBe(0);
    expect(await ops.variance(zeros(device(), [0])).item()).toBeNaN();
  });
});

describe('argmax and argmin', () => {
  it('match f64 over any axis, and over all elements', async () => {
    for (const name of ['argmax', 'argmin'] as const) {
      const best = (column: readonly number[]) =>
        column.indexOf(name === 'argmax' ? Math.max(...column) : Math.min(...column));
      for (const [shape, axis] of cases) {
        const x = random(shape, 4);
        const y = await poisoned(device(), () =>
          places[name](tensor(device(), x.data, shape), { axis, keepDims: true }),
        );
        const wanted = along(x, axis, best);
        expect([y.dtype, y.shape]).toEqual(['i32', wanted.shape]);
        expect([...(await y.read())]).toEqual([...wanted.data]);
        const whole = places[name](tensor(device(), x.data, shape));
        expect([whole.shape, await whole.item()]).toEqual([[], best([...x.data])]);
      }
    }
  });

  it('equal torch, also where NaNs are', async () => {
    for (const name of ['argmax', 'argmin'] as const)
      for (const one of await goldenCases('extreme', name))
        await checkGolden(device(), one, ({ x }) => places[name](x!, { axis: Number(one.attrs.axis) }), 0);
  });

  it('take integers as they are, and replay in a captured step', async () => {
    const x = tensor(device(), [2 ** 24, 2 ** 24 + 1, -5, 2 ** 24 + 1], [2, 2], 'i32');
    const both = () => ({ most: ops.argmax(x), least: ops.argmin(x, { axis: 0 }) });
    using step = await capture(device(), both);
    step.run();
    expect([...(await step.outputs.most.read())]).toEqual([1]);
    expect([...(await step.outputs.least.read())]).toEqual([1, 0]);
    expect(await ops.argmax(tensor(device(), [1, 2 ** 31 + 7, 2 ** 31 + 8], [3], 'u32')).item()).toBe(2);
  });
});

describe('NaN among the elements of a reduction', () => {
  const sizes = [1, 4, 37, 1500, 5000];

  it('is the extreme wherever it stands, and the first gets the gradient', async () => {
    for (const name of ['max', 'min'] as const)
      for (const size of sizes)
        for (const at of [0, Math.floor(size / 2), size - 1])
          for (const inner of [1, 3]) {
            const values = new Float32Array(size * inner).map((_, i) => (i % 2 ? Infinity : -Infinity));
            const gradient = new Float32Array(size * inner);
            for (let i = 0; i < inner; i++) {
              values[at * inner + i] = values[(size - 1) * inner + i] = Number.NaN;
              gradient[at * inner + i] = 1;
            }
            const x = tensor(device(), values, [size, inner]);
            x.requiresGrad = true;
            using tape = new Tape();
            const y = extremes[name](x, { axes: [0] });
            expect([...(await y.read())]).toEqual(new Array(inner).fill(Number.NaN));
            expect([...(await placeOf[name](x, { axis: 0 }).read())]).toEqual(new Array(inner).fill(at));
            tape.backward(y, tensor(device(), new Array(inner).fill(1), [inner]));
            using grad = x.grad!;
            expectClose(await grad.read(), gradient, 0, `${name} of ${size}×${inner} at ${at}`);
          }
  });

  it('is the extreme in f16 too, and stays in its row of a softmax of f16', async () => {
    const values = [1, Number.NaN, 3, 4, -Infinity, 2, 7, 8, Infinity, 1];
    const x = tensor(device(), values, [5, 2], 'f16');
    if (!hasHalf) {
      expect(() => ops.max(x)).toThrow('max: x has dtype f16, which this device only stores');
      return;
    }
    x.requiresGrad = true;
    using tape = new Tape();
    const y = ops.min(x, { axes: [1] });
    expect([...(await y.read())]).toEqual([Number.NaN, 3, -Infinity, 7, 1]);
    expect([...(await ops.argmax(x, { axis: 1 }).read())]).toEqual([1, 1, 1, 1, 0]);
    tape.backward(y, ops.cast(tensor(device(), [1, 2, 3, 4, 5], [5]), 'f16'));
    using grad = x.grad!;
    expect([...(await grad.read())]).toEqual([0, 1, 2, 0, 3, 0, 4, 0, 0, 5]);
    const rows = [...(await ops.softmax(x).read())].map(Number.isNaN);
    expect(rows).toEqual([true, true, false, false, false, false, false, false, true, true]);
  });

  it('makes sums and means NaN, and those of other columns not', async () => {
    for (const reduce of [ops.sum, ops.mean])
      for (const size of sizes) {
        const values = new Float32Array(size * 2).fill(1);
        values[(size - 1) * 2] = Number.NaN;
        const y = await reduce(tensor(device(), values, [size, 2]), { axes: [0] }).read();
        expect([...y]).toEqual([Number.NaN, reduce === ops.sum ? size : 1]);
      }
  });

  it('stays in its row of a softmax, as infinities do where they leave no number', async () => {
    for (const name of ['softmax', 'logSoftmax'] as const)
      for (const one of await goldenCases('softmaxAxis', name))
        await checkGolden(
          device(),
          one,
          ({ x }) => normalized[name](x!, { axis: Number(one.attrs.axis) }),
          5e-6,
        );
  });
});
