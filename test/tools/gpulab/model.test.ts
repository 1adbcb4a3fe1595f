import { describe, expect, it } from 'vitest';
import { modelOf, timeOf, widthOf } from '../../../tools/gpulab/model.ts';
import type { StepLaunch } from '../../../tools/gpulab/record.ts';
import type { Hardware } from '../../../tools/gpulab/targets.ts';
import { workOf } from '../../../tools/gpulab/work.ts';

const product = (
  more: Partial<StepLaunch['params']> = {},
  grid: StepLaunch['grid'] = [10, 1, 1],
): StepLaunch => ({
  label: 'conv2d[gemm4]',
  pipeline: 'conv2d.gemm4/main E4=vec4<f32>',
  grid,
  params: {
    pixels: 640,
    k: 32,
    m: 64,
    kernelHeight: 1,
    kernelWidth: 1,
    up: 1,
    xPitch: 64,
    yPitch: 64,
    hasBias: 0,
    ...more,
  },
  slices: [
    { name: 'x', writes: false, bytes: 163_840 },
    { name: 'w', writes: false, bytes: 8192 },
    { name: 'bias', writes: false, bytes: 8192 },
    { name: 'y', writes: true, bytes: 163_840 },
  ],
});

const hardware: Hardware = {
  card: 'by hand',
  units: 4,
  lanes: 128,
  clock: 1e9,
  memory: 1e12,
  cache: 1e12,
  matrices: 1e15,
  resident: 1024,
  latency: 100e-9,
  launch: 1e-6,
};

describe('the work of a launch', () => {
  it('is twice the multiply-adds, and the bytes of its own channels without the bias that it has not', () => {
    const { product: found, bytes } = workOf(product());
    expect(found).toEqual({ flop: 2 * 640 * 32 * 64, depth: 32, results: 640 * 64 });
    expect(bytes).toBe(163_840 / 2 + 8192 + 163_840);
    expect(workOf(product({ hasBias: 1 })).bytes - bytes).toBe(8192);
  });

  it('has the output that a gradient is cut by only where it is', () => {
    const bound = { name: 'cut', writes: false, bytes: 8192 };
    const plain = product();
    const whole = { ...plain, slices: [...plain.slices, bound] };
    expect(workOf(whole).bytes).toBe(workOf(plain).bytes);
    const cutting = { ...whole, pipeline: `${plain.pipeline} CUTS=1` };
    expect(workOf(cutting).bytes).toBe(workOf(plain).bytes + 8192);
  });

  it('is cut by strips of the sum: shorter ones, and so many results more', () => {
    expect(workOf(product({ strips: 4 })).product).toEqual({
      flop: 2 * 640 * 32 * 64,
      depth: 8,
      results: 4 * 640 * 64,
    });
  });

  it('is the same for the four residue classes of a transposed convolution as for one of a plain one', () => {
    const classes = product({ pixels: 160, up: 2, kernelHeight: 2, kernelWidth: 2 });
    expect(workOf(classes).product).toEqual(workOf(product()).product);
  });
});

describe('the model', () => {
  const round = { slots: 1500, multiplyAdds: 1024, hmma: 0 };
  const pipeline = { invocations: 64, roundDepth: 16, round };

  it('takes a product’s rounds: two of them, three workgroups on the fullest of four units', () => {
    // 3 × 64 invocations × 2 rounds × 1500 slots on 128 lanes of 1 GHz are 4.5 µs; a launch is 1 µs
    const { seconds, bound } = timeOf(product(), pipeline, hardware);
    expect(bound).toBe('issue');
    expect(seconds).toBeCloseTo(5.5e-6, 12);
  });

  it('takes the chain where one workgroup waits for memory: 20 rounds of 1.5 + 1 µs', () => {
    const slow = { ...hardware, latency: 1e-6 };
    const { seconds, bound } = timeOf(product({ k: 320 }, [1, 1, 1]), pipeline, slow);
    expect(bound).toBe('chain');
    expect(seconds).toBeCloseTo(51e-6, 12);
  });

  it('takes 0.6 of the peak in 64×64 tiles where the code was not counted, of matrix units for kernels on them', () => {
    const uncounted = timeOf(product(), { ...pipeline, round: null }, hardware).seconds - 1e-6;
    const counted = timeOf(product(), pipeline, hardware).seconds - 1e-6;
    expect(uncounted / counted).toBeCloseTo(1024 / 0.6 / 1500, 9);
    const onUnits = { ...product(), pipeline: 'conv2d.matrix/main' };
    // twice as fast as the 4 × 128 lanes of 1 GHz
    const twice = { ...hardware, matrices: 1.024e12 };
    const half = timeOf(onUnits, { ...pipeline, round: null }, twice).seconds - 1e-6;
    expect(uncounted / half).toBeCloseTo(2, 9);
  });

  it('takes bytes for all else, or the loads that few invocations have in flight', () => {
    const copy: StepLaunch = { ...product(), label: 'copy', pipeline: 'copy/main', params: {} };
    // 344,064 bytes at 1 TB/s; by 64 invocations with 16 bytes each in 100 ns
    expect(timeOf({ ...copy, grid: [4096, 1, 1] }, pipeline, hardware).bound).toBe('in flight');
    const few = timeOf({ ...copy, grid: [1, 1, 1] }, pipeline, hardware);
    expect(few.seconds).toBeCloseTo((344_064 / (64 * 16)) * 100e-9 + 1e-6, 12);
    const near = { ...hardware, latency: 1e-9 };
    expect(timeOf({ ...copy, grid: [4096, 1, 1] }, pipeline, near).seconds).toBeCloseTo(1.344064e-6, 12);
  });

  it('sums a step by kernel, the dearest first, and counts products that fill the device', () => {
    const launches = [product(), { ...product(), label: 'other' }, product({}, [3, 1, 1])];
    const { ms, gflop, kernels } = modelOf(launches, () => pipeline, hardware);
    expect(kernels.map(({ label, launches: count }) => [label, count])).toEqual([
      ['conv2d[gemm4]', 2],
      ['other', 1],
    ]);
    expect(kernels[0]!.ms + kernels[1]!.ms).toBeCloseTo(ms, 12);
    expect(gflop).toBeCloseTo((3 * 2 * 640 * 32 * 64) / 1e9, 12);
    expect(widthOf(launches, hardware)).toEqual({ products: 3, filling: 2, least: 3 });
  });
});
