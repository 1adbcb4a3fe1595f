import { beforeAll, describe, expect, it, vi } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { capture } from '../../src/autograd/step.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { hasMoments, MOMENT_ROWS } from '../../src/kernels/conv/moments.ts';
import * as kernels from '../../src/kernels/index.ts';
import { filled, tensor, zeros } from '../../src/tensor/create.ts';
import type { Device } from '../../src/tensor/device.ts';
import { scope } from '../../src/tensor/scope.ts';
import type { Shape } from '../../src/tensor/shape.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { expectClose, host, poisoned, random } from '../check.ts';
import { useDevice } from '../device.ts';
import { hasHalf } from '../half.ts';
import * as reference from '../reference.ts';
import { forced } from './conv2d.cases.ts';
import { standInForMatrices } from './conv2d.matrix.loops.ts';

// Drivers for processors compile these for long.
vi.setConfig({ testTimeout: 240_000 });

/** [x, weight, attributes]: one pixel; blocks that end within an image and past the last; several tiles of channels. */
const cases: readonly (readonly [x: Shape, weight: Shape, attrs: kernels.Conv2dAttrs])[] = [
  [[1, 1, 1, 4], [1, 1, 4, 4], {}],
  [[3, 11, 13, 20], [3, 3, 20, 68], { padding: 1 }],
  [[2, 16, 12, 32], [3, 3, 32, 12], { padding: 1, relu: true }],
];

/** In float64, of every MOMENT_ROWS rows of y: means, then sums of squared distances from them. */
function momentsOf(y: ArrayLike<number>, channels: number): number[] {
  const rows = y.length / channels;
  const blocks = Array.from({ length: Math.ceil(rows / MOMENT_ROWS) }, (_, block) => {
    const first = block * MOMENT_ROWS;
    const count = Math.min(MOMENT_ROWS, rows - first);
    const at = (row: number, c: number) => y[(first + row) * channels + c]!;
    return Array.from({ length: channels }, (_, c) => {
      const values = Array.from({ length: count }, (_, row) => at(row, c));
      const mean = values.reduce((sum, v) => sum + v, 0) / count;
      return { mean, spread: values.reduce((sum, v) => sum + (v - mean) ** 2, 0) };
    });
  }).flat();
  return [...blocks.map(({ mean }) => mean), ...blocks.map(({ spread }) => spread)];
}

const halves = (device: Device, shape: Shape, seed: number, low = -1, high = 1): Tensor =>
  tensor(device, random(shape, seed, low, high).data, shape, 'f16');

async function checkMoments(device: Device, [x, weight, attrs]: (typeof cases)[number]) {
  using _temporaries = scope();
  const channels = weight[3]!;
  const bias = tensor(device, random([channels], 3, -2, 9).data, [channels]);
  const inputs = [halves(device, x, 1), halves(device, weight, 2), bias];
  await poisoned(device, async () => {
    const [y, moments] = ops.applyAll(kernels.conv2dMoments, inputs, attrs) as [Tensor, Tensor];
    expect(hasMoments(moments)).toBe(true);
    const values = await y.read();
    const [a, b, c] = await Promise.all(inputs.map(async (one) => host(one.shape, await one.read())));
    const plain = reference.conv2d(a!, b!, c, attrs).data.map((v) => (attrs.relu ? Math.max(v, 0) : v));
    expectClose(values, plain, 2 ** -10, 'results');
    const expected = momentsOf(values, channels);
    const half = expected.length / 2;
    const found = [...(await moments.read())];
    expectClose(found.slice(0, half), expected.slice(0, half), 1e-6, 'means');
    expectClose(found.slice(half), expected.slice(half), 1e-5, 'spreads');
  });
}

/** Output, running statistics and gradients of convolution, norm and ReLU. */
function normed(device: Device, convolution: typeof ops.conv2d, recomputed = false) {
  return poisoned(device, async () => {
    using _temporaries = scope();
    const leaf = (one: Tensor) => Object.assign(one, { requiresGrad: true });
    const x = leaf(halves(device, [3, 11, 13, 20], 1, 3, 4));
    const weight = leaf(halves(device, [3, 3, 20, 36], 2));
    const [gain, shift] = [leaf(filled(device, 1.5, [36])), leaf(filled(device, 0.25, [36]))];
    const [runningMean, runningVariance] = [zeros(device, [36]), zeros(device, [36])];
    using tape = new Tape();
    const options = { runningMean, runningVariance, training: true, relu: true };
    const block = (from: Tensor) =>
      ops.batchNorm(convolution(from, weight, null, { padding: 1 }), gain, shift, options);
    const y = recomputed ? ops.recompute(block, x) : block(x);
    tape.backward(y, halves(device, y.shape, 5));
    const leaves = [x, weight, gain, shift];
    const all = [y, runningMean, runningVariance, ...leaves.map(({ grad }) => grad!)];
    const values = await Promise.all(all.map((one) => ops.cast(one, 'f32').read()));
    for (const { grad } of leaves) grad!.dispose();
    return values;
  });
}

async function labels(device: Device, change?: (y: Tensor) => Tensor) {
  using _temporaries = scope();
  const [x, weight] = [halves(device, [1, 8, 8, 4], 1), halves(device, [1, 1, 4, 4], 2)];
  const [runningMean, runningVariance] = [zeros(device, [4]), zeros(device, [4])];
  using step = await capture(device, () => {
    const y = ops.conv2dForNorm(x, weight);
    const other = change?.(y) ?? y;
    return { y: ops.batchNorm(other, null, null, { runningMean, runningVariance, training: true }) };
  });
  return step.labels;
}

describe('a convolution on matrices of 16×16 that a norm follows', () => {
  if (hasHalf) {
    const device = useDevice(forced('matrix', 'matrix'));
    beforeAll(() => standInForMatrices(device()));

    for (const variant of ['matrix', 'matrixs'])
      it(`takes the moments of its results as they are stored, variant ${variant} forced`, async () => {
        Object.assign(device().options, forced(variant, 'matrix'));
        for (const one of cases) await checkMoments(device(), one);
      });

    it('lets the norm that follows be as by its own statistics, gradients too', async () => {
      Object.assign(device().options, {
        variants: { ...forced('matrix', 'matrix').variants, batchNorm: 'lanes' },
      });
      const own = await normed(device(), ops.conv2d);
      const given = await normed(device(), ops.conv2dForNorm);
      for (const [i, values] of given.entries()) expectClose(values, own[i]!, 2e-3, `result ${i}`);
      for (const i of [1, 2]) expectClose(given[i]!, own[i]!, 1e-6, `statistics ${i}`);
      expect(await normed(device(), ops.conv2dForNorm)).toEqual(given);
      expect(await normed(device(), ops.conv2dForNorm, true)).toEqual(given);
    });

    it('has the norm sum by itself where it took none, or where its result is another by then', async () => {
      const variants = (gather: string) =>
        Object.assign(device().options, {
          variants: { ...forced(gather, 'matrix').variants, batchNorm: 'lanes' },
        });
      variants('matrix');
      expect(await labels(device())).toContain('batchNorm.blocks.merge');
      expect(await labels(device())).not.toContain('batchNorm.statistics');
      const changed = await labels(device(), (y) => ops.multiply(y, y));
      variants('tile');
      for (const others of [changed, await labels(device())]) {
        expect(others).toContain('batchNorm.statistics');
        expect(others).not.toContain('batchNorm.blocks.merge');
      }
    });
  } else {
    it('needs f16, which this adapter does not compute with', () => expect(hasHalf).toBe(false));
  }
});
