import { describe, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { checkOp, random } from '../check.ts';
import { useDevice } from '../device.ts';
import * as reference from '../reference.ts';
import { convolutionTests, forced } from './conv2d.cases.ts';

const device = useDevice(forced('winograd', 'winograd'));

describe('convolution, variant winograd forced on software adapters', () => {
  convolutionTests(device);

  // Several blocks of tiles and channels, none of them whole; images that the tiles do not divide.
  for (const [batch, height, width, k, m, padding] of [
    [3, 11, 14, 20, 36, 1],
    [1, 9, 6, 36, 4, 0],
    [2, 4, 5, 4, 20, 2],
  ] as const) {
    it(`conv2d of [${batch}, ${height}, ${width}, ${k}] to ${m} channels, padding ${padding}, matches f64`, () =>
      checkOp(device(), {
        inputs: [random([batch, height, width, k], 1), random([3, 3, k, m], 2), random([m], 3)],
        forward: (x, w, b) => ops.conv2d(x, w, b, { padding }),
        reference: (x, w, b) => reference.conv2d(x!, w!, b, { padding }),
        reduction: 9 * Math.max(k, m) + batch * height * width,
      }));
  }
});
