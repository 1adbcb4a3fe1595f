import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { capture } from '../../src/autograd/step.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { GradientError } from '../../src/base/errors.ts';
import { filled, tensor, zeros } from '../../src/tensor/create.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { expectClose, random } from '../check.ts';
import { useDevice } from '../device.ts';
import { hasHalf } from '../half.ts';
import { classLosses, elementLosses, maskedLosses } from './losses.cases.ts';

const device = useDevice();
const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;

interface Found {
  readonly loss: number;
  readonly gradients: number[][];
}

/** A loss's value and the gradients of those of `leaves` that have one. */
async function evaluate(leaves: readonly Tensor[], loss: () => Tensor): Promise<Found> {
  for (const leaf of leaves) leaf.requiresGrad = true;
  using tape = new Tape();
  const value = loss();
  tape.backward(value);
  const gradients: number[][] = [];
  for (const leaf of leaves) {
    gradients.push([...(await leaf.grad!.read())]);
    leaf.grad!.dispose();
    leaf.grad = undefined;
    leaf.requiresGrad = false;
  }
  return { loss: await value.item(), gradients };
}

const isNaNs = (values: readonly number[]) => values.map(Number.isNaN);
const all = (count: number, value: boolean) => new Array<boolean>(count).fill(value);
const at = (count: number, place: number) => all(count, false).map((_, i) => i === place);

/** An f32 tensor of five elements: the last quad is not whole. */
const five = (...values: number[]) => tensor(device(), values, [5]);

