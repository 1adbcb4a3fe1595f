import { beforeAll, describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { type CapturedStep, capture, type StepOutputs } from '../../src/autograd/step.ts';
import { Tape } from '../../src/autograd/tape.ts';
import type { Gather } from '../../src/kernels/conv/gatherLayout.ts';
import { winogradGathers } from '../../src/kernels/conv/winograd.ts';
import { randomNormal, tensor } from '../../src/tensor/create.ts';
import type { Caps, Device } from '../../src/tensor/device.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { useDevice } from '../device.ts';
import { forced } from './conv2d.cases.ts';

const MIB = 1 << 20;
/** Channels of y. */
const M = 32;

type Values = Float32Array;

interface Gradients {
  readonly y: Values;
  readonly dx: Values;
  readonly dw: Values;
  readonly db: Values;
}

const read = async (of: Tensor): Promise<Values> => Float32Array.from(await of.read());

/** Images of x and a gradient for each of y, and the sizes of x. */
interface Images {
  readonly x: Values;
  readonly dy: Values;
  /** Height, width, channels. */
  readonly sizes: readonly [number, number, number];
}

/**
 * A convolution with ReLU, and its gradients. The bias decides which channels are cut, for rounding, which differs by the
 * number of images on a GPU, would decide it of values near 0.
 */
function step(device: Device, { x: values, dy, sizes: [height, width, channels] }: Images) {
  const batch = values.length / (height * width * channels);
  const x = tensor(device, values, [batch, height, width, channels]);
  const weight = randomNormal(device, [3, 3, channels, M], 2);
  const bias = tensor(
    device,
    Float32Array.from({ length: M }, (_, i) => 10 * Math.sqrt(9 * channels) * (i % 3 ? 1 : -1)),
    [M],
  );
  for (const leaf of [x, weight, bias]) leaf.requiresGrad = true;
  const from = tensor(device, dy, [batch, height, width, M]);
  return () => {
    using tape = new Tape();
    const y = ops.conv2d(x, weight, bias, { padding: 1, relu: true });
    tape.backward(y, from);
    return { y, dx: x.grad!, dw: weight.grad!, db: bias.grad! };
  };
}

/** Bytes that each launch writes of x's transform, in order. */
function spreadBytes({ launches }: CapturedStep<StepOutputs>): number[] {
  return launches.flatMap(({ launch: { pipeline, slices } }) => {
    const { bindings } = pipeline.shader.entries[pipeline.entry]!;
    const slice = slices[bindings.findIndex(({ name }) => name === 'xSpread')];
    // Smaller is what stands in for it where x is not transformed.
    return slice && slice.size > 16 ? [slice.size] : [];
  });
}

async function run(device: Device, images: Images) {
  using captured = await capture(device, step(device, images));
  captured.run();
  const { y, dx, dw, db } = captured.outputs;
  const [first, second, third, fourth] = await Promise.all([y, dx, dw, db].map(read));
  const gradients: Gradients = { y: first!, dx: second!, dw: third!, db: fourth! };
  return { ...gradients, labels: captured.labels, spread: spreadBytes(captured) };
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

interface Case {
  readonly batch: number;
  readonly sizes: Images['sizes'];
  /** Parts on software adapters. */
  readonly forward: number;
  readonly backward: number;
  /** On a GPU of which nothing is known. */
  readonly gpu: number;
}

const cases: Readonly<Record<'winograd' | 'winograd2', readonly Case[]>> = {
  winograd: [
    // Forward two images, then one; for the weight's gradient each alone.
    { batch: 3, sizes: [64, 64, 80], forward: 2, backward: 3, gpu: 3 },
    // Two, two and one.
    { batch: 5, sizes: [32, 32, 192], forward: 2, backward: 3, gpu: 3 },
    // Of three images, two take just less than twice the bytes.
    { batch: 3, sizes: [32, 32, 284], forward: 1, backward: 3, gpu: 3 },
    // The second image begins where no binding can: all at once.
    { batch: 3, sizes: [65, 63, 80], forward: 1, backward: 1, gpu: 1 },
  ],
  winograd2: [{ batch: 5, sizes: [32, 32, 96], forward: 1, backward: 3, gpu: 3 }],
};

/** Of a GPU of which nothing is known; of one whose registers hold four channels of a tile. */
const gpus: readonly Partial<Caps>[] = ['', 'amd'].map((vendor) => ({
  ...{ software: false, compilesLate: false, subgroupSize: 0, workgroup: 256, vendor },
}));

const kinds = (['winograd', 'winograd2'] as const).flatMap((variant) =>
  [undefined, ...gpus].map((caps) => ({
    variant,
    caps,
    on: caps ? `a GPU of “${caps.vendor}”` : 'the adapter',
  })),
);

describe.each(kinds)('$variant over parts of the batch on $on', ({ variant, caps }) => {
  const device = useDevice(forced(variant, variant));
  beforeAll(() => {
    Object.assign(device().caps, caps);
  });

  // Software adapters take long for kernels for GPUs: one case.
  it.each(caps ? cases[variant].slice(0, 1) : cases[variant])(
    'of $batch images of $sizes gives each what it has alone',
    async ({ batch, sizes, gpu, ...own }) => {
      const [height, width, channels] = sizes;
      const { software, vendor } = device().caps;
      const x = await read(randomNormal(device(), [batch * height * width * channels], 1));
      const dy = await read(randomNormal(device(), [batch * height * width * M], 4));
      const of = (values: Values, i: number) =>
        values.slice((values.length / batch) * i, (values.length / batch) * (i + 1));
      const all = await run(device(), { x, dy, sizes });
      const alone: Gradients[] = [];
      for (let i = 0; i < batch; i++) alone.push(await run(device(), { x: of(x, i), dy: of(dy, i), sizes }));
      // To the bit, unless products are cut into strips where there are few: on GPUs.
      const allowed = software ? 0 : 1e-5;
      for (const name of ['y', 'dx'] as const)
        for (const [i, one] of alone.entries())
          expect(errorOf(of(all[name], i), one[name])).toBeLessThanOrEqual(allowed);
      for (const name of ['dw', 'db'] as const)
        expect(errorOf(all[name], sum(alone.map((one) => one[name])))).toBeLessThan(1e-5);
      // Those of the adapter in the tests may be larger.
      if (!software && vendor !== '') return;
      const { forward, backward } = software ? own : { forward: gpu, backward: gpu };
      const count = (wanted: string) => all.labels.filter((label) => label === wanted).length;
      expect(count(`conv2d[${variant}]`)).toBe(forward);
      expect(count(`conv2dWeightGrad[${variant}]`)).toBe(backward);
      expect(count(`conv2dInputGrad[${variant}]`)).toBe(software ? 1 : gpu);
      if (forward > 1) expect(Math.max(...all.spread.slice(0, forward))).toBeLessThanOrEqual(8 * MIB);
      if (backward > 1) expect(Math.max(...all.spread.slice(-backward))).toBeLessThanOrEqual(4 * MIB);
    },
  );

  it('fits where a part does, for the gradients on software adapters only where all does', () => {
    const { fits } = winogradGathers.find(({ name }) => name === variant)!;
    const sides = { inHeight: 224, inWidth: 224, outHeight: 224, outWidth: 224 };
    const kernel = { kernelHeight: 3, kernelWidth: 3, stride: 1, dilation: 1, up: 1 };
    const g: Gather = {
      ...{ dtype: 'f32', batch: 20, k: 16, m: 16, ...sides, ...kernel },
      ...{ offsetY: -1, offsetX: -1, transposed: false, relu: false },
    };
    const adjoint = { ...g, dilation: -1, offsetY: 1, offsetX: 1, transposed: true };
    const caps = { ...device().caps, maxBinding: 128 * MIB };
    expect(fits(caps, g)).toBe(true);
    // No part of so many begins where a binding can.
    expect(fits(caps, { ...g, inHeight: 65, outHeight: 65, inWidth: 63, outWidth: 63, batch: 299 })).toBe(
      false,
    );
    expect(fits(caps, adjoint)).toBe(!caps.software);
    expect(fits(caps, { ...adjoint, batch: 5 })).toBe(true);
  });
});
