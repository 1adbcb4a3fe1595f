import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { Tape } from '../../src/autograd/tape.ts';
import {
  adjointGather,
  type Conv2dAttrs,
  forwardGather,
  stepsOf,
} from '../../src/kernels/conv/conv2dLayout.ts';
import { correlationVariants } from '../../src/kernels/conv/correlate.ts';
import { gatherVariants } from '../../src/kernels/conv/gather.ts';
import { tensor } from '../../src/tensor/create.ts';
import type { DType } from '../../src/tensor/dtype.ts';
import type { Shape } from '../../src/tensor/shape.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { type Host, host, poisoned, random } from '../check.ts';
import { useDevice } from '../device.ts';
import { hasHalf } from '../half.ts';
import * as reference from '../reference.ts';
import { forced } from './conv2d.cases.ts';

const device = useDevice();

interface Case {
  readonly x: Shape;
  readonly weight: Shape;
  readonly attrs: Conv2dAttrs;
  readonly transposed?: true;
}

/** Every form fits one of these; padding wider than the kernel, whose outputs see no pixel; channels off the quads. */
const cases: readonly Case[] = [
  { x: [2, 9, 10, 8], weight: [3, 3, 8, 20], attrs: { padding: 1 } },
  { x: [2, 5, 7, 3], weight: [3, 3, 3, 5], attrs: { padding: 1 } },
  { x: [2, 6, 5, 1], weight: [1, 1, 1, 4], attrs: {} },
  { x: [2, 5, 9, 4], weight: [3, 3, 4, 20], attrs: { padding: 3 } },
  { x: [3, 2, 2, 4], weight: [3, 3, 4, 8], attrs: { padding: 1 } },
  { x: [2, 4, 6, 4], weight: [2, 2, 4, 8], attrs: { stride: 2 } },
  { x: [2, 3, 4, 4], weight: [2, 2, 8, 4], attrs: { stride: 2 }, transposed: true },
];

/** Forms (the last multiplies no padding) that sum before they multiply: what is not finite comes out as NaN, and reaches the pixels beside. */
const summing = ['winograd', 'winograd2', 'pair'];

/** Whether the form fits a case: others would be left to what is preferred. */
function fits(name: string, one: Case, x: Tensor, weight: Tensor, y: Tensor): boolean {
  const sizesOf = one.transposed ? adjointGather : forwardGather;
  const g = { ...sizesOf(x, y, weight, stepsOf(one.attrs), true), biased: true };
  return gatherVariants.find((variant) => variant.name === name)!.fits(device().caps, g);
}

const channelsOut = ({ weight, transposed }: Case) => weight[transposed ? 2 : 3]!;

function convolution({ transposed, attrs }: Case, x: Tensor, weight: Tensor, bias: Tensor): Tensor {
  const all = { ...attrs, relu: true };
  return transposed ? ops.conv2dTranspose(x, weight, bias, all) : ops.conv2d(x, weight, bias, all);
}

/** x with zeros around it, which PyTorch multiplies like pixels. */
function padded({ shape, data }: Host, padding: number): Host {
  const [batch, height, width, channels] = shape as [number, number, number, number];
  const [high, wide] = [height + 2 * padding, width + 2 * padding];
  const around = new Float64Array(batch * high * wide * channels);
  for (let row = 0; row < batch * height; row++) {
    const to = (Math.floor(row / height) * high + (row % height) + padding) * wide + padding;
    around.set(data.subarray(row * width * channels, (row + 1) * width * channels), to * channels);
  }
  return { shape: [batch, high, wide, channels], data: around };
}

function exact({ transposed, attrs }: Case, x: Host, weight: Host, bias: Host, skips: boolean): Host {
  if (skips) return reference.conv2d(x, weight, bias, attrs);
  if (transposed) return reference.conv2dTranspose(x, weight, bias, attrs);
  return reference.conv2d(padded(x, attrs.padding ?? 0), weight, bias, { ...attrs, padding: 0 });
}

/** ReLU as PyTorch has it: what is NaN stays. */
const rectified = (v: number) => (v < 0 ? 0 : v);

/** `values` with the given ones at the beginning, in the middle and at the end. */
function marked({ shape, data }: Host, values: readonly number[]): Host {
  const changed = data.slice();
  const places = [0, Math.floor(data.length / 2), data.length - 1];
  for (const [i, value] of values.entries()) if (!Number.isNaN(value) || i < 3) changed[places[i]!] = value;
  return { shape, data: changed };
}

/** Elements of the image, or the channel of the weight, that the values at each place can reach. */
function expectReached(
  y: ArrayLike<number>,
  wanted: Host,
  sums: boolean,
  clean: (i: number) => boolean,
  half: boolean,
) {
  const tolerance = half ? 4e-3 : 1e-5;
  for (const [i, sum] of wanted.data.entries()) {
    const [got, want] = [y[i]!, rectified(sum)];
    const same = Object.is(got, want) || Math.abs(got - want) <= tolerance * (1 + Math.abs(want));
    const beside = sums && Number.isNaN(got) && !clean(i);
    if (!same && !beside) expect.fail(`element ${i} of ${wanted.shape} is ${got}, expected ${want}`);
  }
}

const infinity = Number.POSITIVE_INFINITY;

