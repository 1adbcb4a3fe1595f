import { describe, expect, it } from 'vitest';
import { capture } from '../../src/autograd/step.ts';
import { uniforms } from '../../src/base/random.ts';
import {
  adjointGather,
  type Conv2dAttrs,
  forwardGather,
  stepsOf,
} from '../../src/kernels/conv/conv2dLayout.ts';
import { gather } from '../../src/kernels/conv/gather.ts';
import type { Gather } from '../../src/kernels/conv/gatherLayout.ts';
import { stripsOf } from '../../src/kernels/conv/gatherStrips.ts';
import { empty, tensor } from '../../src/tensor/create.ts';
import type { Device } from '../../src/tensor/device.ts';
import type { Float } from '../../src/tensor/dtype.ts';
import { scope } from '../../src/tensor/scope.ts';
import { elementCount, type Shape } from '../../src/tensor/shape.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { expectClose, type Host, host, poisoned } from '../check.ts';
import { useDevice } from '../device.ts';
import { hasHalf } from '../half.ts';
import * as reference from '../reference.ts';
import { forced } from './conv2d.cases.ts';

interface Case {
  readonly what: string;
  readonly x: Shape;
  readonly weight: Shape;
  readonly attrs?: Conv2dAttrs;
  readonly transposed?: true;
  readonly biased?: false;
  /** Channels from pixel to pixel of x and y, and before a pixel's first. */
  readonly runs?: readonly [xPitch: number, xStart: number, yPitch: number, yStart: number];
  /** Whether the sum is deep enough for several strips. */
  readonly whole?: true;
}

const cases: readonly Case[] = [
  { what: 'one pixel', x: [1, 1, 1, 132], weight: [1, 1, 132, 4] },
  { what: 'one round', x: [1, 3, 3, 16], weight: [1, 1, 16, 4], attrs: { relu: true }, whole: true },
  {
    what: 'odd sides, several tiles, bias and ReLU',
    x: [2, 9, 11, 20],
    weight: [3, 3, 20, 132],
    attrs: { padding: 1, relu: true },
  },
  { what: 'no bias', x: [1, 5, 7, 36], weight: [3, 3, 36, 8], attrs: { padding: 1 }, biased: false },
  { what: 'a stride', x: [1, 9, 11, 36], weight: [3, 3, 36, 8], attrs: { stride: 2, padding: 1 } },
  { what: 'dilation', x: [2, 9, 6, 20], weight: [3, 2, 20, 12], attrs: { padding: 2, dilation: 2 } },
  {
    what: 'classes of pixels that meet fewer taps than others',
    x: [1, 5, 4, 36],
    weight: [3, 3, 20, 36],
    attrs: { stride: 2, padding: 1, relu: true },
    transposed: true,
  },
  {
    what: 'classes of pixels that meet no tap',
    x: [1, 3, 3, 132],
    weight: [2, 2, 4, 132],
    attrs: { stride: 3 },
    transposed: true,
  },
  {
    what: 'taps that all meet one class',
    x: [1, 3, 4, 20],
    weight: [3, 3, 8, 20],
    attrs: { stride: 2, dilation: 2, padding: 1 },
    transposed: true,
  },
  {
    what: 'runs of channels',
    x: [2, 5, 7, 16],
    weight: [3, 3, 16, 8],
    attrs: { padding: 1, relu: true },
    runs: [28, 4, 20, 8],
  },
  {
    what: 'runs of channels in one round',
    x: [2, 5, 7, 16],
    weight: [1, 1, 16, 8],
    attrs: { relu: true },
    runs: [28, 4, 20, 8],
    whole: true,
  },
];

/** Random whole numbers from −3 to 3: products and sums of them are exact in f32. */
function wholes(shape: Shape, seed: number): Host {
  return host(
    shape,
    uniforms(elementCount(shape), seed).map((u) => Math.floor(7 * u) - 3),
  );
}

/** The channels of a run. */
function channelsOf({ shape, data }: Host, start: number, channels: number): Host {
  const pitch = shape.at(-1)!;
  const own = data.filter((_, i) => i % pitch >= start && i % pitch < start + channels);
  return host([...shape.slice(0, -1), channels], own);
}

function expectedOf({ attrs = {}, transposed }: Case, x: Host, weight: Host, bias: Host | undefined): Host {
  const y = (transposed ? reference.conv2dTranspose : reference.conv2d)(x, weight, bias, attrs);
  return attrs.relu
    ? host(
        y.shape,
        y.data.map((v) => Math.max(0, v)),
      )
    : y;
}

interface Made {
  /** All of the image that y is a run of, or y. */
  readonly around: Tensor;
  readonly expected: Host;
  run(): void;
}

