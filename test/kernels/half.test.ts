import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { ShapeError } from '../../src/base/errors.ts';
import { fromHalfBits, toHalfBits } from '../../src/base/half.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import type { Device, DeviceOptions } from '../../src/tensor/device.ts';
import type { DType } from '../../src/tensor/dtype.ts';
import { scope } from '../../src/tensor/scope.ts';
import type { Shape } from '../../src/tensor/shape.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { expectClose, type Host, poisoned, random } from '../check.ts';
import { useDevice } from '../device.ts';
import { hasHalf } from '../half.ts';

/** Half an ulp of f16 for the result, and as much again for what is computed from it. */
const EPSILON = 2 ** -10;

/** Random values that f16 holds exactly, all different. */
function halves(shape: Shape, seed: number, low = -2, high = 2): Host {
  const { data } = random(shape, seed, low, high);
  return { shape, data: data.map((v) => fromHalfBits(toHalfBits(v))) };
}

type Forward = (image: Tensor, ...rest: Tensor[]) => Tensor;

/** Result and gradients of `forward`, whose first input, an image, and whose result are of this dtype. */
async function outcome(device: Device, inputs: readonly Host[], dtype: DType, forward: Forward) {
  using _temporaries = scope();
  const leaves = inputs.map(({ data, shape }) => tensor(device, data, shape));
  for (const leaf of leaves) leaf.requiresGrad = true;
  return poisoned(device, async () => {
    using tape = new Tape();
    const y = forward(ops.cast(leaves[0]!, dtype), ...leaves.slice(1));
    const dy = halves(y.shape, 9);
    tape.backward(y, tensor(device, dy.data, y.shape, y.dtype));
    const values = [await y.read()];
    for (const { grad } of leaves) {
      if (!grad) continue;
      values.push(await grad.read());
      grad.dispose();
    }
    return { dtype: y.dtype, values };
  });
}

/** Checks f16 against f32, which other specs check against f64. */
async function checkHalf(
  device: Device,
  inputs: readonly Host[],
  forward: Forward,
  result: DType = 'f16',
): Promise<void> {
  const wanted = await outcome(device, inputs, 'f32', forward);
  const got = await outcome(device, inputs, 'f16', forward);
  expect(got.dtype).toBe(result);
  expect(got.values.length).toBe(wanted.values.length);
  expect(wanted.values.length).toBeGreaterThan(1);
  for (const [i, values] of wanted.values.entries())
    expectClose(got.values[i]!, values, EPSILON, i ? `gradient ${i - 1}` : 'result');
}

const shapes = [
  [2, 5, 7, 3],
  [3, 8, 8, 4],
  [1, 40, 31, 8],
];

function batchNormTests(options: DeviceOptions): void {
  const device = useDevice(options);
  const statistics = (channels: number) => {
    const [runningMean, runningVariance] = [zeros(device(), [channels]), zeros(device(), [channels])];
    return { runningMean, runningVariance };
  };

  it('of f16 images keeps statistics and parameters in f32', async () => {
    for (const shape of shapes)
      for (const training of [true, false]) {
        const row = [shape.at(-1)!];
        const inputs = [halves(shape, 1, -1, 3), random(row, 2, 0.5, 2), random(row, 3)];
        await checkHalf(device(), inputs, (x, weight, bias) => {
          const settings = { ...statistics(row[0]!), training, relu: training, epsilon: 0.1 };
          return ops.batchNorm(x, weight, bias, settings);
        });
      }
  });

  it('of f16 images far from zero finds mean and variance to f32’s precision', async () => {
    const { data, shape } = halves([2, 32, 32, 4], 9, 1000, 1100);
    const found = [];
    for (const dtype of ['f32', 'f16'] as const) {
      const both = statistics(4);
      const [x, ones] = [tensor(device(), data, shape, dtype), tensor(device(), [1, 1, 1, 1], [4])];
      ops.batchNorm(x, ones, ones, { ...both, training: true, momentum: 1 });
      found.push(await both.runningMean.read(), await both.runningVariance.read());
    }
    expectClose(found[2]!, [...found[0]!], 1e-6, 'mean');
    expectClose(found[3]!, [...found[1]!], 1e-6, 'variance');
  });
}

