import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { capture } from '../../src/autograd/step.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { ShapeError } from '../../src/base/errors.ts';
import { filled, tensor } from '../../src/tensor/create.ts';
import type { Device } from '../../src/tensor/device.ts';
import { scope } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { expectClose, poisoned, random } from '../check.ts';
import { useDevice } from '../device.ts';
import { forced } from './conv2d.cases.ts';

function made(device: Device, shape: readonly number[], seed: number): Tensor {
  const x = tensor(device, random(shape, seed).data, shape);
  x.requiresGrad = true;
  return x;
}

/** A decoder's joint of two levels, with and without places side by side: [joined and pooled, gradients …]. */
async function joint(
  device: Device,
  [up, skip]: readonly [number, number],
  places: boolean,
): Promise<number[][]> {
  using _temporaries = scope();
  const image = made(device, [2, 6, 10, skip], 1);
  const deep = made(device, [2, 3, 5, 8], 2);
  const weight = made(device, [2, 2, up, 8], 3);
  const bias = made(device, [up], 4);
  const [scale, shift] = [made(device, [skip], 5), made(device, [skip], 6)];
  const leaves = [image, deep, weight, bias, scale, shift];
  return poisoned(device, async () => {
    using tape = new Tape();
    const [place, into] = places ? ops.sideBySide(device, [2, 6, 10], [up, skip]) : [];
    const [runningMean, runningVariance] = [filled(device, 0, [skip]), filled(device, 1, [skip])];
    const options = { runningMean, runningVariance, training: true, relu: true, into };
    const normal = ops.batchNorm(image, scale, shift, options);
    const pooled = ops.maxPool2d(normal, { kernel: 2 });
    const raised = ops.conv2dTranspose(deep, weight, bias, { stride: 2 }, place);
    const joined = ops.concat([raised, normal]);
    tape.backward(ops.add(ops.mean(ops.square(joined)), ops.mean(ops.square(pooled))));
    const tensors = [joined, pooled, raised, normal, ...leaves.map((leaf) => leaf.grad!)];
    const values = await Promise.all(tensors.map(async (one) => [...(await one.read())]));
    for (const leaf of leaves) leaf.grad!.dispose();
    return values;
  });
}

const widths = [
  [4, 4],
  [16, 8],
  [3, 5],
  [4, 6],
  [6, 4],
] as const;

for (const variant of ['the preferred one', 'subgroup4', 'subgroup8', 'gemm', 'gemm4', 'tile', 'quad']) {
  describe(`channels in place, variant ${variant}`, () => {
    const device = useDevice(
      variant === 'the preferred one' ? {} : forced(variant, variant === 'quad' ? 'stem' : variant),
    );

    for (const pair of widths) {
      it(`${pair[0]} and ${pair[1]} side by side give what their concatenation does`, async () => {
        const expected = await joint(device(), pair, false);
        const got = await joint(device(), pair, true);
        for (const [i, values] of expected.entries()) expectClose(got[i]!, values, 1e-6, `tensor ${i}`);
      });
    }
  });
}

describe('channels in place', () => {
  const device = useDevice();

  it('are joined, taken apart and added up without a copy', async () => {
    const weight = made(device(), [2, 2, 16, 16], 1);
    const [x, deep] = [made(device(), [1, 8, 8, 16], 2), made(device(), [1, 4, 4, 16], 3)];
    const ones = filled(device(), 1, [16]);
    using step = await capture(device(), () => {
      using tape = new Tape();
      const [place, into] = ops.sideBySide(device(), [1, 8, 8], [16, 16]);
      const options = { runningMean: ones, runningVariance: ones, training: false, into };
      const skip = ops.batchNorm(x, ones, ones, options);
      const pooled = ops.maxPool2d(skip, { kernel: 2 });
      const joined = ops.concat([ops.conv2dTranspose(deep, weight, null, { stride: 2 }, place), skip]);
      const loss = ops.add(ops.mean(joined), ops.mean(pooled));
      tape.backward(loss);
      for (const leaf of [weight, x, deep]) leaf.grad = undefined;
      return { loss };
    });
    expect(step.labels.filter((label) => /concat|slice|copy|dense/.test(label))).toEqual([]);
    expect(step.labels.filter((label) => label === 'add')).toHaveLength(1);
  });

  it('are copied for ops that do not know them, and read in order', async () => {
    const whole = tensor(device(), [0, 1, 2, 3, 4, 5], [2, 3]);
    const run = whole.channels(1, 3);
    expect([...(await run.read())]).toEqual([1, 2, 4, 5]);
    expect([...(await ops.square(run).read())]).toEqual([1, 4, 16, 25]);
    expect([...(await ops.reshape(run, [4]).read())]).toEqual([1, 2, 4, 5]);
    expect([...(await run.channels(1, 2).read())]).toEqual([2, 5]);
    expect(() => run.write([0, 0, 0, 0])).toThrow(ShapeError);
    expect(() => run.reshape([4])).toThrow(ShapeError);
    expect(() => whole.channels(2, 4)).toThrow(ShapeError);
  });
});
