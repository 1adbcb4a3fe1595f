import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { forwardGather, stepsOf } from '../../src/kernels/conv/conv2dLayout.ts';
import { correlate, correlationVariants } from '../../src/kernels/conv/correlate.ts';
import type { Correlation } from '../../src/kernels/conv/correlationLayout.ts';
import { finishGrad } from '../../src/kernels/conv/finishGrad.ts';
import { gatherVariants } from '../../src/kernels/conv/gather.ts';
import { multiply, productVariants } from '../../src/kernels/conv/winogradProduct.ts';
import { foldedGrid } from '../../src/kernels/launch/grid.ts';
import { empty, filled, tensor, zeros } from '../../src/tensor/create.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { poisoned } from '../check.ts';
import { useDevice } from '../device.ts';
import { forced } from './conv2d.cases.ts';

const device = useDevice();

/** 0, 1, … 6, 0, 1, …: sums of few of them are exact, and a workgroup out of place is seen. */
const counted = (size: number) => Float32Array.from({ length: size }, (_, i) => i % 7);

/** Throws at the first element that differs: expect on each of millions takes minutes. */
async function expectEach(y: Tensor, wanted: (i: number) => number): Promise<void> {
  const values = await y.read();
  for (const [i, v] of values.entries())
    if (v !== wanted(i)) expect.fail(`element ${i} of ${values.length} is ${v}, expected ${wanted(i)}`);
}

/** Whether 65536 workgroups that meet at barriers take this device minutes, as they do SwiftShader. */
function meetsSlowly(): boolean {
  const { software, subgroupSize } = device().caps;
  return software && subgroupSize !== 8;
}

function force(variants: Record<string, string> | undefined): void {
  Object.assign(device().options, { variants });
}

/** Side of the kernel, channels, and images of one pixel a workgroup: what takes a form past 65535 workgroups in a row. */
const long: Record<string, readonly [side: 1 | 3, channels: number, each: number]> = {
  halo4: [3, 4, 1],
  subgroup4: [1, 4, 32],
  stem: [3, 1, 16],
  quad: [1, 1, 16],
  twin8: [3, 4, 2],
  halo8: [3, 1, 1],
  subgroup8: [1, 1, 32],
  tile: [1, 1, 64],
};

/** Forms that launch a workgroup and more for each residue class of the pixels. */
const classes = ['gemm4', 'gemm', 'tile', 'subgroup4', 'subgroup8'];

