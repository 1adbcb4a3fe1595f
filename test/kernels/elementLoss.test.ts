import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import { ShapeError } from '../../src/tensor/errors.ts';
import { checkOp, type Host, host, poisoned, random } from '../check.ts';
import { useDevice } from '../device.ts';
import { checkGolden } from '../golden-op.ts';
import { goldenCases } from '../goldens.ts';

const device = useDevice();
const shapes = [[1], [3, 1], [1, 1, 1, 4], [2, 5, 7, 3], [4, 33, 31, 2]];

function weighted(term: (d: number) => number) {
  return (prediction: Host, target: Host, mask?: Host): Host => {
    let [total, weight] = [0, 0];
    prediction.data.forEach((p, i) => {
      const w = mask ? mask.data[i]! : 1;
      total += w * term(p - target.data[i]!);
      weight += w;
    });
    return host([], [weight > 0 ? total / weight : 0]);
  };
}

const huber = (beta: number) => (d: number) =>
  Math.abs(d) < beta ? (d * d) / (2 * beta) : Math.abs(d) - beta / 2;

describe('element losses', () => {
  it('mse and smoothL1 match f64 over awkward shapes, the gradient scaled by the incoming one', async () => {
    for (const shape of shapes) {
      const inputs = [random(shape, 1), random(shape, 2)];
      const common = { inputs, gradientOf: [0], reduction: 8 };
      await checkOp(device(), { ...common, forward: ops.mse, reference: weighted((d) => d * d) });
      const forward: typeof ops.mse = (p, t) => ops.smoothL1(p, t, 0.4);
      await checkOp(device(), { ...common, forward, reference: weighted(huber(0.4)) });
    }
  });

  it('mse and smoothL1 equal torch', async () => {
    for (const one of await goldenCases('loss', 'mse'))
      await checkGolden(device(), one, ({ prediction, target }) => ops.mse(prediction!, target!));
    for (const one of await goldenCases('loss', 'smoothL1')) {
      const beta = Number(one.attrs.beta);
      await checkGolden(device(), one, ({ prediction, target }) => ops.smoothL1(prediction!, target!, beta));
    }
  });

  it('maskedMse is the mean over what counts', async () => {
    for (const shape of [
      [1, 1],
      [7, 1],
      [1001, 1],
    ]) {
      const mask = host(shape, random(shape, 3, 0, 1).data.map(Math.round));
      mask.data[0] = 1;
      await checkOp(device(), {
        inputs: [random(shape, 1), random(shape, 2), mask],
        gradientOf: [0],
        forward: ops.maskedMse,
        reference: weighted((d) => d * d),
        reduction: 8,
      });
    }
  });

  it('maskedMse is 0 with gradient 0 when nothing counts, whatever lies there', async () => {
    const prediction = tensor(device(), [1, Number.NaN, 3], [3, 1]);
    prediction.requiresGrad = true;
    await poisoned(device(), async () => {
      using tape = new Tape();
      const loss = ops.maskedMse(
        prediction,
        tensor(device(), [Number.NaN, 0, 0], [3, 1]),
        zeros(device(), [3, 1]),
      );
      tape.backward(loss);
      expect(await loss.item()).toBe(0);
      expect([...(await prediction.grad!.read())].map(Math.abs)).toEqual([0, 0, 0]);
    });
    prediction.grad!.dispose();
  });

  it('refuses a target of another shape', () => {
    expect(() => ops.mse(zeros(device(), [2, 1]), zeros(device(), [2]))).toThrow(ShapeError);
  });
});
