import { describe, expect, it } from 'vitest';
import type { ElementLossOptions, HuberOptions, SmoothL1Options } from '../../src/autograd/ops/loss.ts';
import * as ops from '../../src/autograd/ops.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { checkOp, type Host, host, poisoned, random } from '../check.ts';
import { useDevice } from '../device.ts';
import { checkGolden } from '../golden-op.ts';
import { type GoldenCase, goldenCases } from '../goldens.ts';

const device = useDevice();
const shapes = [[], [1], [3, 1], [0, 3], [1, 1, 1, 4], [2, 5, 7, 3], [4, 33, 31, 2]];

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

const smoothL1 = (beta: number) => (d: number) =>
  Math.abs(d) < beta ? (d * d) / (2 * beta) : Math.abs(d) - beta / 2;

/** Each loss, and its term in float64. */
const losses: Record<
  string,
  [(p: Tensor, t: Tensor, options: ElementLossOptions) => Tensor, (d: number) => number]
> = {
  mse: [ops.mse, (d) => d * d],
  l1: [ops.l1, Math.abs],
  smoothL1: [(p, t, options) => ops.smoothL1(p, t, { ...options, beta: 0.4 }), smoothL1(0.4)],
  'smoothL1 of beta 0': [(p, t, options) => ops.smoothL1(p, t, { ...options, beta: 0 }), Math.abs],
  huber: [(p, t, options) => ops.huber(p, t, { ...options, delta: 0.4 }), (d) => 0.4 * smoothL1(0.4)(d)],
};

/** Options of a golden case. */
function optionsOf({ attrs }: GoldenCase, mask: Tensor | undefined): SmoothL1Options & HuberOptions {
  const { sum, ...rest } = attrs;
  return { ...rest, mask, reduction: sum ? 'sum' : 'mean' };
}

describe('element losses', () => {
  for (const [name, [loss, term]] of Object.entries(losses)) {
    it(`${name} and the gradients of both sides match f64 over awkward shapes, with a mask and without`, async () => {
      for (const shape of shapes) {
        const inputs = [random(shape, 1), random(shape, 2)];
        const common = { gradientOf: [0, 1], reduction: 8 };
        await checkOp(device(), {
          ...common,
          inputs,
          forward: (p, t) => loss(p!, t!, {}),
          reference: weighted(term),
        });
        const mask = host(shape, random(shape, 3, 0, 1).data.map(Math.round));
        mask.data[0] = 1;
        await checkOp(device(), {
          ...common,
          inputs: [...inputs, mask],
          forward: (p, t, m) => loss(p!, t!, { mask: m }),
          reference: weighted(term),
        });
      }
    });
  }

  it('mse and smoothL1 equal torch', async () => {
    for (const one of await goldenCases('loss', 'mse'))
      await checkGolden(device(), one, ({ prediction, target }) => ops.mse(prediction!, target!));
    for (const one of await goldenCases('loss', 'smoothL1')) {
      const beta = Number(one.attrs.beta);
      await checkGolden(device(), one, ({ prediction, target }) => ops.smoothL1(prediction!, target!, beta));
    }
  });

  for (const [name, loss] of Object.entries({
    mse: ops.mse,
    l1: ops.l1,
    smoothL1: ops.smoothL1,
    huber: ops.huber,
  })) {
    it(`${name} with masks and sums equals torch, the gradient of the target too`, async () => {
      for (const one of await goldenCases('elementLoss', name))
        await checkGolden(device(), one, ({ prediction, target, mask }) =>
          loss(prediction!, target!, optionsOf(one, mask)),
        );
    });
  }

  it('maskedMse is mse with a mask', async () => {
    const [p, t] = [random([1001, 1], 1), random([1001, 1], 2)].map((x) => tensor(device(), x.data, x.shape));
    const mask = tensor(device(), random([1001, 1], 3, 0, 1).data.map(Math.round), [1001, 1]);
    const value = await ops.maskedMse(p!, t!, mask).item();
    expect(value).toBe(await ops.mse(p!, t!, { mask }).item());
    expect(value).not.toBe(await ops.mse(p!, t!).item());
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

  it('l1 has slope 0 where both sides are equal', async () => {
    const prediction = tensor(device(), [1, 2, 3], [3]);
    prediction.requiresGrad = true;
    using tape = new Tape();
    tape.backward(ops.l1(prediction, tensor(device(), [2, 2, 2], [3]), { reduction: 'sum' }));
    expect([...(await prediction.grad!.read())]).toEqual([-1, 0, 1]);
    prediction.grad!.dispose();
  });
});
