import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { capture } from '../../src/autograd/step.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { tensor } from '../../src/tensor/create.ts';
import { checkOp, random } from '../check.ts';
import { useDevice } from '../device.ts';
import * as reference from '../reference.ts';
import { forced } from './conv2d.cases.ts';

const device = useDevice(forced('patch', 'patch'));

describe('convolution with a stride of the kernel, variant patch forced on software adapters', () => {
  for (const [batch, height, width, k, m, stride] of [
    [1, 2, 6, 4, 8, 2],
    [3, 4, 3, 20, 36, 2],
    [2, 2, 5, 8, 4, 3],
  ] as const) {
    const pixels = batch * height * width;
    it(`conv2d, ${pixels} patches of ${stride}×${stride}, ${k} to ${m} channels, and its gradients match f64`, () =>
      checkOp(device(), {
        inputs: [
          random([batch, height * stride, width * stride, k], 1),
          random([stride, stride, k, m], 2),
          random([m], 3),
        ],
        forward: (x, w, b) => ops.conv2d(x, w, b, { stride }),
        reference: (x, w, b) => reference.conv2d(x!, w!, b, { stride }),
        reduction: stride * stride * Math.max(k, m) + pixels,
      }));

    it(`conv2dTranspose, ${pixels} patches of ${stride}×${stride}, ${k} to ${m} channels, and its gradients match f64`, () =>
      checkOp(device(), {
        inputs: [random([batch, height, width, k], 1), random([stride, stride, m, k], 2), random([m], 3)],
        forward: (x, w, b) => ops.conv2dTranspose(x, w, b, { stride }),
        reference: (x, w, b) => reference.conv2dTranspose(x!, w!, b, { stride }),
        reduction: stride * stride * Math.max(k, m) + pixels,
      }));
  }

  it('cuts the gradient of a transposed convolution once for both of its gradients', async () => {
    const [x, weight] = [random([1, 4, 4, 8], 1), random([2, 2, 8, 8], 2)].map(({ data, shape }) => {
      const leaf = tensor(device(), data, shape);
      leaf.requiresGrad = true;
      return leaf;
    });
    const dy = tensor(device(), random([1, 8, 8, 8], 3).data, [1, 8, 8, 8]);
    const step = await capture(device(), () => {
      using tape = new Tape();
      tape.backward(ops.conv2dTranspose(x!, weight!, null, { stride: 2, relu: true }), dy);
      const [dx, dw] = [x!.grad!, weight!.grad!];
      x!.grad = weight!.grad = undefined;
      return { dx, dw };
    });
    const count = (label: string) => step.labels.filter((one) => one === label).length;
    expect(count('conv2d.patch.cut')).toBe(count('conv2dWeightGrad[patch]'));
    step.dispose();
  });
});
