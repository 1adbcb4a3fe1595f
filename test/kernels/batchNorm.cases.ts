/** @file The cases both ways of summing over rows must pass; one spec each runs them. */
import { expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { ShapeError } from '../../src/base/errors.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import type { Device, DeviceOptions } from '../../src/tensor/device.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { checkOp, expectClose, type Host, host, poisoned, random } from '../check.ts';
import { useDevice } from '../device.ts';
import { describeCase, type GoldenTensor, goldenCases } from '../goldens.ts';

let device: () => Device;
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

/** x [6, channels] and dy with something not finite in channel 1, by batch and by running statistics. */
async function checkNotFinite(channels: number, relu: boolean): Promise<void> {
  const row = [channels];
  const weight = random(row, 2, 0.5, 2);
  for (const [bad, inDy, training] of [
    [Number.NaN, false, true],
    [Number.POSITIVE_INFINITY, false, true],
    [Number.NaN, false, false],
    [Number.NaN, true, true],
    [Number.NaN, true, false],
    [Number.NEGATIVE_INFINITY, true, false],
  ] as const) {
    const [x, dy] = [random([6, channels], 1), random([6, channels], 5)];
    (inDy ? dy : x).data[1] = bad;
    const leaves = [x, weight, host(row, new Float64Array(channels).fill(4))].map(upload);
    for (const leaf of leaves) leaf.requiresGrad = true;
    const [mean, variance] = [zeros(device(), row), upload(host(row, new Float64Array(channels).fill(1)))];
    using tape = new Tape();
    const settings = { runningMean: mean, runningVariance: variance, training, relu };
    const y = ops.batchNorm(leaves[0]!, leaves[1]!, leaves[2]!, settings);
    tape.backward(y, upload(dy));
    const [dx, dweight, dbias] = await Promise.all(leaves.map((leaf) => leaf.grad!.read()));
    for (const leaf of leaves) leaf.grad!.dispose();
    const what = `${bad} in ${inDy ? 'dy' : 'x'}, training ${training}`;
    // Batch statistics carry it to the whole channel, and the bias lifts every value over the ReLU.
    const spoiled = (i: number) => (training ? i % channels === 1 : i === 1);
    for (const [i, v] of (await y.read()).entries())
      expect(Number.isNaN(v), `${what}: y ${i}`).toBe(!inDy && spoiled(i));
    for (const [i, v] of dx!.entries()) {
      const wanted = training || inDy ? spoiled(i) : false;
      expect(!Number.isFinite(v), `${what}: dx ${i}`).toBe(wanted);
    }
    if (inDy && !training) expect(dx![1]).toBe(bad);
    for (const [c, v] of dweight!.entries())
      expect(Number.isFinite(v), `${what}: dweight ${c}`).toBe(c !== 1);
    for (const [c, v] of dbias!.entries())
      expect(Number.isFinite(v), `${what}: dbias ${c}`).toBe(c !== 1 || !inDy);
    for (const [c, v] of [...(await mean.read()), ...(await variance.read())].entries())
      expect(Number.isFinite(v), `${what}: statistics ${c}`).toBe(!(training && !inDy && c % channels === 1));
  }
}

/** Registers the cases on a device of these options. */
export function batchNormCases(options: DeviceOptions = {}): void {
  device = useDevice(options);

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

  it('takes parameters, gradients and running statistics that share arenas', async () => {
    const slices = (value: number) => {
      const arena = upload(host([128], new Array(128).fill(value)));
      const slice = (offset: number) =>
        new Tensor(device(), arena.storage.retain(), { shape: [5], dtype: 'f32' }, 'slice', offset);
      return [slice(0), slice(256)] as const;
    };
    const [weight, bias] = slices(1);
    const [runningMean, runningVariance] = slices(2);
    [weight.gradSlot, bias.gradSlot] = slices(3);
    weight.requiresGrad = bias.requiresGrad = true;
    const x = random([2, 3, 4, 5], 6);
    {
      using tape = new Tape();
      const y = ops.batchNorm(upload(x), weight, bias, { runningMean, runningVariance, training: true });
      tape.backward(
        y,
        upload(
          host(
            x.shape,
            x.data.map(() => 1),
          ),
        ),
      );
    }
    const [mean] = moments(x);
    const kept = mean.map((v) => 1.8 + 0.1 * v);
    expectClose(await runningMean.read(), kept, 1e-6, 'running mean');
    expectClose(await bias.gradSlot.read(), new Array(5).fill(24), 1e-6, 'gradient of bias');
    expectClose([...(await weight.gradSlot.read()), 1], [0, 0, 0, 0, 0, 1], 1e-5, 'gradient of weight');
  });

  for (const channels of [4, 3])
    for (const relu of [false, true]) {
      const name = `${channels} channels${relu ? ' with ReLU' : ''}`;
      it(`passes NaN and infinities on as PyTorch does, ${name}`, () => checkNotFinite(channels, relu));
    }

  for (const training of [true, false])
    it(`of no rows gives nothing, and gradients of 0, ${training ? 'batch' : 'running'} statistics`, async () => {
      const [weight, bias, mean, variance] = [1, 0, 2, 3].map((v) => upload(host([4], [v, v, v, v])));
      const x = zeros(device(), [0, 2, 3, 4]);
      for (const leaf of [x, weight!, bias!]) leaf.requiresGrad = true;
      await poisoned(device(), async () => {
        using tape = new Tape();
        const running = { runningMean: mean!, runningVariance: variance! };
        const y = ops.batchNorm(x, weight!, bias!, { ...running, training, relu: true });
        expect(y.shape).toEqual([0, 2, 3, 4]);
        tape.backward(y, zeros(device(), [0, 2, 3, 4]));
      });
      expect([...(await weight!.grad!.read()), ...(await bias!.grad!.read())]).toEqual(new Array(8).fill(0));
      expect([...(await mean!.read()), ...(await variance!.read())]).toEqual([2, 2, 2, 2, 3, 3, 3, 3]);
      for (const leaf of [x, weight!, bias!]) leaf.grad!.dispose();
    });

  it('names options that are missing, unknown or out of range, and rows of another shape or dtype', () => {
    const [x, row] = [zeros(device(), [2, 3]), zeros(device(), [3])];
    const good = { runningMean: row, runningVariance: zeros(device(), [3]), training: true };
    const wrong: [object | null, RegExp][] = [
      [null, /batchNorm: options are null/],
      [{}, /batchNorm: runningMean is undefined/],
      [{ ...good, training: undefined }, /batchNorm: training is undefined/],
      [{ ...good, momentum: 1.5 }, /batchNorm: momentum is 1.5/],
      [{ ...good, momentum: Number.NaN }, /batchNorm: momentum is NaN/],
      [{ ...good, momentum: null }, /batchNorm: momentum is null/],
      [{ ...good, epsilon: -1 }, /batchNorm: epsilon is -1/],
      [{ ...good, relu: 'yes' }, /batchNorm: relu is 'yes'/],
      [{ ...good, eps: 1e-3 }, /batchNorm: option eps is unknown/],
      [{ ...good, runningMean: zeros(device(), [4]) }, /batchNorm: runningMean has shape \[4\]/],
      [{ ...good, runningVariance: zeros(device(), [3], 'i32') }, /batchNorm: runningVariance has dtype i32/],
      [{ ...good, runningVariance: [1, 1, 1] }, /batchNorm: runningVariance is \[1, 1, 1\]/],
    ];
    for (const [options, message] of wrong) {
      const call = () => ops.batchNorm(x, row, row, options as ops.BatchNormOptions);
      expect(call).toThrow(ShapeError);
      expect(call).toThrow(message);
    }
    expect(() => ops.batchNorm(zeros(device(), [2, 0]), row, row, good)).toThrow(/has no channels/);
    expect(() => ops.batchNorm(zeros(device(), [2, 3], 'i32'), row, row, good)).toThrow(/x has dtype i32/);
  });

  it('refuses to train on one value per channel', () => {
    const row = zeros(device(), [3]);
    const settings = { runningMean: row, runningVariance: row, training: true };
    expect(() => ops.batchNorm(zeros(device(), [1, 1, 1, 3]), row, row, settings)).toThrow(ShapeError);
  });
}
