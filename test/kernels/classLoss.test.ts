import { describe, expect, it } from 'vitest';
import type { CrossEntropyOptions } from '../../src/autograd/ops/classLoss.ts';
import * as ops from '../../src/autograd/ops.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { ShapeError } from '../../src/base/errors.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import type { Shape } from '../../src/tensor/shape.ts';
import { checkOp, expectClose, type Host, host, poisoned, random } from '../check.ts';
import { useDevice } from '../device.ts';
import { checkGolden } from '../golden-op.ts';
import { goldenCases } from '../goldens.ts';

const device = useDevice();
const shapes: readonly Shape[] = [
  [1, 1],
  [5, 3],
  [2, 5, 7, 4],
  [1, 33, 61, 3],
];

/** Class numbers −1 … channels−1. */
function labelsFor(shape: Shape): number[] {
  const channels = shape.at(-1)!;
  const { data } = random(shape.slice(0, -1), 6, 0, channels + 1);
  return [...data].map((v, i) => (i === 0 ? 0 : Math.floor(v) - 1));
}

function probabilities({ shape, data }: Host): Float64Array {
  const channels = shape.at(-1)!;
  const sums = new Float64Array(data.length / channels);
  data.forEach((v, i) => {
    sums[Math.floor(i / channels)]! += Math.exp(v);
  });
  return data.map((v, i) => Math.exp(v) / sums[Math.floor(i / channels)]!);
}

function crossEntropy(
  logits: Host,
  labels: readonly number[],
  classWeights: Host,
  ignoreIndex: number,
): Host {
  const p = probabilities(logits);
  let [total, weight] = [0, 0];
  for (const [row, label] of labels.entries()) {
    if (label < 0 || label === ignoreIndex) continue;
    const w = classWeights.data[label]!;
    total -= w * Math.log(p[row * logits.shape.at(-1)! + label]!);
    weight += w;
  }
  return host([], [weight > 0 ? total / weight : 0]);
}

function softmaxFocal(logits: Host, labels: readonly number[], alpha: Host, gamma: number): Host {
  const p = probabilities(logits);
  const rows = [...labels.entries()].filter(([, label]) => label >= 0);
  const total = rows.reduce((sum, [row, label]) => {
    const v = p[row * logits.shape.at(-1)! + label]!;
    return sum - alpha.data[label]! * (1 - v) ** gamma * Math.log(v);
  }, 0);
  return host([], [total / rows.length]);
}

function softDice(logits: Host, labels: readonly number[], epsilon: number): Host {
  const channels = logits.shape.at(-1)!;
  const p = probabilities(logits);
  const scores = Array.from({ length: channels }, (_, c) => {
    let [both, sum] = [0, 0];
    for (const [row, label] of labels.entries()) {
      if (label < 0) continue;
      const value = p[row * channels + c]!;
      both += label === c ? value : 0;
      sum += value + Number(label === c);
    }
    return (2 * both + epsilon) / (sum + epsilon);
  });
  return host([], [1 - scores.reduce((a, b) => a + b) / channels]);
}