describe('a convolution of any size', () => {
  it('folds a grid whose axes are longer than a launch, and leaves others as they are', () => {
    expect(foldedGrid(65535, 2, 3)).toEqual({ grid: [65535, 2, 3], folds: {} });
    for (const [x, y, z] of [
      [65536, 1, 1],
      [3, 70000, 2],
      [1, 1, 65536],
      [200_000, 4, 9],
    ] as const) {
      const { grid, folds } = foldedGrid(x, y, z);
      expect(Math.max(grid[0], grid[1]!)).toBeLessThan(65536);
      const count = grid[0] * grid[1]!;
      expect(count).toBeGreaterThanOrEqual(x * y * z);
      expect(count - x * y * z).toBeLessThan(grid[1]!);
      expect(folds).toMatchObject({ FOLDED: 1, GRID_X: x, GRID_Y: y, GRID_Z: z, GRID_ROW: grid[0] });
    }
  });

  for (const [name, [side, channels, each]] of Object.entries(long))
    it(`takes more than 65535 workgroups in a row, form ${name} where it fits`, async () => {
      const images = 65536 * each + 3;
      const { fits } = gatherVariants.find((variant) => variant.name === name)!;
      const x = tensor(device(), counted(images * channels), [images, 1, 1, channels]);
      const weight = filled(device(), 1, [side, side, channels, channels]);
      const padding = (side - 1) / 2;
      if (!fits(device().caps, forwardGather(x, x, weight, stepsOf({ padding }), false))) return;
      force(forced(name, name).variants);
      const y = ops.conv2d(x, weight, null, { padding });
      const sum = (first: number) => Array.from({ length: channels }, (_, c) => (first + c) % 7);
      await expectEach(y, (i) => sum(i - (i % channels)).reduce((a, b) => a + b));
    });

  for (const name of classes)
    it(`takes more than 65535 residue classes, form ${name} where it fits`, async () => {
      const { fits } = gatherVariants.find((variant) => variant.name === name)!;
      const x = filled(device(), 2, [1, 1, 1, 4]);
      const weight = filled(device(), 3, [1, 1, 4, 4]);
      if (!fits(device().caps, forwardGather(x, x, weight, stepsOf({}), false))) return;
      if (name.startsWith('gemm') && meetsSlowly()) return;
      force(forced(name, name).variants);
      const y = ops.conv2dTranspose(x, weight, null, { stride: 256, outputPadding: 255 });
      expect(y.shape).toEqual([1, 256, 256, 4]);
      await expectEach(y, (i) => (i < 4 ? 24 : 0));
    });

  it('takes a stride longer than any image, both ways', async () => {
    force(undefined);
    const most = 2 ** 31 - 1;
    const [x, weight] = [filled(device(), 2, [1, 3, 5, 1]), filled(device(), 3, [2, 2, 1, 1])];
    for (const leaf of [x, weight]) leaf.requiresGrad = true;
    using tape = new Tape();
    const y = ops.conv2d(x, weight, null, { stride: most });
    expect([...(await y.read())]).toEqual([24]);
    tape.backward(y, filled(device(), 1, [1, 1, 1, 1]));
    expect([...(await weight.grad!.read())]).toEqual([2, 2, 2, 2]);
    await expectEach(x.grad!, (i) => ([0, 1, 5, 6].includes(i) ? 3 : 0));
    for (const leaf of [x, weight]) leaf.grad!.dispose();
    const wide = ops.conv2dTranspose(filled(device(), 1, [1, 1, 2, 1]), weight, null, { stride: 70_000 });
    expect(wide.shape).toEqual([1, 2, 70_002, 1]);
    await expectEach(wide, (i) => (i % 70_002 < 2 || i % 70_002 >= 70_000 ? 3 : 0));
  });

  it('takes a batch of 70,000 images, and gives its gradients', async () => {
    force(undefined);
    const [x, weight] = [filled(device(), 1, [70_000, 2, 2, 4]), filled(device(), 1, [3, 3, 4, 4])];
    for (const leaf of [x, weight]) leaf.requiresGrad = true;
    using tape = new Tape();
    const y = ops.conv2d(x, weight, null, { padding: 1 });
    tape.backward(y, filled(device(), 1, [70_000, 2, 2, 4]));
    await expectEach(y, () => 16);
    await expectEach(x.grad!, () => 16);
    const taps = [1, 2, 1, 2, 4, 2, 1, 2, 1];
    await expectEach(weight.grad!, (i) => taps[Math.floor(i / 16)]! * 70_000);
    for (const leaf of [x, weight]) leaf.grad!.dispose();
  });

  it('multiplies more rows, and more columns, than fit a row of workgroups', async () => {
    force(undefined);
    const rows = 2_200_000;
    const y = ops.linear(tensor(device(), counted(rows), [rows, 1]), filled(device(), 2, [1, 1]));
    await expectEach(y, (i) => 2 * (i % 7));
    const columns = 1_100_000;
    const z = ops.linear(filled(device(), 2, [1, 1]), tensor(device(), counted(columns), [1, columns]));
    await expectEach(z, (i) => 2 * (i % 7));
  });
});

/** Channels of the large image that a workgroup takes, and of the small one. */
const blocks: Record<string, readonly [each: number, b: number]> = {
  subgroup4: [32, 4],
  walk4: [4, 4],
  walk8: [8, 1],
  subgroup8: [32, 1],
  stem: [16, 1],
  tile: [16, 1],
  gemm4: [64, 4],
  gemm: [64, 1],
};

