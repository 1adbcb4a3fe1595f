import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { tensor } from '../../src/tensor/create.ts';
import { checkOp, expectClose, type Host, random } from '../check.ts';
import { useDevice } from '../device.ts';
import { checkGolden } from '../golden-op.ts';
import { goldenCases } from '../goldens.ts';

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
          forward: functions[name],
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
});