describe('class losses', () => {
  it('crossEntropy and its gradient match f64, with class weights and without, labels i32 or u32', async () => {
    for (const shape of shapes) {
      const channels = shape.at(-1)!;
      const labels = labelsFor(shape);
      const common = { inputs: [random(shape, 1, -2, 2)], epsilon: 2 ** -18 };
      const signed = tensor(device(), labels, shape.slice(0, -1), 'i32');
      const weights = random([channels], 2, 0.5, 2);
      const classWeights = tensor(device(), weights.data, [channels]);
      await checkOp(device(), {
        ...common,
        forward: (x) => ops.crossEntropy(x, signed, { classWeights, ignoreIndex: -1 }),
        reference: (x) => crossEntropy(x, labels, weights, -1),
      });
      const counted = labels.map((label) => Math.max(label, 0));
      const unsigned = tensor(device(), counted, shape.slice(0, -1), 'u32');
      const ignoreIndex = channels - 1 || -1;
      await checkOp(device(), {
        ...common,
        forward: (x) => ops.crossEntropy(x, unsigned, { ignoreIndex }),
        reference: (x) =>
          crossEntropy(x, counted, host([channels], new Array(channels).fill(1)), ignoreIndex),
      });
    }
  });

  it('crossEntropy and softmaxFocal are 0 with gradient 0 when every label is ignored, whatever the logits', async () => {
    for (const loss of [ops.crossEntropy, ops.softmaxFocal]) {
      const logits = tensor(device(), [1, Number.NaN, 3, 4], [2, 2]);
      logits.requiresGrad = true;
      await poisoned(device(), async () => {
        using tape = new Tape();
        const value = loss(logits, tensor(device(), [-100, -100], [2], 'i32'));
        tape.backward(value);
        expect(await value.item()).toBe(0);
        expect([...(await logits.grad!.read())]).toEqual([0, 0, 0, 0]);
      });
      logits.grad!.dispose();
    }
  });

  it('softDice and its gradient match f64', async () => {
    for (const shape of shapes) {
      const labels = labelsFor(shape);
      const target = tensor(device(), labels, shape.slice(0, -1), 'i32');
      await checkOp(device(), {
        inputs: [random(shape, 1, -2, 2)],
        forward: (x) => ops.softDice(x, target, { epsilon: 0.5, ignoreIndex: -1 }),
        reference: (x) => softDice(x, labels, 0.5),
        epsilon: 2 ** -18,
      });
    }
  });

  it('equal torch', async () => {
    for (const one of await goldenCases('loss', 'crossEntropy')) {
      const ignoreIndex = Number(one.attrs.ignoreIndex);
      const forward: Parameters<typeof checkGolden>[2] = ({ logits, target, classWeights }) =>
        ops.crossEntropy(logits!, target!, { ignoreIndex, ...(classWeights && { classWeights }) });
      await checkGolden(device(), one, forward, 5e-6);
    }
    for (const one of await goldenCases('loss', 'softDice')) {
      const epsilon = Number(one.attrs.epsilon);
      await checkGolden(device(), one, ({ logits, target }) => ops.softDice(logits!, target!, epsilon), 5e-6);
    }
  });

  it('crossEntropy with smoothing, weights, sums and single losses equals torch', async () => {
    for (const one of await goldenCases('classLoss', 'crossEntropy')) {
      const { sum, none, ...attrs } = one.attrs;
      const reduction = none ? 'none' : sum ? 'sum' : 'mean';
      await checkGolden(
        device(),
        one,
        ({ logits, labels, classWeights }) => {
          const options: CrossEntropyOptions = { ...attrs, classWeights, reduction };
          return ops.crossEntropy(logits!, labels!, options);
        },
        5e-6,
      );
    }
  });

  it('softmaxFocal over powers, weights and what is ignored equals torch', async () => {
    for (const one of await goldenCases('classLoss', 'softmaxFocal')) {
      const { sum, ...attrs } = one.attrs;
      await checkGolden(
        device(),
        one,
        ({ logits, labels, alpha }) =>
          ops.softmaxFocal(logits!, labels!, { ...attrs, alpha, reduction: sum ? 'sum' : 'mean' }),
        5e-6,
      );
    }
  });

  it('softDice without background, of each image and with labels to ignore equals torch', async () => {
    for (const one of await goldenCases('classLoss', 'softDice'))
      await checkGolden(
        device(),
        one,
        ({ logits, labels }) => ops.softDice(logits!, labels!, one.attrs),
        5e-6,
      );
  });

  it('softmaxFocal and its gradient match f64, and with gamma 0 it is crossEntropy', async () => {
    for (const [i, shape] of shapes.entries()) {
      const labels = labelsFor(shape);
      const target = tensor(device(), labels, shape.slice(0, -1), 'i32');
      const weights = random([shape.at(-1)!], 2, 0.5, 2);
      const alpha = tensor(device(), weights.data, weights.shape);
      const gamma = [2, 1, 0.5, 3.5][i]!;
      await checkOp(device(), {
        inputs: [random(shape, 1, -2, 2)],
        forward: (x) => ops.softmaxFocal(x, target, { alpha, gamma, ignoreIndex: -1 }),
        reference: (x) => softmaxFocal(x, labels, weights, gamma),
        epsilon: 2 ** -18,
      });
      const logits = tensor(device(), random(shape, 1, -2, 2).data, shape);
      const flat = await ops.softmaxFocal(logits, target, { gamma: 0, ignoreIndex: -1 }).item();
      const whole = await ops.crossEntropy(logits, target, { ignoreIndex: -1 }).item();
      expect(Math.abs(flat - whole)).toBeLessThan(1e-6);
    }
  });

  it('softmaxFocal has a slope where the probability of a label is 0', async () => {
    const logits = tensor(device(), [0, 200, 0, 200], [2, 2]);
    logits.requiresGrad = true;
    const labels = tensor(device(), [0, 1], [2], 'i32');
    using tape = new Tape();
    tape.backward(ops.softmaxFocal(logits, labels, { reduction: 'sum' }));
    expectClose(await logits.grad!.read(), [-1, 1, 0, 0], 1e-6, 'gradient');
    logits.grad!.dispose();
  });

  it('are 0 with an empty gradient for no rows', async () => {
    for (const loss of [ops.crossEntropy, ops.softmaxFocal]) {
      const logits = zeros(device(), [0, 3]);
      logits.requiresGrad = true;
      await poisoned(device(), async () => {
        using tape = new Tape();
        const value = loss(logits, zeros(device(), [0], 'i32'));
        tape.backward(value);
        expect(await value.item()).toBe(0);
        expect(logits.grad!.shape).toEqual([0, 3]);
      });
      logits.grad!.dispose();
    }
    const none = ops.crossEntropy(zeros(device(), [0, 3]), zeros(device(), [0], 'i32'), {
      reduction: 'none',
    });
    expect(none.shape).toEqual([0]);
    for (const perImage of [false, true]) {
      const loss = () =>
        ops.softDice(zeros(device(), [0, 2, 3]), zeros(device(), [0, 2], 'i32'), { perImage }).item();
      expect(await poisoned(device(), loss)).toBe(0);
    }
  });

  it('refuse labels of another shape and labels that are no integers', () => {
    const logits = zeros(device(), [2, 3, 4]);
    expect(() => ops.crossEntropy(logits, zeros(device(), [2, 4], 'i32'))).toThrow(ShapeError);
    expect(() => ops.softDice(logits, zeros(device(), [2, 3]))).toThrow('i32 or u32');
  });
});