function correlationOf(a: number, b: number, side: number): Correlation {
  const image = { batch: 1, smallHeight: 1, smallWidth: 1, largeHeight: 1, largeWidth: 1 };
  const kernel = { kernelHeight: side, kernelWidth: side, stride: 1, dilation: 1, padding: (side - 1) / 2 };
  return { dtype: 'f32', ...image, a, b, ...kernel };
}

describe('a gradient of the weight of any size', () => {
  for (const [name, [each, b]] of Object.entries(blocks))
    it(`has more than 65535 blocks of channels, form ${name} where it fits`, async () => {
      const side = ['walk4', 'walk8', 'stem'].includes(name) ? 3 : 1;
      const a = 65536 * each + 4;
      const c = correlationOf(a, b, side);
      const variant = correlationVariants.find((one) => one.name === name)!;
      if (!variant.fits(device().caps, c) || (name.startsWith('gemm') && meetsSlowly())) return;
      force({ conv2dWeightGrad: name });
      const large = tensor(device(), counted(a), [1, 1, 1, a]);
      const small = filled(device(), 2, [1, 1, 1, b]);
      const dw = empty(device(), { shape: [side, side, a, b], dtype: 'f32' });
      correlate(device(), 'conv2dWeightGrad', c, { large, small, dw });
      const middle = (side * side - 1) / 2;
      const row = (i: number) => Math.floor(i / b);
      await expectEach(dw, (i) => (Math.floor(row(i) / a) === middle ? 2 * ((row(i) % a) % 7) : 0));
    });

  it('of the bias has more than 65535 columns, each a workgroup', async () => {
    const channels = 65540;
    force({ biasGrad: 'lanes' });
    const dy = tensor(device(), counted(2 * channels + 2), [2, channels + 1]);
    const db = empty(device(), { shape: [channels + 1], dtype: 'f32' });
    finishGrad(device(), undefined, { dy, db }, 'bias');
    await expectEach(db, (i) => (i % 7) + ((i + channels + 1) % 7));
  });

  it('sums millions of rows in strips', async () => {
    const rows = 2 ** 23 + 5;
    force({ conv2dWeightGrad: 'tile' });
    const c = { ...correlationOf(1, 1, 1), batch: rows };
    const ones = filled(device(), 1, [rows, 1, 1, 1]);
    const dw = empty(device(), { shape: [1, 1, 1, 1], dtype: 'f32' });
    correlate(device(), 'conv2dWeightGrad', c, { large: ones, small: ones, dw });
    expect(Math.abs((await dw.item()) - rows)).toBeLessThan(8);
  });
});

describe('a batch of products of any size', () => {
  for (const { name, fits } of productVariants)
    it(`has more than 65535 planes, form ${name} where it fits`, async () => {
      const product = { points: 65540, rows: 4, depth: 4, columns: 4, turnedA: false, turnedB: false };
      if (!fits(device().caps, product) || (name === 'gemm' && meetsSlowly())) return;
      force({ product: name });
      // 16 values of a plane, and a gap as long.
      const a = tensor(device(), counted(product.points * 32), [product.points, 32]);
      const one = new Float32Array(product.points * 32);
      for (let p = 0; p < product.points; p++)
        for (let i = 0; i < 16; i++) one[p * 32 + i] = Number(i % 5 === 0);
      const y = multiply(device(), a, tensor(device(), one, a.shape), product, name);
      const values = await y.read();
      for (let i = 0; i < values.length; i++)
        if (i % 32 < 16 && values[i] !== i % 7) expect.fail(`element ${i} is ${values[i]}`);
    });
});

