import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import { ShapeError } from '../../src/tensor/errors.ts';
import type { Shape } from '../../src/tensor/shape.ts';
import { checkOp, type Host, host, poisoned, random } from '../check.ts';
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

function softDice(logits: Host, labels: readonly number[], epsilon: number): Host {
  const channels = logits.shape.at(-1)!;
  const p = probabilities(logits);
  const scores = Array.from({ length: channels }, (_, c) => {
    let [both, sum] = [0, 0];
    for (const [row, label] of labels.entries()) {
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
        forward: (x) => ops.crossEntropy(x, signed, { classWeights }),
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

  it('crossEntropy is 0 with gradient 0 when every label is ignored', async () => {
    const logits = tensor(device(), [1, 2, 3, 4], [2, 2]);
    logits.requiresGrad = true;
    await poisoned(device(), async () => {
      using tape = new Tape();
      const loss = ops.crossEntropy(logits, tensor(device(), [-1, 2], [2], 'i32'));
      tape.backward(loss);
      expect(await loss.item()).toBe(0);
      expect([...(await logits.grad!.read())]).toEqual([0, 0, 0, 0]);
    });
    logits.grad!.dispose();
  });

  it('softDice and its gradient match f64', async () => {
    for (const shape of shapes) {
      const labels = labelsFor(shape);
      const target = tensor(device(), labels, shape.slice(0, -1), 'i32');
      await checkOp(device(), {
        inputs: [random(shape, 1, -2, 2)],
        forward: (x) => ops.softDice(x, target, 0.5),
        reference: (x) => softDice(x, labels, 0.5),
        epsilon: 2 ** -18,
      });
    }
  });

  it('both equal torch', async () => {
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

  it('refuse labels of another shape and labels that are no integers', () => {
    const logits = zeros(device(), [2, 3, 4]);
    expect(() => ops.crossEntropy(logits, zeros(device(), [2, 4], 'i32'))).toThrow(ShapeError);
    expect(() => ops.softDice(logits, zeros(device(), [2, 3]))).toThrow('i32 or u32');
  });
});
