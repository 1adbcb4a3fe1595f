import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { capture } from '../../src/autograd/step.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { tensor } from '../../src/tensor/create.ts';
import type { Shape } from '../../src/tensor/shape.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { checkOp, expectClose, type Host, random } from '../check.ts';
import { useDevice } from '../device.ts';
import { checkGolden } from '../golden-op.ts';
import { type GoldenAttributes, goldenCases } from '../goldens.ts';
import { conv, type Full, plain, transposed } from './convGeneral.reference.ts';

const device = useDevice();

/** A golden case's attributes as options. */
function optionsIn({ same, ...rest }: GoldenAttributes): ops.Conv2dOptions {
  return (same ? { ...rest, padding: 'same' } : rest) as ops.Conv2dOptions;
}

describe('convolution with groups and steps by axis equals torch', () => {
  it('conv2d', async () => {
    for (const one of await goldenCases('convGroups'))
      await checkGolden(
        device(),
        one,
        ({ x, weight, bias }) => ops.conv2d(x!, weight!, bias ?? null, optionsIn(one.attrs)),
        5e-6,
      );
  });

  it('conv2dTranspose', async () => {
    for (const one of await goldenCases('convTransposeGroups'))
      await checkGolden(
        device(),
        one,
        ({ x, weight, bias }) => ops.conv2dTranspose(x!, weight!, bias ?? null, one.attrs),
        5e-6,
      );
  });

  it('conv1d', async () => {
    for (const one of await goldenCases('conv1d'))
      await checkGolden(
        device(),
        one,
        ({ x, weight, bias }) => ops.conv1d(x!, weight!, bias!, one.attrs as ops.Conv1dOptions),
        5e-6,
      );
  });
});

describe('convolutions by another name', () => {
  it('depthwiseConv2d is conv2d with a group a channel', async () => {
    const full: Full = { ...plain, groups: 3, stride: [2, 2], padding: [1, 1, 1, 1] };
    await checkOp(device(), {
      inputs: [random([1, 5, 6, 3], 1), random([3, 3, 1, 6], 2), random([6], 3)],
      forward: (x, w, b) => ops.depthwiseConv2d(x!, w!, b!, { stride: 2, padding: 1 }),
      reference: (x, w, b) => conv(x!, w!, b, full),
      reduction: 39,
    });
  });

  it('conv1dTranspose is conv2dTranspose of one row', async () => {
    const planar = ({ shape, data }: Host): Host => ({ shape: [shape[0]!, 1, ...shape.slice(1)], data });
    const full: Full = { ...plain, stride: [1, 3], padding: [0, 0, 1, 1], outputPadding: [0, 2], groups: 2 };
    await checkOp(device(), {
      inputs: [random([2, 5, 4], 1), random([4, 3, 4], 2), random([6], 3)],
      forward: (x, w, b) =>
        ops.conv1dTranspose(x!, w!, b!, { stride: 3, padding: 1, outputPadding: 2, groups: 2 }),
      reference: (x, w, b) => {
        const y = transposed(planar(x!), { shape: [1, ...w!.shape], data: w!.data }, b, full);
        return { shape: [y.shape[0]!, y.shape[2]!, y.shape[3]!], data: y.data };
      },
      reduction: 40,
    });
  });

  it('conv2dTranspose writes its place beside other channels, whatever the form', async () => {
    const x = tensor(device(), random([1, 3, 4, 4], 1).data, [1, 3, 4, 4]);
    for (const [w, options] of [
      [[2, 2, 1, 4], { groups: 4, stride: 2 }],
      [[2, 3, 4, 4], { stride: 2, padding: [0, 1] }],
      [[2, 2, 4, 4], { stride: 2 }],
    ] as const) {
      const weight = tensor(device(), random(w, 2).data, w);
      const expected = ops.conv2dTranspose(x, weight, null, options);
      const [place, beside] = ops.sideBySide(device(), expected.shape.slice(0, 3), [4, 4]);
      const y = ops.conv2dTranspose(x, weight, null, options, place);
      expect(y).toBe(place);
      const both = ops.concat([y, ops.conv2dTranspose(x, weight, null, options, beside)]);
      const values = [...(await expected.read())];
      expectClose(await ops.slice(both, 0, 4).read(), values, 1e-6, 'first');
      expectClose(await ops.slice(both, 4, 8).read(), values, 1e-6, 'second');
    }
  });

  it('groups give channels in order: each group’s outputs follow the group’s before', async () => {
    const x = tensor(device(), [1, 10, 100, 1000], [1, 1, 1, 4]);
    // two groups of two channels to two: both sums, and the first channel alone
    const w = tensor(device(), [1, 1, 1, 1, 1, 0, 1, 0], [1, 1, 2, 4]);
    expect([...(await ops.conv2d(x, w, null, { groups: 2 }).read())]).toEqual([11, 1, 1100, 100]);
  });
});