describe('batch norm of any size', () => {
  it('takes more than 65535 groups of channels, each a workgroup', async () => {
    if (meetsSlowly()) return;
    force({ batchNorm: 'lanes' });
    const channels = 4 * 65537;
    const x = tensor(
      device(),
      Float32Array.from({ length: 2 * channels }, (_, i) => (i < channels ? 1 : 3)),
      [2, channels],
    );
    const [weight, bias] = [filled(device(), 1, [channels]), zeros(device(), [channels])];
    for (const leaf of [x, weight, bias]) leaf.requiresGrad = true;
    const running = {
      runningMean: zeros(device(), [channels]),
      runningVariance: zeros(device(), [channels]),
    };
    await poisoned(device(), async () => {
      using tape = new Tape();
      const y = ops.batchNorm(x, weight, bias, { ...running, training: true, momentum: 1, epsilon: 0 });
      tape.backward(y, filled(device(), 1, [2, channels]));
      await expectEach(y, (i) => (i < channels ? -1 : 1));
    });
    await expectEach(running.runningMean, () => 2);
    await expectEach(bias.grad!, () => 2);
    for (const leaf of [x, weight, bias]) leaf.grad!.dispose();
  });

  it('takes millions of rows', async () => {
    force(undefined);
    const rows = 2_400_000;
    const x = tensor(
      device(),
      Float32Array.from({ length: rows }, (_, i) => (i % 2 ? 3 : 1)),
      [rows, 1],
    );
    const running = { runningMean: zeros(device(), [1]), runningVariance: zeros(device(), [1]) };
    const [weight, bias] = [filled(device(), 1, [1]), zeros(device(), [1])];
    const y = ops.batchNorm(x, weight, bias, { ...running, training: true, momentum: 1, epsilon: 0 });
    const values = await y.read();
    expect(values.every((v, i) => Math.abs(v - (i % 2 ? 1 : -1)) < 1e-4)).toBe(true);
  });
});

describe('an empty batch', () => {
  for (const name of ['tile', 'gemm', 'gemm4', 'winograd', 'pair', 'patch'])
    it(`gives nothing, and gradients of 0, form ${name} asked for`, async () => {
      force({ ...forced(name, name).variants, biasGrad: 'alone' });
      const convolutions: [number[], (x: Tensor, w: Tensor, b: Tensor) => Tensor][] = [
        [[3, 3, 4, 4], (x, w, b) => ops.conv2d(x, w, b, { padding: 1, relu: true })],
        [[2, 2, 4, 4], (x, w, b) => ops.conv2d(x, w, b, { stride: 2 })],
        [[2, 2, 4, 4], (x, w, b) => ops.conv2dTranspose(x, w, b, { stride: 2, relu: true })],
      ];
      for (const [shape, convolution] of convolutions)
        for (const xTracked of [true, false])
          await poisoned(device(), async () => {
            const x = zeros(device(), [0, 2, 2, 4]);
            const [weight, bias] = [filled(device(), 1, shape), filled(device(), 1, [4])];
            for (const leaf of [weight, bias]) leaf.requiresGrad = true;
            x.requiresGrad = xTracked;
            using tape = new Tape();
            const y = convolution(x, weight, bias);
            tape.backward(y, zeros(device(), y.shape));
            await expectEach(weight.grad!, () => 0);
            await expectEach(bias.grad!, () => 0);
            expect(x.grad?.shape).toEqual(xTracked ? [0, 2, 2, 4] : undefined);
            for (const leaf of [x, weight, bias]) leaf.grad?.dispose();
          });
    });

  it('of rows, columns or depth gives what a sum of nothing is', async () => {
    force(undefined);
    for (const [n, k, m] of [
      [0, 3, 2],
      [2, 0, 3],
      [2, 3, 0],
    ] as const)
      await poisoned(device(), async () => {
        const [x, w, b] = [
          filled(device(), 1, [n, k]),
          filled(device(), 1, [k, m]),
          filled(device(), 5, [m]),
        ];
        for (const leaf of [x, w, b]) leaf.requiresGrad = true;
        using tape = new Tape();
        const y = ops.linear(x, w, b);
        expect(y.shape).toEqual([n, m]);
        await expectEach(y, () => 5 + k);
        tape.backward(y, filled(device(), 1, [n, m]));
        await expectEach(x.grad!, () => m);
        await expectEach(w.grad!, () => n);
        await expectEach(b.grad!, () => n);
        for (const leaf of [x, w, b]) leaf.grad!.dispose();
      });
  });
});
