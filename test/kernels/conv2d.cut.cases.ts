/** @file Convolutions that are cut by a ReLU in their own launch: cases that every variant which cuts must pass. */
import { expect, it } from 'vitest';
import { uniforms } from '../../src/base/random.ts';
import {
  adjointGather,
  type Conv2dAttrs,
  forwardGather,
  stepsOf,
} from '../../src/kernels/conv/conv2dLayout.ts';
import { isCut } from '../../src/kernels/conv/cut.ts';
import { gather } from '../../src/kernels/conv/gather.ts';
import { empty, tensor } from '../../src/tensor/create.ts';
import type { Device } from '../../src/tensor/device.ts';
import type { Float } from '../../src/tensor/dtype.ts';
import { scope } from '../../src/tensor/scope.ts';
import { elementCount, type Shape } from '../../src/tensor/shape.ts';
import { expectClose, type Host, host, poisoned } from '../check.ts';
import * as reference from '../reference.ts';

interface Case {
  readonly what: string;
  readonly x: Shape;
  readonly weight: Shape;
  readonly attrs?: Conv2dAttrs;
  readonly transposed?: true;
}

const cases: readonly Case[] = [
  { what: 'one pixel, a deep sum', x: [1, 1, 1, 132], weight: [1, 1, 132, 4] },
  { what: 'one round, no strips', x: [1, 3, 3, 16], weight: [1, 1, 16, 4] },
  {
    what: 'an input gradient, odd sides, several tiles',
    x: [2, 9, 11, 20],
    weight: [3, 3, 132, 20],
    attrs: { padding: 1 },
    transposed: true,
  },
  {
    what: 'an input gradient over a stride: classes of pixels, some of which meet no tap',
    x: [1, 5, 4, 36],
    weight: [2, 2, 20, 36],
    attrs: { stride: 3 },
    transposed: true,
  },
  {
    what: 'the input gradient of a transposed one',
    x: [2, 6, 10, 36],
    weight: [2, 2, 36, 8],
    attrs: { stride: 2 },
  },
];

/** Whole numbers: their products and sums are exact. */
function wholes(shape: Shape, seed: number, least: number): Host {
  return host(
    shape,
    uniforms(elementCount(shape), seed).map((u) => Math.floor(7 * u) + least),
  );
}

/** What a ReLU may put out: 0 of either sign, what is above, NaN. */
function cutting(shape: Shape): Host {
  const cut = wholes(shape, 5, -3).data.map((v) => Math.max(v, 0));
  cut[1] = Number.NaN;
  cut[2] = -0;
  return host(shape, cut);
}

const passes = (v: number): boolean => !(v <= 0);

async function check(device: Device, { what, x, weight, attrs = {}, transposed }: Case, dtype: Float) {
  using _tensors = scope();
  const [image, kernel] = [wholes(x, 1, -3), wholes(weight, 2, -3)];
  const whole = (transposed ? reference.conv2dTranspose : reference.conv2d)(image, kernel, undefined, attrs);
  const by = cutting(whole.shape);
  const expected = whole.data.map((v, i) => (passes(by.data[i]!) ? v : 0));
  const upload = ({ data, shape }: Host) => tensor(device, data, shape, dtype);
  const [a, w, cut] = [upload(image), upload(kernel), upload(by)];
  await poisoned(device, async () => {
    const y = empty(device, { shape: whole.shape, dtype });
    const g = (transposed ? adjointGather : forwardGather)(a, y, w, stepsOf(attrs), false);
    gather(device, 'conv2d', g, { x: a, weight: w, bias: null, y, cut });
    expect(isCut(y, cut), `${what}: said`).toBe(true);
    expectClose(await y.read(), expected, dtype === 'f16' ? 2 ** -11 : 0, what);
    gather(device, 'conv2d', g, { x: a, weight: w, bias: null, y });
    expectClose(await y.read(), whole.data, dtype === 'f16' ? 2 ** -11 : 0, `${what}, whole`);
  });
}

/** Registers them. */
export function cutTests(device: () => Device, dtypes: readonly Float[]): void {
  for (const dtype of dtypes)
    for (const one of cases) it(`cuts in ${dtype}, exactly: ${one.what}`, () => check(device(), one, dtype));
}