describe('NaN in losses', () => {
  for (const [name, loss] of Object.entries(elementLosses)) {
    it(`${name} is NaN for NaN on either side, and so is the gradient there`, async () => {
      for (const place of [0, 3, 4])
        for (const side of [0, 1]) {
          const values = [
            [1, 2, -3, 4, 0.5],
            [0.5, 1, 0, 0.25, 1],
          ];
          values[side]![place] = nan;
          const leaves = values.map((one) => five(...one));
          const { loss: value, gradients } = await evaluate(leaves, () => loss(leaves[0]!, leaves[1]!));
          expect(value).toBe(nan);
          expect(isNaNs(gradients[0]!)).toEqual(at(5, place));
          // In the target it is linear: its slope there depends on the logit alone.
          const linear = name === 'bceWithLogits' && side === 1;
          expect(isNaNs(gradients[1]!)).toEqual(linear ? all(5, false) : at(5, place));
        }
    });

    it.runIf(hasHalf)(`${name} of f16 is near that of f32, and NaN for NaN`, async () => {
      const [wide, t] = [five(1, 2, -3, 4, 0.5), five(0.5, 1, 0, 0.25, 1)];
      const half = ops.cast(wide, 'f16');
      const expected = await evaluate([wide, t], () => loss(wide, t));
      const found = await evaluate([half, t], () => loss(half, t));
      expectClose([found.loss], [expected.loss], 1e-6, 'loss');
      expectClose(found.gradients[0]!, expected.gradients[0]!, 2e-3, 'gradient of the prediction');
      expectClose(found.gradients[1]!, expected.gradients[1]!, 1e-6, 'gradient of the target');
      const broken = ops.cast(five(1, 2, nan, 4, 0.5), 'f16');
      const lost = await evaluate([broken], () => loss(broken, t));
      expect(lost.loss).toBe(nan);
      expect(isNaNs(lost.gradients[0]!)).toEqual(at(5, 2));
    });
  }

  for (const [name, loss] of Object.entries(maskedLosses)) {
    it(`${name} with a mask: what has mask 0 may be NaN, what counts may not, nor the mask`, async () => {
      const [p, t] = [five(1, nan, 3, 4, infinity), five(nan, 1, 0, 0.25, 1)];
      const counted = await evaluate([p, t], () => loss(p, t, five(0, 0, 1, 1, 0)));
      expect(counted.loss).toBeGreaterThan(0);
      for (const gradient of counted.gradients) {
        expect(isNaNs(gradient)).toEqual(all(5, false));
        expect([gradient[0], gradient[1], gradient[4]].map((v) => Math.abs(v!))).toEqual([0, 0, 0]);
      }
      const lost = await evaluate([p, t], () => loss(p, t, five(1, 0, 1, 1, 0)));
      expect(lost.loss).toBe(nan);
      expect(isNaNs(lost.gradients[0]!)).toEqual(at(5, 0));
      const masked = await evaluate([p, t], () => loss(p, t, five(0, 0, 1, nan, 0)));
      expect(masked.loss).toBe(nan);
      for (const gradient of masked.gradients) expect(isNaNs(gradient)).toEqual(all(5, true));
    });

    it(`${name} with a mask of zeros is 0, with gradient 0, and refuses one that is tracked`, async () => {
      const [p, t, mask] = [five(1, nan, 3, 4, 1), five(nan, 1, 0, 0.25, 1), zeros(device(), [5])];
      const { loss: value, gradients } = await evaluate([p, t], () => loss(p, t, mask));
      expect(value).toBe(0);
      for (const gradient of gradients) expect(gradient.map(Math.abs)).toEqual([0, 0, 0, 0, 0]);
      mask.requiresGrad = true;
      using tape = new Tape();
      const again = loss(p, t, mask);
      expect(() => tape.backward(again)).toThrow(GradientError);
    });
  }

  for (const [name, loss] of Object.entries(classLosses)) {
    it(`${name} is NaN for NaN or +∞ among the logits, wherever, and so is the gradient of the row`, async () => {
      for (const broken of [nan, infinity])
        for (let place = 0; place < 3; place++) {
          const logits = tensor(device(), [1, 2, 3, 3, 2, 1], [2, 3]);
          const values = [1, 2, 3, 3, 2, 1];
          values[3 + place] = broken;
          logits.write(values);
          const labels = tensor(device(), [1, 2], [2], 'i32');
          const { loss: value, gradients } = await evaluate([logits], () => loss(logits, labels));
          expect(value).toBe(nan);
          expect(isNaNs(gradients[0]!).slice(3)).toEqual(all(3, true));
        }
    });

    it(`${name} leaves out what is ignored, NaN or not`, async () => {
      const labels = tensor(device(), [1, -100], [2], 'i32');
      const [logits, same] = [
        [1, 2, 3, nan, nan, infinity],
        [1, 2, 3, 7, 8, 9],
      ].map((values) => tensor(device(), values, [2, 3]));
      const broken = await evaluate([logits!], () => loss(logits!, labels));
      expect(broken).toEqual(await evaluate([same!], () => loss(same!, labels)));
      expect(broken.gradients[0]!.slice(3)).toEqual([0, 0, 0]);
    });

    it.runIf(hasHalf)(`${name} of f16 is near that of f32`, async () => {
      const wide = tensor(device(), random([4, 3], 3, -2, 2).data, [4, 3]);
      const half = ops.cast(wide, 'f16');
      const rounded = ops.cast(half, 'f32');
      const labels = tensor(device(), [1, 2, 0, -100], [4], 'i32');
      const expected = await evaluate([rounded], () => loss(rounded, labels));
      const found = await evaluate([half], () => loss(half, labels));
      expectClose([found.loss], [expected.loss], 1e-6, 'loss');
      expectClose(found.gradients[0]!, expected.gradients[0]!, 1e-3, 'gradient');
    });
  }

  it('class weights that are NaN make crossEntropy and softmaxFocal NaN, those of classes not seen do not', async () => {
    const logits = zeros(device(), [2, 3]);
    const labels = tensor(device(), [0, 1], [2], 'i32');
    const seen = tensor(device(), [1, nan, 1], [3]);
    const unseen = tensor(device(), [1, 1, nan], [3]);
    const entropy = await evaluate([logits], () => ops.crossEntropy(logits, labels, { classWeights: seen }));
    expect([entropy.loss, ...entropy.gradients[0]!]).toEqual(new Array(7).fill(nan));
    const focal = await evaluate([logits], () => ops.softmaxFocal(logits, labels, { alpha: seen }));
    expect(focal.loss).toBe(nan);
    expect(isNaNs(focal.gradients[0]!)).toEqual([...all(3, false), ...all(3, true)]);
    expect(await ops.crossEntropy(logits, labels, { classWeights: unseen }).item()).toBeCloseTo(Math.log(3));
    expect(await ops.softmaxFocal(logits, labels, { alpha: unseen }).item()).toBeGreaterThan(0);
  });

  it('weights of what is positive that are NaN make bceWithLogits NaN', async () => {
    const posWeight = tensor(device(), [1, nan], [2]);
    const logits = zeros(device(), [2, 2]);
    const one = await evaluate([logits], () =>
      ops.bceWithLogits(logits, filled(device(), 1, [2, 2]), { posWeight }),
    );
    expect(one.loss).toBe(nan);
    expect(isNaNs(one.gradients[0]!)).toEqual([false, true, false, true]);
  });

  it('lineHeatmapMse is NaN for NaN that counts', async () => {
    const lines = (...values: number[]) => tensor(device(), values, [1, 2, 3]);
    const mask = (...values: number[]) => tensor(device(), values, [1, 2]);
    const good = lines(1, 0, -1, 0, 1, 0);
    const p = tensor(device(), random([1, 3, 3, 2], 1).data, [1, 3, 3, 2]);
    const broken = tensor(device(), random([1, 3, 3, 2], 1).data.fill(nan, 7, 8), [1, 3, 3, 2]);
    const loss = (x: Tensor, l: Tensor, m: Tensor) =>
      evaluate([x], () => ops.lineHeatmapMse(x, l, m, { sigma: 2 }));
    expect((await loss(p, good, mask(1, 1))).loss).toBeGreaterThan(0);
    expect((await loss(broken, good, mask(1, 1))).loss).toBe(nan);
    expect((await loss(broken, good, mask(1, 0))).loss).toBeGreaterThan(0);
    const absent = await loss(p, good, mask(1, nan));
    expect([absent.loss, ...absent.gradients[0]!]).toEqual(new Array(19).fill(nan));
    for (let i = 0; i < 3; i++) {
      const values = [1, 0, -1, 0, 1, 0];
      values[3 + i] = nan;
      const lost = await loss(p, lines(...values), mask(1, 1));
      expect(lost.loss).toBe(nan);
      expect(isNaNs(lost.gradients[0]!)).toEqual(all(18, true).map((_, place) => place % 2 === 1));
      expect((await loss(p, lines(...values), mask(1, 0))).loss).toBeGreaterThan(0);
    }
  });
});