if (hasHalf) {
  describe('batch norm', () => batchNormTests({}));
  describe('batch norm, variant lanes forced', () => batchNormTests({ variants: { batchNorm: 'lanes' } }));

  describe('f16 images', () => {
    const device = useDevice();
    const counter = () => tensor(device(), [3, 1], [2], 'u32');

    for (const window of [
      { kernel: 2, stride: 2 },
      { kernel: 3, stride: 2, padding: 1 },
    ])
      it(`pass through pools of ${JSON.stringify(window)}`, async () => {
        for (const shape of shapes) {
          await checkHalf(device(), [halves(shape, 2)], (x) => ops.maxPool2d(x, window));
          if (!window.padding) await checkHalf(device(), [halves(shape, 2)], (x) => ops.avgPool2d(x, window));
        }
      });

    it('pass through the global maximum, ReLU and dropout', async () => {
      for (const shape of shapes) {
        const x = [halves(shape, 3)];
        await checkHalf(device(), x, (image) => ops.globalMaxPool(image));
        await checkHalf(device(), x, (image) => ops.relu(image));
        await checkHalf(device(), x, (image) => ops.dropout(image, counter(), { p: 0.5, stream: 1 }));
      }
    });

    it('lie side by side, and their gradients are added up', async () => {
      for (const [a, b] of [
        [4, 8],
        [3, 5],
        [6, 4],
      ] as const) {
        const pixels = [2, 6, 10];
        await checkHalf(device(), [halves([...pixels, a], 4)], (x) => {
          const [first, second] = ops.sideBySide(device(), pixels, [a, b], x.dtype);
          const settings = {
            runningMean: zeros(device(), [a]),
            runningVariance: tensor(device(), new Array(a).fill(1), [a]),
            training: false,
          };
          const ones = tensor(device(), new Array(a).fill(1), [a]);
          const y = ops.batchNorm(x, ones, ones, { ...settings, into: first });
          ops.batchNorm(
            tensor(device(), halves([...pixels, b], 5).data, [...pixels, b], x.dtype),
            tensor(device(), new Array(b).fill(1), [b]),
            zeros(device(), [b]),
            {
              runningMean: zeros(device(), [b]),
              runningVariance: tensor(device(), new Array(b).fill(1), [b]),
              training: false,
              into: second,
            },
          );
          const joined = ops.concat([y, second!]);
          return ops.add(
            ops.maxPool2d(y, { kernel: 2 }),
            ops.slice(ops.maxPool2d(joined, { kernel: 2 }), 0, a),
          );
        });
      }
    });

    it('are predictions of losses, which are f32', async () => {
      for (const shape of [[1], [3, 1], [2, 5, 7, 3], [4, 33, 31, 2]]) {
        const [target, mask] = [random(shape, 1), random(shape, 2, 0, 1)].map(({ data }) =>
          tensor(device(), data, shape),
        );
        const x = [halves(shape, 4)];
        await checkHalf(device(), x, (p) => ops.mse(p, target!), 'f32');
        await checkHalf(device(), x, (p) => ops.maskedMse(p, target!, mask!), 'f32');
      }
      const lines = tensor(device(), random([4, 2, 3], 5, -0.1, 0.1).data, [4, 2, 3]);
      const seen = tensor(device(), [1, 0, 1, 1, 0, 1, 1, 1], [4, 2]);
      const forward: Forward = (p) => ops.lineHeatmapMse(p, lines, seen, { sigma: 1.5 });
      await checkHalf(device(), [halves([4, 33, 31, 2], 6)], forward, 'f32');
    });

    it('are not written where f32 was laid out', () => {
      const [into] = ops.sideBySide(device(), [1, 2, 2], [4, 4]);
      const row = zeros(device(), [4]);
      const settings = { runningMean: row, runningVariance: row, training: true, into };
      const x = tensor(device(), new Array(16).fill(1), [1, 2, 2, 4], 'f16');
      expect(() => ops.batchNorm(x, row, row, settings)).toThrow(/f16.*is needed/);
    });
  });
} else {
  describe('f16 images', () => {
    const device = useDevice();
    it('are refused, with the way out, on this adapter, which only stores f16', () => {
      const x = tensor(device(), [1, 2, 3, 4], [1, 2, 2, 1], 'f16');
      for (const action of [
        () => ops.maxPool2d(x, { kernel: 2 }),
        () => ops.globalMaxPool(x),
        () => ops.mse(x, zeros(device(), [1, 2, 2, 1])),
      ]) {
        expect(action).toThrow(ShapeError);
        expect(action).toThrow(/only stores.*cast/);
      }
    });
  });
}
