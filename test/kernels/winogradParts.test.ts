import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { capture } from '../../src/autograd/step.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { randomNormal, tensor } from '../../src/tensor/create.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { useDevice } from '../device.ts';
import { forced } from './conv2d.cases.ts';

const device = useDevice(forced('winograd', 'winograd'));

const BATCH = 3;
const [K, M] = [80, 32];

type Values = Float32Array;

interface Gradients {
  readonly y: Values;
  readonly dx: Values;
  readonly dw: Values;
  readonly db: Values;
}

const read = async (of: Tensor): Promise<Values> => Float32Array.from(await of.read());

/** A convolution with ReLU of so many images, and its gradients for random ones of its output. */
function step(images: Values, dy: Values, [height, width]: readonly [number, number]) {
  const batch = images.length / (height * width * K);
  const x = tensor(device(), images, [batch, height, width, K]);
  const [weight, bias] = [randomNormal(device(), [3, 3, K, M], 2), randomNormal(device(), [M], 3)];
  for (const leaf of [x, weight, bias]) leaf.requiresGrad = true;
  const from = tensor(device(), dy, [batch, height, width, M]);
  return () => {
    using tape = new Tape();
    const y = ops.conv2d(x, weight, bias, { padding: 1, relu: true });
    tape.backward(y, from);
    return { y, dx: x.grad!, dw: weight.grad!, db: bias.grad! };
  };
}

async function run(
  ...[images, dy, side]: Parameters<typeof step>
): Promise<Gradients & { labels: readonly string[] }> {
  using captured = await capture(device(), step(images, dy, side));
  captured.run();
  const { y, dx, dw, db } = captured.outputs;
  const [first, second, third, fourth] = await Promise.all([y, dx, dw, db].map(read));
  return { y: first!, dx: second!, dw: third!, db: fourth!, labels: captured.labels };
}

const sum = (parts: readonly Values[]): number[] =>
  Array.from(parts[0]!, (_, i) => parts.reduce((all, part) => all + part[i]!, 0));

/** Largest difference over the largest value; NaN where there is one. */
function errorOf(found: Values, expected: ArrayLike<number>): number {
  let [difference, largest] = [0, 0];
  for (const [i, value] of found.entries()) {
    difference = Math.max(difference, Math.abs(value - expected[i]!));
    largest = Math.max(largest, Math.abs(expected[i]!));
  }
  return difference / largest;
}

describe('Winograd over parts of the batch', () => {
  it.each([
    // Forward two images, then one; for the weight's gradient each alone.
    { side: [64, 64] as const, forward: 2, backward: 3 },
    // The second image begins where no binding can: all at once.
    { side: [65, 63] as const, forward: 1, backward: 1 },
  ])('of $side gives every image what it has alone', async ({ side, forward, backward }) => {
    const [height, width] = side;
    const x = await read(randomNormal(device(), [BATCH * height * width * K], 1));
    const dy = await read(randomNormal(device(), [BATCH * height * width * M], 4));
    const of = (values: Values, i: number) =>
      values.slice((values.length / BATCH) * i, (values.length / BATCH) * (i + 1));
    const all = await run(x, dy, side);
    const alone: Gradients[] = [];
    for (let i = 0; i < BATCH; i++) alone.push(await run(of(x, i), of(dy, i), side));
    // To the bit, unless products are cut into strips where there are few: on GPUs.
    const allowed = device().caps.software ? 0 : 1e-5;
    for (const name of ['y', 'dx'] as const)
      for (const [i, one] of alone.entries())
        expect(errorOf(of(all[name], i), one[name])).toBeLessThanOrEqual(allowed);
    for (const name of ['dw', 'db'] as const)
      expect(errorOf(all[name], sum(alone.map((one) => one[name])))).toBeLessThan(1e-5);
    const count = (wanted: string) => all.labels.filter((label) => label === wanted).length;
    expect(count('conv2d[winograd]')).toBe(forward);
    expect(count('conv2dWeightGrad[winograd]')).toBe(backward);
    expect(count('conv2dInputGrad[winograd]')).toBe(1);
  });
});