describe('convolution in a captured step', () => {
  /** Labels of a step with the convolution and its gradients. */
  async function labelsOf(x: Shape, w: Shape, options: ops.Conv2dOptions): Promise<readonly string[]> {
    const [image, weight] = [x, w].map((shape, i) => tensor(device(), random(shape, i + 1).data, shape));
    image!.requiresGrad = true;
    weight!.requiresGrad = true;
    const gradients = (y: Tensor) => {
      using tape = new Tape();
      const loss = ops.sum(ops.conv2d(y, weight!, null, options));
      tape.backward(loss);
      return { loss, dx: image!.grad!, dw: weight!.grad! };
    };
    const step = await capture(device(), () => gradients(image!));
    step.run();
    const replayed = await Promise.all(Object.values(step.outputs).map((one) => one.read()));
    const { labels } = step;
    step.dispose();
    const eager = Object.values(gradients(image!));
    for (const [i, one] of eager.entries()) expect(await one.read()).toEqual(replayed[i]);
    for (const one of eager) one.dispose();
    return labels;
  }

  it('gives eager’s bits, by the fast kernels wherever both axes can have equal steps', async () => {
    for (const [x, w, options] of [
      [[1, 6, 7, 4], [3, 3, 4, 8], { stride: 2, padding: 1 }],
      [[1, 6, 7, 4], [3, 3, 4, 8], { stride: [2, 2], padding: [1, 1], dilation: [1, 1], groups: 1 }],
      [[1, 6, 7, 4], [3, 3, 4, 8], { padding: 'same' }],
      [[1, 6, 7, 4], [3, 5, 4, 8], { padding: 'same' }],
      [[1, 1, 9, 4], [1, 3, 4, 8], { stride: [1, 2], dilation: [1, 2], padding: [0, 2] }],
      [[1, 6, 7, 4], [3, 3, 4, 8], { padding: [1, 2, 0, 1] }],
    ] as const) {
      const labels = await labelsOf(x, w, options);
      expect(labels.filter((label) => label.includes('convGeneral'))).toEqual([]);
      expect(labels.some((label) => label.startsWith('conv2d['))).toBe(true);
    }
  });

  it('gives eager’s bits by the general kernels elsewhere', async () => {
    for (const [x, w, options] of [
      [[1, 6, 7, 4], [3, 3, 1, 4], { groups: 4, padding: 1 }],
      [[1, 6, 7, 8], [3, 3, 4, 8], { groups: 2, padding: 1 }],
      [[1, 6, 7, 4], [3, 3, 4, 8], { stride: [2, 1] }],
    ] as const) {
      const labels = await labelsOf(x, w, options);
      expect(labels.some((label) => label.includes('convGeneral['))).toBe(true);
    }
  });

  it('runs groups of many channels one by one by the fast kernels', async () => {
    const labels = await labelsOf([2, 32, 32, 64], [3, 3, 32, 64], { groups: 2, padding: 1 });
    expect(labels.filter((label) => label.startsWith('conv2d[')).length).toBe(2);
    expect(labels.some((label) => label.includes('convGeneral['))).toBe(false);
  });

  it('computes a block again for backward, pads included', async () => {
    const x = tensor(device(), random([1, 5, 6, 2], 1).data, [1, 5, 6, 2]);
    const w = tensor(device(), random([3, 3, 2, 3], 2).data, [3, 3, 2, 3]);
    const inside = (y: Tensor) => ops.relu(ops.conv2d(y, w, null, { padding: [1, 2] }));
    const found = [];
    for (const forward of [inside, (y: Tensor) => ops.recompute(inside, y)]) {
      w.requiresGrad = true;
      x.requiresGrad = true;
      using tape = new Tape();
      tape.backward(ops.sum(forward(x)));
      found.push([await x.grad!.read(), await w.grad!.read()]);
      for (const leaf of [x, w]) {
        leaf.grad!.dispose();
        leaf.grad = undefined;
      }
    }
    expect(found[1]).toEqual(found[0]);
  });
});