/** What is not finite, and where: at the first element, in the middle, at the last. */
const marks: readonly (readonly number[])[] = [
  [Number.NaN],
  [infinity],
  [-infinity],
  [1, Number.NaN, infinity],
];

async function checkForward(name: string, one: Case, dtype: DType): Promise<boolean> {
  const bias = random([channelsOut(one)], 3);
  const [plainX, plainWeight] = [random(one.x, 1), random(one.weight, 2)];
  const upload = ({ data, shape }: Host) => tensor(device(), data, shape, dtype);
  for (const mark of marks)
    for (const inWeight of [false, true]) {
      const x = inWeight ? plainX : marked(plainX, mark);
      const weight = inWeight ? marked(plainWeight, mark) : plainWeight;
      const [a, b] = [upload(x), upload(weight)];
      const y = convolution(one, a, b, tensor(device(), bias.data, bias.shape));
      if (!fits(name, one, a, b, y)) return false;
      const wanted = exact(one, x, weight, bias, name === 'pair');
      // Of one mark, in the first image; in the weight, in the first channel out.
      const perImage = wanted.data.length / one.x[0]!;
      const channels = channelsOut(one);
      const clean = (i: number) => mark.length === 1 && (inWeight ? i % channels > 0 : i >= perImage);
      const values = await y.read();
      expectReached(values, wanted, summing.includes(name), clean, dtype === 'f16');
    }
  return true;
}

/** dy but where y was cut. */
const passed = (y: ArrayLike<number>, dy: Host): Host =>
  host(
    dy.shape,
    dy.data.map((g, i) => (y[i]! <= 0 ? 0 : g)),
  );

/** The gradients of a convolution whose output is NaN in places: dy passes there. */
async function checkBackward(one: Case): Promise<void> {
  const [x, weight] = [marked(random(one.x, 1), [Number.NaN]), random(one.weight, 2)];
  const bias = random([channelsOut(one)], 3);
  const leaves = [x, weight, bias].map(({ data, shape }) => tensor(device(), data, shape));
  for (const leaf of leaves) leaf.requiresGrad = true;
  const [values, dy] = await poisoned(device(), async () => {
    using tape = new Tape();
    const y = convolution(one, leaves[0]!, leaves[1]!, leaves[2]!);
    const from = random(y.shape, 4);
    const read = await y.read();
    tape.backward(y, tensor(device(), from.data, from.shape));
    return [read, from] as const;
  });
  const d = passed(values, dy);
  const [dx, dw, db] = await Promise.all(leaves.map((leaf) => leaf.grad!.read()));
  for (const leaf of leaves) leaf.grad!.dispose();
  expect(values.some(Number.isNaN)).toBe(true);
  const sums = new Float64Array(bias.data.length);
  for (const [i, g] of d.data.entries()) sums[i % sums.length]! += g;
  for (const [i, sum] of sums.entries()) expect(db![i]).toBeCloseTo(sum, 3);
  const backward = one.transposed ? reference.conv2d : reference.conv2dTranspose;
  const wantedX = backward(d, weight, undefined, one.attrs).data;
  // Pixels that a stride passes by are no part of the reference's image.
  if (wantedX.length === dx!.length) for (const [i, v] of wantedX.entries()) expect(dx![i]).toBeCloseTo(v, 3);
  const [large, small] = one.transposed ? [d, x] : [x, d];
  const wantedW = reference.weightGrad(large, small, one.weight, one.attrs).data;
  for (const [i, v] of wantedW.entries()) {
    if (Number.isNaN(v)) expect(dw![i]).toBeNaN();
    else if (!Number.isNaN(dw![i]!)) expect(dw![i]).toBeCloseTo(v, 3);
  }
}

/** Forces a form of both launches from here on. */
function force(name: string): void {
  const correlation = correlationVariants.some((variant) => variant.name === name) ? name : 'tile';
  Object.assign(device().options, forced(name, correlation));
}

describe('NaN and infinities in a convolution with ReLU', () => {
  for (const { name } of gatherVariants) {
    it(`reach the output as in PyTorch, form ${name} where it fits`, async () => {
      force(name);
      const fitting = [];
      for (const one of cases) fitting.push(await checkForward(name, one, 'f32'));
      if (['gemm', 'tile', 'gemm4', 'winograd', 'pair'].includes(name)) expect(fitting).toContain(true);
    });

    it(`pass the gradient where the output is NaN, form ${name} where it fits`, async () => {
      force(name);
      for (const one of cases) await checkBackward(one);
    });

    if (hasHalf)
      it(`reach the output in f16 as in PyTorch, form ${name} where it fits`, async () => {
        force(name);
        for (const one of cases) await checkForward(name, one, 'f16');
      });
  }

  it('stay in the image and in the column they are in', async () => {
    Object.assign(device().options, { variants: undefined });
    const x = marked(random([5, 7], 1), [Number.NaN]);
    const weight = random([7, 9], 2);
    const y = await ops
      .linear(tensor(device(), x.data, x.shape), tensor(device(), weight.data, [7, 9]))
      .read();
    expect(y.slice(0, 9).every(Number.isNaN)).toBe(true);
    expect(y.slice(9).some(Number.isNaN)).toBe(false);
  });
});