function make(device: Device, one: Case, dtype: Float): Made {
  const { attrs = {}, biased = true, transposed, runs } = one;
  const k = one.x[3]!;
  const m = one.weight[transposed ? 2 : 3]!;
  const [xPitch, xStart, yPitch, yStart] = runs ?? [k, 0, m, 0];
  const input = wholes([...one.x.slice(0, 3), xPitch], 1);
  const [w, b] = [wholes(one.weight, 2), wholes([m], 3)];
  const expected = expectedOf(one, channelsOf(input, xStart, k), w, biased ? b : undefined);
  const upload = ({ data, shape }: Host, type: Float) => tensor(device, data, shape, type);
  const [image, weight] = [upload(input, dtype), upload(w, dtype)];
  const bias = biased ? upload(b, 'f32') : null;
  const around = empty(device, { shape: [...expected.shape.slice(0, 3), yPitch], dtype });
  const x = runs ? image.channels(xStart, xStart + k) : image;
  const y = runs ? around.channels(yStart, yStart + m) : around;
  const g = (transposed ? adjointGather : forwardGather)(x, y, weight, stepsOf(attrs), attrs.relu ?? false);
  return { around, expected, run: () => gather(device, 'conv2d', g, { x, weight, bias, y }) };
}

async function check(device: Device, one: Case, dtype: Float): Promise<void> {
  using _tensors = scope();
  await poisoned(device, async () => {
    const { around, expected, run } = make(device, one, dtype);
    run();
    const all = host(around.shape, await around.read());
    const [start, m] = [one.runs?.[3] ?? 0, expected.shape[3]!];
    const tolerance = dtype === 'f16' ? 2 ** -11 : 0;
    expectClose(channelsOf(all, start, m).data, expected.data, tolerance, one.what);
    const pitch = around.shape[3]!;
    const beside = all.data.filter((_, i) => i % pitch < start || i % pitch >= start + m);
    expect(beside.every(Number.isNaN), 'channels beside the run').toBe(true);
  });
}

/** Labels of the launches, and the bits of y after each of two runs. */
async function twice(device: Device, one: Case, dtype: Float) {
  using _tensors = scope();
  const { around, run } = make(device, one, dtype);
  using step = await capture(device, () => {
    run();
    return { y: around };
  });
  const bits = [];
  for (let i = 0; i < 2; i++) {
    step.run();
    bits.push(await step.outputs.y.read());
  }
  return { labels: step.labels, bits };
}

for (const variant of ['gemm4w', 'gemm4', 'gemm4s'])
  for (const dtype of hasHalf ? (['f32', 'f16'] as const) : (['f32'] as const))
    describe(`sums in strips in ${dtype}, variant ${variant} forced`, () => {
      const device = useDevice(forced(variant, 'gemm4'));
      for (const one of cases) it(`are exact with ${one.what}`, () => check(device(), one, dtype));

      it('are taken where the sum is deep, and give the same bits twice', async () => {
        for (const one of cases) {
          const { labels, bits } = await twice(device(), one, dtype);
          const label = `conv2d[${variant}]`;
          expect(labels, one.what).toEqual(one.whole ? [label] : [label, `${label}.strips`]);
          expect(bits[0], one.what).toEqual(bits[1]);
        }
      });
    });

describe('the sum of a convolution', () => {
  const sizes = { batch: 1, inHeight: 8, inWidth: 8, outHeight: 8, outWidth: 8, m: 64, stride: 1 };
  const around = { dilation: 1, offsetY: -1, offsetX: -1, up: 1, transposed: false, relu: false };
  const of = (k: number, kernel = 3, steps: Partial<Gather> = {}): Gather => {
    const kernels = { kernelHeight: kernel, kernelWidth: kernel };
    return { dtype: 'f32', ...sizes, ...around, ...kernels, k, ...steps };
  };
  const workgroups = (g: Gather, tiles: number) => tiles * stripsOf(g, tiles).strips;

  it('is cut until there is enough to do, into strips of two rounds or more', () => {
    // 144 rounds
    for (const tiles of [2, 3, 5, 8, 17, 40, 100]) {
      const { strips, chunk } = stripsOf(of(256), tiles);
      expect(tiles * strips, `${tiles} tiles`).toBeGreaterThanOrEqual(132);
      expect(tiles * strips, `${tiles} tiles`).toBeLessThan(400);
      expect(chunk % 16).toBe(0);
      expect(chunk).toBeGreaterThanOrEqual(32);
      expect((strips - 1) * chunk).toBeLessThan(9 * 256);
      expect(strips * chunk).toBeGreaterThanOrEqual(9 * 256);
    }
    expect(stripsOf(of(256), 1)).toEqual({ strips: 72, chunk: 32 });
  });

  it('stays whole where there are tiles enough, and where it is short', () => {
    expect([workgroups(of(256), 200), workgroups(of(256), 1000)]).toEqual([200, 1000]);
    expect(workgroups(of(64, 1), 4)).toBe(4);
  });

  it('of channels off the 16 is cut between rounds', () => {
    expect(stripsOf(of(20), 1)).toEqual({ strips: 9, chunk: 32 });
  });

  it('over a stride is as long as that of the class of pixels that meets most taps', () => {
    expect(stripsOf(of(64, 3, { up: 2, dilation: -1 }), 1).strips).toBe(8);
    expect(stripsOf(of(64, 2, { up: 3, dilation: -1 }), 1).strips).toBe(1);
    expect(stripsOf(of(64, 3, { up: 2, dilation: -2 }), 1).strips).toBe(18);
  });
});
