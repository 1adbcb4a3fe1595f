/** @file The published network by each variant of convolution. In Node alone: the variants themselves are tested in Chromium too. */
import { beforeAll, describe, expect, it } from 'vitest';
import { openDevice } from '#device';
import { correlationVariants } from '../../src/kernels/conv/correlate.ts';
import type { Correlation } from '../../src/kernels/conv/correlationLayout.ts';
import { gatherVariants } from '../../src/kernels/conv/gather.ts';
import type { Gather } from '../../src/kernels/conv/gatherLayout.ts';
import { toTorch } from '../../src/models/state.ts';
import { decodeWeights } from '../../src/models/weights.ts';
import type { Device, DeviceOptions } from '../../src/tensor/device.ts';
import { scope } from '../../src/tensor/scope.ts';
import { expectClose } from '../check.ts';
import { type GoldenRun, goldenRun, goldenWeights } from '../goldens.ts';
import { forced } from '../kernels/conv2d.cases.ts';
import { slow } from '../slow.ts';
import { batchOf, network, train, trainOnce } from './golden.ts';

/** A 3×3 convolution of 16×16 pixels from 16 to 32 channels and its weight's gradient, which most variants can do. */
const sides = { inHeight: 16, inWidth: 16, outHeight: 16, outWidth: 16 };
const kernel = { batch: 2, dtype: 'f32', kernelHeight: 3, kernelWidth: 3, stride: 1, dilation: 1 } as const;
const origin = { offsetY: -1, offsetX: -1, up: 1, transposed: false, relu: false };
const convolution: Gather = { ...kernel, ...sides, ...origin, k: 16, m: 32 };
const images = { largeHeight: 16, largeWidth: 16, smallHeight: 16, smallWidth: 16 };
const correlation: Correlation = { ...kernel, ...images, padding: 1, a: 16, b: 32 };

async function withDevice<T>(options: DeviceOptions, action: (device: Device) => T | Promise<T>): Promise<T> {
  const device = await openDevice(options);
  try {
    using _tensors = scope();
    return await action(device);
  } finally {
    device.dispose();
  }
}

/** What this adapter can force, by name; a convolution and its weight's gradient of one name go together. */
const names = await withDevice({}, ({ caps }) => {
  const gathers = gatherVariants.filter((variant) => variant.fits(caps, convolution));
  const correlations = correlationVariants.filter((variant) => variant.fits(caps, correlation));
  return [...new Set([...gathers, ...correlations].map(({ name }) => name))];
});

/** Options that force the variant `name` of whatever has one. */
function only(name: string): DeviceOptions {
  const has = (variants: readonly { readonly name: string }[]) => variants.some((one) => one.name === name);
  const { conv2dWeightGrad, ...gathers } = forced(name, name).variants as Record<string, string>;
  const correlation: Record<string, string> = has(correlationVariants)
    ? { conv2dWeightGrad: conv2dWeightGrad! }
    : {};
  return { variants: { ...(has(gatherVariants) ? gathers : {}), ...correlation } };
}

let run: GoldenRun;
beforeAll(async () => {
  run = await goldenRun();
});

async function checkFirstStep(device: Device): Promise<void> {
  using unet = await network(device, run, 'initial');
  const got = trainOnce(unet, run, batchOf(device, run));
  expectClose(await got.heatmaps.read(), run.outputs.heatmaps.data, 5e-4, 'heatmaps');
  expectClose(await got.location.read(), run.outputs.location.data, 5e-4, 'location');
  const { state } = decodeWeights(await goldenWeights('gradients'), 'gradients');
  for (const [name, { values }] of state) {
    if (run.withoutEffect.biases.includes(name)) continue;
    const { grad } = unet.parameters.get(name)!;
    expectClose(toTorch((await grad!.read()) as Float32Array, grad!.shape), values, 5e-4, name);
  }
}

// The losses' room is wider than the outputs': a ReLU that rounding turns over makes Adam take other steps from there.
describe.runIf(slow)('UNet against PyTorch with one variant of convolution wherever it fits', () => {
  it('finds several variants', () => expect(names.length).toBeGreaterThan(3));

  it.each(names)(
    '%s: outputs and gradients within 5e-4, losses of the first Adam steps within 5e-3',
    (name) =>
      withDevice(only(name), async (device) => {
        await checkFirstStep(device);
        // A step takes seconds on a processor by forms that are not its own; all 20 are run by those in unet.test.ts.
        const steps = device.caps.software ? (name.startsWith('gemm') ? 2 : 5) : run.settings.steps;
        const { losses, labels } = await train(device, run, true, steps);
        expect(labels.some((label) => label.endsWith(`[${name}]`))).toBe(true);
        for (const [t, loss] of losses.entries())
          expectClose([loss], [run.losses.total[t]!], 5e-3, `loss of step ${t + 1}`);
      }),
    // wide tiles are mostly empty here
    180_000,
  );
});
