import { describe, expect, it } from 'vitest';
import { uniforms } from '../../src/base/random.ts';
import { correlate, correlationChoice, correlationVariants } from '../../src/kernels/conv/correlate.ts';
import type { Correlation } from '../../src/kernels/conv/correlationLayout.ts';
import { empty, tensor } from '../../src/tensor/create.ts';
import type { Device } from '../../src/tensor/device.ts';
import type { Float } from '../../src/tensor/dtype.ts';
import { scope } from '../../src/tensor/scope.ts';
import { elementCount, type Shape } from '../../src/tensor/shape.ts';
import { expectClose, type Host, poisoned } from '../check.ts';
import { useDevice } from '../device.ts';
import { hasHalf } from '../half.ts';
import * as reference from '../reference.ts';

type Attrs = Required<reference.ConvAttrs>;

const plain: Attrs = { stride: 1, dilation: 1, padding: 1 };
const none: Attrs = { ...plain, padding: 0 };

/** [large image, kernel, attributes]. */
type Case = readonly [large: Shape, kernel: Shape, attrs: Attrs];

/** Sums in several strips, and in one; rounds that end within a line, an image or past the last; several tiles. */
const quads: readonly Case[] = [
  [[1, 1, 1, 4], [1, 1, 4, 4], none],
  [[1, 1, 1, 8], [3, 3, 8, 4], plain],
  [[5, 1, 1, 4], [3, 3, 4, 8], plain],
  [[3, 13, 7, 4], [3, 3, 4, 8], plain],
  [[2, 37, 1, 8], [3, 3, 8, 4], plain],
  [[1, 1, 41, 20], [1, 1, 20, 36], none],
  [[2, 3, 17, 68], [1, 1, 68, 68], none],
  [[2, 11, 9, 8], [3, 3, 8, 68], { ...plain, stride: 2 }],
  [[2, 9, 6, 8], [3, 2, 8, 12], { stride: 1, dilation: 2, padding: 2 }],
  [[1, 8, 10, 12], [2, 2, 12, 4], { ...none, stride: 2 }],
];

const odd: readonly Case[] = [
  [[1, 5, 7, 1], [3, 3, 1, 66], plain],
  [[2, 9, 5, 7], [3, 3, 7, 5], { ...plain, stride: 2 }],
  [[1, 1, 19, 67], [1, 1, 67, 2], none],
];

/** Random whole numbers from −3 to 3, which f16 holds exactly and whose products' sums are exact in f32. */
function wholes(shape: Shape, seed: number): Host {
  const data = Float64Array.from(uniforms(elementCount(shape), seed), (u) => Math.floor(7 * u) - 3);
  return { shape, data };
}

function sizesOf([large, kernel, attrs]: Case, dtype: Float): Correlation {
  const [batch, largeHeight, largeWidth, a] = large as [number, number, number, number];
  const [kernelHeight, kernelWidth, , b] = kernel as [number, number, number, number];
  const side = (s: number, k: number) =>
    Math.floor((s + 2 * attrs.padding - attrs.dilation * (k - 1) - 1) / attrs.stride) + 1;
  const [smallHeight, smallWidth] = [side(largeHeight, kernelHeight), side(largeWidth, kernelWidth)];
  const images = { batch, smallHeight, smallWidth, largeHeight, largeWidth };
  return { dtype, ...images, a, b, kernelHeight, kernelWidth, ...attrs };
}

/** The first channels of each pixel dropped, and those past the next `channels`. */
function channelsOf({ shape, data }: Host, start: number, channels: number): Host {
  const pitch = shape.at(-1)!;
  const own = data.filter((_, i) => i % pitch >= start && i % pitch < start + channels);
  return { shape: [...shape.slice(0, -1), channels], data: own };
}

/** Checks the sum to the bit; the large image is a run of channels where `pitch` says what it lies among. */
async function check(device: Device, variant: string, one: Case, dtype: Float, pitch?: number, start = 0) {
  using _tensors = scope();
  const [shape, kernel, attrs] = one;
  const c = sizesOf(one, dtype);
  const around = wholes([...shape.slice(0, -1), pitch ?? c.a], 1);
  const from = wholes([c.batch, c.smallHeight, c.smallWidth, c.b], 2);
  await poisoned(device, async () => {
    const whole = tensor(device, around.data, around.shape, dtype);
    const large = pitch ? whole.channels(start, start + c.a) : whole;
    const small = tensor(device, from.data, from.shape, dtype);
    const dw = empty(device, { shape: kernel, dtype: 'f32' });
    const db = empty(device, { shape: [c.b], dtype: 'f32' });
    const result = { large, small, dw, bias: { dy: small, db } };
    expect(correlationChoice(device, 'conv2dWeightGrad', c, result).variant.name).toBe(variant);
    correlate(device, 'conv2dWeightGrad', c, result);
    const expected = reference.weightGrad(channelsOf(around, start, c.a), from, kernel, attrs);
    expectClose(await dw.read(), expected.data, 0, 'dw');
    const sums = new Float64Array(c.b);
    for (const [i, v] of from.data.entries()) sums[i % c.b]! += v;
    expectClose(await db.read(), sums, 0, 'db');
    const without = empty(device, { shape: kernel, dtype: 'f32' });
    correlate(device, 'conv2dWeightGrad', c, { large, small, dw: without });
    expectClose(await without.read(), expected.data, 0, 'dw alone');
  });
}

for (const variant of ['gemm4', 'gemm'])
  for (const dtype of hasHalf ? (['f32', 'f16'] as const) : (['f32'] as const))
    describe(`gradient of the weight in ${dtype}, variant ${variant} forced`, () => {
      const device = useDevice({ variants: { conv2dWeightGrad: variant } });

      for (const one of variant === 'gemm' ? [...quads, ...odd] : quads)
        it(`is exact for [${one[0]}] with [${one[1]}] ${JSON.stringify(one[2])}`, () =>
          check(device(), variant, one, dtype));

      it('reads a run of channels in place', () =>
        check(device(), variant, [[2, 5, 7, 8], [3, 3, 8, 12], plain], dtype, 20, 4));
    });

describe('gradient of the weight, variant gemm4', () => {
  const device = useDevice();

  it('is for channels in quads alone', () => {
    const gemm4 = correlationVariants.find(({ name }) => name === 'gemm4')!;
    const c = sizesOf([[2, 5, 7, 8], [3, 3, 8, 12], plain], 'f32');
    const fits = (change: Partial<Correlation>) => gemm4.fits(device().caps, { ...c, ...change });
    expect(fits({})).toBe(true);
    expect([fits({ a: 6 }), fits({ b: 6 })]).toEqual([false, false]);
    expect(fits({ run: { pitch: 20, start: 4 } })).toBe(true);
    expect([fits({ run: { pitch: 20, start: 2 } }), fits({ run: { pitch: 18, start: 4 } })]).toEqual([
      false,
      false,
    ]);
  });

  it('aims at more workgroups where each still has much to sum, in strips that end at about the same time', () => {
    const gemm4 = correlationVariants.find(({ name }) => name === 'gemm4')!;
    const wanted = (side: number, channels: number, batch: number) =>
      gemm4.wanted(
        device(),
        sizesOf([[batch, side, side, channels], [3, 3, channels, channels], plain], 'f32'),
      );
    // 15680 rounds of 18 · 2 blocks, in 29 strips: 1044 of the 1056 that 132 multiprocessors take 8 of; 1024 rounds of 3
    expect([wanted(112, 128, 20), wanted(64, 16, 4)]).toEqual([29 * 36, 512]);
  });
});
