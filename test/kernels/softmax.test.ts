import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { filled, tensor, zeros } from '../../src/tensor/create.ts';
import { checkOp, expectClose, type Host, random } from '../check.ts';
import { useDevice } from '../device.ts';
import { checkGolden } from '../golden-op.ts';
import { goldenCases } from '../goldens.ts';
import { hasHalf } from '../half.ts';

const device = useDevice();
const functions = { softmax: ops.softmax, logSoftmax: ops.logSoftmax };

function logSoftmax({ shape, data }: Host): Host {
  const channels = shape.at(-1)!;
  const normalizers = Float64Array.from({ length: data.length / channels }, (_, row) => {
    const values = data.subarray(row * channels, (row + 1) * channels);
    return Math.log(values.reduce((sum, v) => sum + Math.exp(v), 0));
  });
  return { shape, data: data.map((v, i) => v - normalizers[Math.floor(i / channels)]!) };
}

const references = {
  logSoftmax,
  softmax: (x: Host): Host => ({ shape: x.shape, data: logSoftmax(x).data.map(Math.exp) }),
};

describe('softmax', () => {
  for (const name of ['softmax', 'logSoftmax'] as const) {
    it(`${name} and its gradient match f64 over awkward shapes`, async () => {
      for (const shape of [[1], [3, 1], [2, 3, 5, 7], [1, 1, 1, 33]]) {
        await checkOp(device(), {
          inputs: [random(shape, 4, -3, 3)],
          forward: (x) => functions[name](x),
          reference: references[name],
          epsilon: 2 ** -18,
        });
      }
    });

    it(`${name} equals torch`, async () => {
      for (const one of await goldenCases('softmax', name))
        await checkGolden(device(), one, ({ x }) => functions[name](x!), 5e-6);
    });
  }

  it('stays finite where exp would overflow', async () => {
    const x = tensor(device(), [1000, 999, -1000], [3]);
    const [p, q] = [1 / (1 + Math.exp(-1)), 1 / (1 + Math.E)];
    expectClose(await ops.softmax(x).read(), [p, q, 0], 1e-6, 'softmax');
    expectClose(await ops.logSoftmax(x).read(), [Math.log(p), Math.log(q), -2000 + Math.log(p)], 1e-6, 'log');
    expect((await ops.softmax(x).read())[2]).toBe(0);
  });

  it('along any axis, and its gradient, match f64 by way of a permuted tensor', async () => {
    const shape = [3, 5, 4];
    for (const name of ['softmax', 'logSoftmax'] as const)
      for (const axis of [0, 1, -2]) {
        const inner = shape.slice(axis < 0 ? axis + 4 : axis + 1).reduce((a, b) => a * b, 1);
        const size = shape.at(axis)!;
        const moved = (i: number) =>
          (Math.floor(i / size / inner) * size + (i % size)) * inner + (Math.floor(i / size) % inner);
        await checkOp(device(), {
          inputs: [random(shape, 4, -3, 3)],
          forward: (x) => functions[name](x, { axis }),
          reference: ({ data }) => {
            const turned = { shape: [data.length / size, size], data: data.map((_, i) => data[moved(i)]!) };
            const result = new Float64Array(data.length);
            references[name](turned).data.forEach((v, i) => {
              result[moved(i)] = v;
            });
            return { shape, data: result };
          },
          epsilon: 2 ** -18,
        });
      }
  });

  it('of f16 is computed in f32', async () => {
    const x = ops.cast(tensor(device(), random([6, 37], 2, -4, 4).data, [6, 37]), 'f16');
    if (!hasHalf) {
      expect(() => ops.logSoftmax(x)).toThrow('logSoftmax: x has dtype f16, which this device only stores');
      return;
    }
    for (const name of ['softmax', 'logSoftmax'] as const)
      for (const axis of [0, 1]) {
        const leaves = [ops.cast(x, 'f16'), ops.cast(x, 'f32')];
        using tape = new Tape();
        const [half, single] = leaves.map((leaf) => {
          leaf.requiresGrad = true;
          return functions[name](leaf, { axis });
        });
        expectClose(await half!.read(), await ops.cast(single!, 'f16').read(), 0, name);
        const dy = ops.cast(tensor(device(), random([6, 37], 3).data, [6, 37]), 'f16');
        tape.backward(half!, dy);
        tape.backward(single!, ops.cast(dy, 'f32'));
        const [got, wanted] = await Promise.all(leaves.map((leaf) => leaf.grad!.read()));
        expectClose(got!, wanted!, 2 ** -9, `gradient of ${name}`);
        for (const { grad } of leaves) grad!.dispose();
      }
  });

  it('takes more rows than a grid has workgroups along an axis', async () => {
    const x = zeros(device(), [1_100_000, 2]);
    const y = await ops.softmax(x).read();
    expect(y.every((v) => v === 0.5)).toBe(true);
    const turned = await ops.softmax(zeros(device(), [2, 1_100_000]), { axis: 0 }).read();
    expect(turned.every((v) => v === 0.5)).toBe(true);
    device().memory.trim();
  });

  it('of NaN in the incoming gradient is NaN in its row alone', async () => {
    for (const name of ['softmax', 'logSoftmax'] as const) {
      const x = filled(device(), 1, [2, 2]);
      x.requiresGrad = true;
      using tape = new Tape();
      tape.backward(functions[name](x), tensor(device(), [Number.NaN, 1, 1, 1], [2, 2]));
      using grad = x.grad!;
      const values = await grad.read();
      expect([...values].map(Number.isNaN)).toEqual([true, true, false, false]);
    }
  });
});
