import { describe, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { checkOp, random } from '../check.ts';
import { useDevice } from '../device.ts';
import * as reference from '../reference.ts';
import { forced } from './conv2d.cases.ts';

const device = useDevice(forced('pair', 'pair'));

describe('convolution of 2×2 images, variant pair forced on software adapters', () => {
  for (const [batch, k, m, relu] of [
    [1, 4, 8, false],
    [5, 20, 36, true],
    [16, 8, 4, false],
  ] as const) {
    it(`batch ${batch}, ${k} to ${m} channels${relu ? ' with ReLU' : ''}, and its gradients match f64`, () =>
      checkOp(device(), {
        inputs: [random([batch, 2, 2, k], 1), random([3, 3, k, m], 2), random([m], 3)],
        forward: (x, w, b) => ops.conv2d(x, w, b, { padding: 1, relu }),
        reference(x, w, b) {
          const y = reference.conv2d(x!, w!, b, { padding: 1 });
          return relu ? { shape: y.shape, data: y.data.map((v) => Math.max(0, v)) } : y;
        },
        reduction: 9 * Math.max(k, m) + 4 * batch,
      }));
  }
});
