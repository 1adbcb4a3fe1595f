import { describe, expect, it } from 'vitest';
import type { BceWithLogitsOptions } from '../../src/autograd/ops/logitLoss.ts';
import * as ops from '../../src/autograd/ops.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { tensor } from '../../src/tensor/create.ts';
import { checkOp, expectClose, type Host, host, random } from '../check.ts';
import { useDevice } from '../device.ts';
import { checkGolden } from '../golden-op.ts';
import { goldenCases } from '../goldens.ts';

const device = useDevice();
const shapes = [[], [1], [0, 3], [1, 1, 1, 5], [2, 5, 7, 3], [3, 33, 31, 2]];

const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
const entropy = (x: number, t: number, factor = 1) => (1 - t) * softplus(x) + factor * t * softplus(-x);

function focal(x: number, t: number, alpha: number | null, gamma: number): number {
  const p = 1 / (1 + Math.exp(-x));
  const missing = p * (1 - t) + (1 - p) * t;
  const weight = alpha === null ? 1 : alpha * t + (1 - alpha) * (1 - t);
  return weight * missing ** gamma * entropy(x, t);
}

/** The weighted mean, or sum, of a term of logit, target and place. */
function reduced(term: (x: number, t: number, i: number) => number, sums = false) {
  return (logits: Host, targets: Host, mask?: Host): Host => {
    let [total, weight] = [0, 0];
    logits.data.forEach((x, i) => {
      const w = mask ? mask.data[i]! : 1;
      total += w * term(x, targets.data[i]!, i);
      weight += w;
    });
    return host([], [sums ? total : weight > 0 ? total / weight : 0]);
  };
}

const common = { gradientOf: [0, 1], reduction: 8, epsilon: 2 ** -19 };

describe('losses of logits with probabilities', () => {
  it('bceWithLogits and the gradients of both sides match f64 over awkward shapes', async () => {
    for (const shape of shapes) {
      await checkOp(device(), {
        ...common,
        inputs: [random(shape, 1, -4, 4), random(shape, 2, 0, 1)],
        forward: (x, t) => ops.bceWithLogits(x!, t!),
        reference: reduced((x, t) => entropy(x, t)),
      });
    }
  });

  it('bceWithLogits weighs what is positive by one number, or by the place in the last axis, and masks', async () => {
    for (const shape of shapes.slice(1)) {
      const classes = shape.at(-1)!;
      const weights = random([classes], 5, 0.2, 3);
      const posWeight = tensor(device(), weights.data, [classes]);
      const mask = host(shape, random(shape, 3, 0, 1).data.map(Math.round));
      mask.data[0] = 1;
      const inputs = [random(shape, 1, -4, 4), random(shape, 2, 0, 1)];
      await checkOp(device(), {
        ...common,
        inputs: [...inputs, mask],
        forward: (x, t, m) => ops.bceWithLogits(x!, t!, { mask: m, posWeight }),
        reference: reduced((x, t, i) => entropy(x, t, weights.data[i % classes]!)),
      });
      await checkOp(device(), {
        ...common,
        inputs,
        forward: (x, t) => ops.bceWithLogits(x!, t!, { posWeight: 2.5, reduction: 'sum' }),
        reference: reduced((x, t) => entropy(x, t, 2.5), true),
      });
    }
  });

  it('sigmoidFocal and the gradients of both sides match f64 over powers and weights', async () => {
    for (const [i, shape] of shapes.entries()) {
      const gamma = [2, 1, 1.5, 0, 0.5, 3][i]!;
      const alpha = [0.25, null, 0.9][i % 3]!;
      await checkOp(device(), {
        ...common,
        inputs: [random(shape, 1, -4, 4), random(shape, 2, 0.1, 0.9)],
        forward: (x, t) => ops.sigmoidFocal(x!, t!, { alpha, gamma }),
        reference: reduced((x, t) => focal(x, t, alpha, gamma)),
      });
    }
  });

  it('bceWithLogits equals torch', async () => {
    for (const one of await goldenCases('logitLoss', 'bceWithLogits')) {
      const reduction = one.attrs.sum ? 'sum' : 'mean';
      await checkGolden(device(), one, ({ logits, targets, mask, posWeight }) => {
        const options: BceWithLogitsOptions = { mask, posWeight, reduction };
        return ops.bceWithLogits(logits!, targets!, options);
      });
    }
  });

  it('sigmoidFocal equals torchvision', async () => {
    for (const one of await goldenCases('logitLoss', 'sigmoidFocal')) {
      const [alpha, gamma] = [Number(one.attrs.alpha), Number(one.attrs.gamma)];
      const options = { alpha: alpha < 0 ? null : alpha, gamma };
      await checkGolden(
        device(),
        one,
        ({ logits, targets }) => ops.sigmoidFocal(logits!, targets!, options),
        5e-6,
      );
    }
  });

  it('neither overflows nor rounds small losses away, however far the logits', async () => {
    const logits = tensor(device(), [200, -200, 20, -20, 1000, -1000], [6]);
    const targets = tensor(device(), [0, 1, 1, 0, 1, 0], [6]);
    const sum = { reduction: 'sum' } as const;
    expect(await ops.bceWithLogits(logits, targets).item()).toBeCloseTo(400 / 6, 3);
    const mask = tensor(device(), [0, 0, 1, 1, 1, 1], [6]);
    const small = await ops.bceWithLogits(logits, targets, { mask, ...sum }).item();
    expectClose([small], [2 * Math.log1p(Math.exp(-20))], 1e-5, 'loss');
    logits.requiresGrad = true;
    using tape = new Tape();
    tape.backward(ops.sigmoidFocal(logits, targets, { gamma: 0.5, alpha: null, ...sum }));
    const found = await logits.grad!.read();
    expectClose(found.slice(0, 2), [1, -1], 1e-5, 'gradient of what is wrong');
    expectClose(found.slice(4), [0, 0], 1e-30, 'gradient of what is right');
    logits.grad!.dispose();
  });
});
