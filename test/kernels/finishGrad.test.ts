import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { capture } from '../../src/autograd/step.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { tensor } from '../../src/tensor/create.ts';
import { expectClose, poisoned, random } from '../check.ts';
import { useDevice } from '../device.ts';

/** [batch, side, channels in, channels out]: one column, several, channels off the multiples of 4. */
const cases = [
  [1, 1, 4, 4],
  [2, 23, 1, 8],
  [3, 17, 8, 5],
  [1, 6, 16, 100],
] as const;

for (const variant of ['alone', 'lanes']) {
  describe(`gradient of the bias, variant ${variant} forced`, () => {
    const device = useDevice({ variants: { biasGrad: variant } });

    for (const [batch, side, channelsIn, channelsOut] of cases) {
      it(`is the sum of dy over [${batch}, ${side}, ${side}] pixels of ${channelsOut} channels`, async () => {
        const dy = random([batch, side, side, channelsOut], 3);
        const expected = new Float64Array(channelsOut);
        for (const [i, value] of dy.data.entries()) expected[i % channelsOut]! += value;
        const x = tensor(device(), random([batch, side, side, channelsIn], 1).data, [
          batch,
          side,
          side,
          channelsIn,
        ]);
        const weight = tensor(device(), random([3, 3, channelsIn, channelsOut], 2).data, [
          3,
          3,
          channelsIn,
          channelsOut,
        ]);
        const bias = tensor(device(), new Float32Array(channelsOut), [channelsOut]);
        for (const leaf of [weight, bias]) leaf.requiresGrad = true;
        const got = await poisoned(device(), () => {
          using tape = new Tape();
          tape.backward(ops.conv2d(x, weight, bias, { padding: 1 }), tensor(device(), dy.data, dy.shape));
          return bias.grad!.read();
        });
        expectClose(got, expected, 1e-6, 'gradient of the bias');
        for (const leaf of [weight, bias]) leaf.grad!.dispose();
      });
    }
  });
}

describe('gradient of the bias', () => {
  const device = useDevice();

  it('takes one launch at most', async () => {
    const x = tensor(device(), random([4, 32, 32, 8]).data, [4, 32, 32, 8]);
    const leaves = [
      tensor(device(), random([1, 1, 8, 8]).data, [1, 1, 8, 8]),
      tensor(device(), random([8]).data, [8]),
    ];
    for (const leaf of leaves) leaf.requiresGrad = true;
    const launches = async (bias: boolean) => {
      using step = await capture(device(), () => {
        using tape = new Tape();
        const loss = ops.mean(ops.conv2d(x, leaves[0]!, bias ? leaves[1]! : null));
        tape.backward(loss);
        for (const leaf of leaves) leaf.grad = undefined;
        return { loss };
      });
      return step.launchCount;
    };
    expect((await launches(true)) - (await launches(false))).toBeLessThanOrEqual(1);
  });
});
