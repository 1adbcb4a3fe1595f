import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import { ShapeError } from '../../src/tensor/errors.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { checkOp, expectClose, type Host, host, poisoned, random } from '../check.ts';
import { useDevice } from '../device.ts';
import { describeCase, type GoldenTensor, goldenCases } from '../goldens.ts';

const device = useDevice();
const upload = ({ data, shape }: GoldenTensor | Host): Tensor => tensor(device(), data, shape);

/** Mean and biased variance of each channel. */
function moments(x: Host): [mean: number[], variance: number[]] {
  const channels = x.shape.at(-1)!;
  const rows = x.data.length / channels;
  const sum = (f: (v: number, c: number) => number) => {
    const sums = new Array<number>(channels).fill(0);
    for (const [i, v] of x.data.entries()) sums[i % channels]! += f(v, i % channels) / rows;
    return sums;
  };
  const mean = sum((v) => v);
  return [mean, sum((v, c) => (v - mean[c]!) ** 2)];
}

function reference(x: Host, weight: Host, bias: Host, relu: boolean, given?: readonly [Host, Host]): Host {
  const [mean, variance] = given ? given.map(({ data }) => data) : moments(x);
  const data = x.data.map((v, i) => {
    const c = i % x.shape.at(-1)!;
    const y = ((v - mean![c]!) / Math.sqrt(variance![c]! + 1e-5)) * weight.data[c]! + bias.data[c]!;
    return relu ? Math.max(y, 0) : y;
  });
  return { shape: x.shape, data };
}

const shapes = [
  [2, 1, 1, 1],
  [1, 3, 5, 7],
  [3, 7, 9, 4],
  [2, 4, 4, 68],
  [37, 6],
  [1, 40, 31, 8],
];

async function check(shape: readonly number[], training: boolean, relu: boolean): Promise<void> {
  const row = [shape.at(-1)!];
  const running = [random(row, 4), random(row, 5, 0.5, 2)] as const;
  const [runningMean, runningVariance] = running.map(upload) as [Tensor, Tensor];
  await checkOp(device(), {
    inputs: [random(shape, 1, -1, 3), random(row, 2, 0.5, 2), random(row, 3)],
    forward: (x, weight, bias) =>
      ops.batchNorm(x, weight, bias, { runningMean, runningVariance, training, relu }),
    reference: (x, weight, bias) => reference(x, weight, bias, relu, training ? undefined : running),
    reduction: 64,
  });
}

describe('batchNorm', () => {
  for (const training of [true, false])
    for (const relu of [true, false]) {
      const name = `${training ? 'batch' : 'running'} statistics${relu ? ' and ReLU' : ''}`;
      it(`with ${name} matches f64, output and gradients, over awkward shapes`, async () => {
        for (const shape of shapes) await check(shape, training, relu);
      });
    }

  it('matches PyTorch: output, gradients, running statistics', async () => {
    for (const one of await goldenCases('batchNorm')) {
      const what = describeCase(one);
      const [x, weight, bias, runningMean, runningVariance] = [
        'x',
        'weight',
        'bias',
        'runningMean',
        'runningVariance',
      ].map((name) => upload(one.inputs[name]!)) as [Tensor, Tensor, Tensor, Tensor, Tensor];
      for (const leaf of [x, weight, bias]) leaf.requiresGrad = true;
      const { training, momentum, epsilon } = one.attrs as {
        training: boolean;
        momentum: number;
        epsilon: number;
      };
      await poisoned(device(), () => {
        using tape = new Tape();
        const settings = { runningMean, runningVariance, training, momentum, epsilon };
        const y = ops.batchNorm(x, weight, bias, settings);
        tape.backward(y, upload(one.dy.y!));
        return y.read().then((values) => expectClose(values, one.outputs.y!.data, 1e-5, what));
      });
      for (const [name, leaf] of Object.entries({ x, weight, bias })) {
        // of two values the gradient is a small difference of terms of order one: the 1 gives their scale
        const [got, wanted] = [await leaf.grad!.read(), one.grads[name]!.data];
        expectClose([...got, 1], [...wanted, 1], 2e-5, `${what}: gradient of ${name}`);
        leaf.grad!.dispose();
      }
      if (!training) continue;
      expectClose(await runningMean.read(), one.outputs.runningMean!.data, 1e-6, what);
      expectClose(await runningVariance.read(), one.outputs.runningVariance!.data, 1e-5, what);
    }
  });

  it('keeps the variance of a channel that lies far from zero behind a first pixel that does not', async () => {
    const x = random([2, 32, 32, 4], 9, 1000, 1001);
    x.data.fill(0, 0, 4);
    const clean = host(x.shape, x.data);
    const [mean, variance] = [zeros(device(), [4]), zeros(device(), [4])];
    const [weight, bias] = [upload(random([4], 2)), upload(random([4], 3))];
    const settings = { runningMean: mean, runningVariance: variance, training: true, momentum: 1 };
    ops.batchNorm(upload(x), weight, bias, settings);
    const [wantedMean, biased] = moments(clean);
    const wanted = biased.map((v) => (v * 2048) / 2047);
    expectClose(await mean.read(), wantedMean, 1e-6, 'mean');
    expectClose(await variance.read(), wanted, 1e-5, 'variance');
  });

  it('refuses to train on one value per channel', () => {
    const row = zeros(device(), [3]);
    const settings = { runningMean: row, runningVariance: row, training: true };
    expect(() => ops.batchNorm(zeros(device(), [1, 1, 1, 3]), row, row, settings)).toThrow(ShapeError);
  });
});