describe('losses in a captured step', () => {
  const run = async (leaf: Tensor, loss: () => Tensor): Promise<void> => {
    const eager = await evaluate([leaf], loss);
    leaf.requiresGrad = true;
    leaf.gradSlot = zeros(device(), leaf.shape, leaf.dtype);
    using step = await capture(device(), () => {
      using tape = new Tape();
      const value = loss();
      tape.backward(value);
      return { value };
    });
    for (let i = 0; i < 2; i++) step.run();
    expect(await step.outputs.value.item()).toBe(eager.loss);
    expect([...(await leaf.gradSlot.read())]).toEqual(eager.gradients[0]);
  };

  for (const [name, loss] of Object.entries(elementLosses))
    it(`${name} has the bits of the eager one`, async () => {
      const [p, t] = [random([5, 7], 1), random([5, 7], 2, 0, 1)].map((x) =>
        tensor(device(), x.data, x.shape),
      );
      await run(p!, () => loss(p!, t!));
    });

  for (const [name, loss] of Object.entries(classLosses))
    it(`${name} has the bits of the eager one`, async () => {
      const logits = tensor(device(), random([2, 9, 4], 1).data, [2, 9, 4]);
      const labels = tensor(device(), random([2, 9], 2, 0, 3.99).data.map(Math.floor), [2, 9], 'u32');
      await run(logits, () => loss(logits, labels));
    });
});
