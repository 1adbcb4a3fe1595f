import { describe, expect, it } from 'vitest';
import { openDevice } from '#device';
import * as ops from '../../src/autograd/ops.ts';
import { capture } from '../../src/autograd/step.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { LabelError } from '../../src/base/errors.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import { useDevice } from '../device.ts';

const device = useDevice();

const losses = { crossEntropy: ops.crossEntropy, softmaxFocal: ops.softmaxFocal, softDice: ops.softDice };

const logits = () => tensor(device(), [1, 2, 3, 4, 5, 6], [2, 3]);
const labels = (...values: number[]) => tensor(device(), values, [values.length], 'i32');

/** The error that a promise ends in. */
const errorOf = (promise: Promise<unknown>): Promise<LabelError> =>
  promise.then(
    () => expect.fail('no error'),
    (error) => error,
  );

async function expectUsable(): Promise<void> {
  await device().sync();
  expect(await ops.crossEntropy(logits(), labels(0, 2)).item()).toBeGreaterThan(0);
}

describe('a label that is no class', () => {
  for (const [name, loss] of Object.entries(losses)) {
    it(`makes ${name} NaN with a gradient of NaN, and is thrown where the host reads, once`, async () => {
      for (const [values, worst] of [
        [[0, 7], 7],
        [[3, 1], 3],
        [[-1, 1], -1],
        [[-2147483648, 5], -2147483648],
      ] as const) {
        const x = logits();
        x.requiresGrad = true;
        using tape = new Tape();
        const value = loss(x, labels(...values));
        tape.backward(value);
        const error = await errorOf(value.read());
        expect(error).toBeInstanceOf(LabelError);
        expect(error.code).toBe('LABEL');
        expect(error.message).toBe(
          `${name}: labels hold ${worst}, but there are 3 classes (0 … 2). Pass ignoreIndex for labels that do not count.`,
        );
        expect(error).toMatchObject({ call: name, label: worst, classes: 3 });
        expect(await value.item()).toBe(Number.NaN);
        const gradient = await x.grad!.read();
        expect(gradient.some(Number.isNaN)).toBe(true);
        x.grad!.dispose();
        await expectUsable();
      }
    });

    it(`is none in ${name} where it is the one to ignore, of any value, as i32 or u32`, async () => {
      const x = logits();
      const alone = await loss(tensor(device(), [1, 2, 3], [1, 3]), labels(1)).item();
      for (const ignoreIndex of [-100, -1, 255, 3, 2147483647, -2147483648])
        expect(await loss(x, labels(1, ignoreIndex), { ignoreIndex }).item()).toBe(alone);
      for (const ignoreIndex of [255, 4294967295]) {
        const unsigned = tensor(device(), [1, ignoreIndex], [2], 'u32');
        expect(await loss(x, unsigned, { ignoreIndex }).item()).toBe(alone);
      }
      const wrapped = tensor(device(), [1, 4294967295], [2], 'u32');
      expect(await loss(x, wrapped, { ignoreIndex: -1 }).item()).toBe(alone);
      expect(await loss(x, labels(1, 0), { ignoreIndex: 0 }).item()).toBe(alone);
      await device().sync();
    });
  }

  it('is thrown by sync, and by the read of another tensor', async () => {
    ops.crossEntropy(logits(), labels(0, 9));
    expect(await errorOf(device().sync())).toBeInstanceOf(LabelError);
    ops.crossEntropy(logits(), labels(0, 9));
    const other = zeros(device(), [1]);
    expect((await errorOf(other.read())).label).toBe(9);
    expect([...(await other.read())]).toEqual([0]);
  });

  it('of u32 is shown as it is', async () => {
    ops.softDice(logits(), tensor(device(), [0, 4294967295], [2], 'u32'));
    expect((await errorOf(device().sync())).label).toBe(4294967295);
  });

  it('is thrown for each of two losses that were read apart, and by whoever reads next where nobody waited', async () => {
    const [first, second] = [7, 8].map((label) => {
      const value = ops.crossEntropy(logits(), labels(0, label));
      return value.read();
    });
    const errors = await Promise.all([errorOf(first!), errorOf(second!)]);
    expect(errors.map(({ label }) => label)).toEqual([7, 8]);
    const value = ops.crossEntropy(logits(), labels(0, 9));
    device().readLater(value.storage.buffer!, 0, 4);
    expect((await errorOf(device().sync())).label).toBe(9);
    await expectUsable();
  });

  it('is told apart by call and number of classes', async () => {
    ops.softDice(tensor(device(), [1, 2], [1, 2]), labels(3));
    expect((await errorOf(device().sync())).message).toMatch(
      /^softDice: labels hold 3, but there are 2 classes/,
    );
    ops.crossEntropy(tensor(device(), [1], [1, 1]), labels(4));
    expect((await errorOf(device().sync())).message).toMatch(
      /^crossEntropy: labels hold 4, but .* only class 0/,
    );
  });

  it('is found for every one of many numbers of classes', async () => {
    for (let classes = 1; classes <= 70; classes++) {
      ops.crossEntropy(zeros(device(), [1, classes]), labels(classes));
      expect(await errorOf(device().sync())).toMatchObject({ label: classes, classes });
    }
  });

  it('is thrown after the run of a captured step that met it, and not after one that did not', async () => {
    const target = labels(0, 1);
    const x = logits();
    using step = await capture(device(), () => ({ loss: ops.crossEntropy(x, target) }));
    step.run();
    const good = await step.outputs.loss.item();
    target.write([0, 5]);
    step.run();
    expect((await errorOf(step.outputs.loss.read())).label).toBe(5);
    target.write([0, 1]);
    step.run();
    expect(await step.outputs.loss.item()).toBe(good);
  });

  it('is thrown where what several runs have copied is read later, by the read of the run that met it', async () => {
    const rows = zeros(device(), [3]);
    const target = labels(0, 1);
    const x = logits();
    using step = await capture(device(), () => ({ loss: ops.softmaxFocal(x, target) }));
    const { storage, offset } = step.outputs.loss;
    const to = rows.storage.buffer!;
    const asked = [1, 6, 2].map((label, row) => {
      target.write([0, label]);
      step.run((encoder) => encoder.copyBufferToBuffer(storage.buffer!, offset, to, 4 * row, 4));
      return device().readLater(to, 0, 12);
    });
    expect(new Float32Array(await asked[0]!())[0]).toBeGreaterThan(0);
    expect((await errorOf(asked[1]!())).label).toBe(6);
    const values = new Float32Array(await asked[2]!());
    expect(values[1]).toBe(Number.NaN);
    expect(values[2]).toBeGreaterThan(0);
  });
});

describe('faults', () => {
  it('are not looked for on a device whose kernels look for none', async () => {
    const fresh = await openDevice();
    try {
      const collects = () => fresh.faults.collect(fresh.gpu.createCommandEncoder()) !== undefined;
      ops.mse(zeros(fresh, [3]), zeros(fresh, [3]));
      expect(collects()).toBe(false);
      const before = fresh.memory.liveBytes;
      const [x, target] = [zeros(fresh, [1, 2]), zeros(fresh, [1], 'i32')];
      const value = ops.crossEntropy(x, target);
      expect(collects()).toBe(true);
      for (const made of [x, target, value]) made.dispose();
      expect(fresh.memory.liveBytes).toBe(before);
    } finally {
      fresh.dispose();
    }
  });

  it('do not hide that the device was lost', async () => {
    const fresh = await openDevice();
    const value = ops.crossEntropy(zeros(fresh, [1, 2]), zeros(fresh, [1], 'i32'));
    const reading = errorOf(value.read());
    fresh.dispose();
    expect((await reading).code).toBe('DEVICE_LOST');
  });
});
