import { describe, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { checkOp, type Host, random } from '../check.ts';
import { useDevice } from '../device.ts';
import { checkGolden } from '../golden-op.ts';
import { goldenCases } from '../goldens.ts';

const device = useDevice();
const shapes = [[1], [1, 1, 1, 1], [2, 3, 5, 7], [1, 4, 4, 16]];

const functions: Record<string, { op: (x: Tensor) => Tensor; f(x: number): number; low?: number }> = {
  relu: { op: ops.relu, f: (x) => Math.max(x, 0) },
  sigmoid: { op: ops.sigmoid, f: (x) => 1 / (1 + Math.exp(-x)) },
  exp: { op: ops.exp, f: Math.exp },
  log: { op: ops.log, f: Math.log, low: 0.1 },
  sqrt: { op: ops.sqrt, f: Math.sqrt, low: 0.1 },
  abs: { op: ops.abs, f: Math.abs },
  square: { op: ops.square, f: (x) => x * x },
  tanh: { op: ops.tanh, f: Math.tanh },
};

const map = (x: Host, f: (v: number) => number): Host => ({ shape: x.shape, data: x.data.map(f) });

describe('unary', () => {
  for (const [name, { op, f, low = -2 }] of Object.entries(functions)) {
    it(`${name} and its gradient match f64 over awkward shapes`, async () => {
      for (const shape of shapes) {
        const reference = (x: Host) => map(x, f);
        await checkOp(device(), {
          inputs: [random(shape, 3, low, 2)],
          forward: op,
          reference,
          epsilon: 2 ** -18,
        });
      }
    });
  }

  for (const [name, { op }] of Object.entries(functions)) {
    it(`${name} equals torch`, async () => {
      for (const one of await goldenCases('unary', name))
        await checkGolden(device(), one, ({ x }) => op(x!), 5e-6);
    });
  }

  it('affine scales and shifts', async () => {
    const reference = (x: Host) => map(x, (v) => 2.5 * v - 1);
    await checkOp(device(), { inputs: [random([3, 5])], forward: (x) => ops.affine(x, 2.5, -1), reference });
  });
});
