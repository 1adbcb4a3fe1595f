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

const differing = (a: Values, b: Values): number => a.filter((value, i) => value !== b[i]).length;

const sum = (parts: readonly Values[]): number[] =>
  Array.from(parts[0]!, (_, i) => parts.reduce((all, part) => all + part[i]!, 0));

const largestOf = (values: ArrayLike<number>): number => Math.max(...Array.from(values, Math.abs));

describe('Winograd over parts of the batch', () => {
  it.each([
    // Forward two images, then one; for the weight's gradient each alone.
    { side: [64, 64] as const, forward: 2, backward: 3 },
    // The second image begins where no binding can: all at once.
    { side: [65, 63] as const, forward: 1, backward: 1 },
  ])('of $side gives every image the bits it has alone', async ({ side, forward, backward }) => {
    const [height, width] = side;
    const x = await read(randomNormal(device(), [BATCH * height * width * K], 1));
    const dy = await read(randomNormal(device(), [BATCH * height * width * M], 4));
    const of = (values: Values, i: number) =>
      values.slice((values.length / BATCH) * i, (values.length / BATCH) * (i + 1));
    const all = await run(x, dy, side);
    const alone: Gradients[] = [];
    for (let i = 0; i < BATCH; i++) alone.push(await run(of(x, i), of(dy, i), side));
    for (const [i, one] of alone.entries()) {
      expect(differing(of(all.y, i), one.y)).toBe(0);
      expect(differing(of(all.dx, i), one.dx)).toBe(0);
    }
    for (const name of ['dw', 'db'] as const) {
      const expected = sum(alone.map((one) => one[name]));
      const error = largestOf(expected.map((value, i) => value - all[name][i]!));
      expect(error).toBeLessThan(1e-5 * largestOf(expected));
    }
    const count = (wanted: string) => all.labels.filter((label) => label === wanted).length;
    expect(count('conv2d[winograd]')).toBe(forward);
    expect(count('conv2dWeightGrad[winograd]')).toBe(backward);
    expect(count('conv2dInputGrad[winograd]')).toBe(1);
  });
});
