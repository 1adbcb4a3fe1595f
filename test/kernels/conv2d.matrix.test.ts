import { beforeAll, describe, expect, it, vi } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { capture } from '../../src/autograd/step.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { filled, tensor, zeros } from '../../src/tensor/create.ts';
import { scope } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { expectClose, poisoned, random } from '../check.ts';
import { useDevice } from '../device.ts';
import { hasHalf } from '../half.ts';
import { forced } from './conv2d.cases.ts';
import { cutTests } from './conv2d.cut.cases.ts';
import { halfTests } from './conv2d.half.cases.ts';
import { standInForMatrices } from './conv2d.matrix.loops.ts';

// Drivers for processors compile these for long, and whichever test comes first waits for it.
vi.setConfig({ testTimeout: 240_000 });

describe('convolution in f16, variant matrix forced', () => {
  if (hasHalf) {
    const device = useDevice(forced('matrix', 'matrix'));
    beforeAll(() => {
      if (device().caps.matrices) return;
      // No adapter of this kind here: everything but the matrix instructions themselves is put to the test.
      standInForMatrices(device());
    });
    halfTests(device);
    cutTests(device, ['f16']);

    it('reads and writes runs of channels where they lie, to the same bits each time', async () => {
      const leaf = (shape: readonly number[], seed: number) => {
        const one = tensor(device(), random(shape, seed).data, shape);
        one.requiresGrad = true;
        return one;
      };
      const shapes = [
        [2, 3, 5, 16],
        [2, 2, 12, 16],
        [2, 2, 20, 16],
        [3, 3, 32, 36],
      ];
      const leaves = shapes.map(leaf);
      const dy = tensor(device(), random([2, 6, 10, 36], 5).data, [2, 6, 10, 36], 'f16');
      const joint = (variant: string, places: boolean) =>
        poisoned(device(), async () => {
          const correlation = variant === 'matrixs' ? 'matrix' : variant;
          Object.assign(device().options, forced(variant, correlation));
          using _temporaries = scope();
          using tape = new Tape();
          const [left, right] = places ? ops.sideBySide(device(), [2, 6, 10], [12, 20], 'f16') : [];
          const [deep, a, b, c] = leaves.map((one) => ops.cast(one, 'f16')) as [
            Tensor,
            Tensor,
            Tensor,
            Tensor,
          ];
          const raised = ops.conv2dTranspose(deep, a, null, { stride: 2 }, left);
          const joined = ops.concat([raised, ops.conv2dTranspose(deep, b, null, { stride: 2 }, right)]);
          const y = ops.conv2d(joined, c, null, { padding: 1 });
          tape.backward(y, dy);
          const found = [ops.cast(y, 'f32'), ...leaves.map(({ grad }) => grad!)];
          const values = await Promise.all(found.map((one) => one.read()));
          for (const { grad } of leaves) grad!.dispose();
          return values;
        });
      const expected = await joint('tile', false);
      const whole = await joint('matrix', false);
      for (const [i, values] of whole.entries()) expectClose(values, expected[i]!, 2e-3, `tensor ${i}`);
      for (const variant of ['matrixs', 'matrix', 'matrix'])
        expect(await joint(variant, true)).toEqual(whole);
    });

    it('keeps an infinite weight to its own tap and channel, whose sum is infinite', async () => {
      const x = filled(device(), 1, [1, 3, 3, 4], 'f16');
      const values = new Float32Array(9 * 4 * 4).fill(1);
      values[5 * 16] = Number.POSITIVE_INFINITY;
      const y = ops.conv2d(x, tensor(device(), values, [3, 3, 4, 4], 'f16'));
      expect([...(await y.read())]).toEqual([Number.POSITIVE_INFINITY, 36, 36, 36]);
    });

    it('is what runs', async () => {
      const x = zeros(device(), [1, 2, 2, 4], 'f16');
      const weight = zeros(device(), [1, 1, 4, 4], 'f16');
      using step = await capture(device(), () => ({ y: ops.conv2d(x, weight) }));
      expect(step.labels).toEqual(['conv2d[matrix]']);
    });
  } else {
    it('needs f16, which this adapter does not compute with', () => expect(hasHalf).toBe(false));
  }
});
