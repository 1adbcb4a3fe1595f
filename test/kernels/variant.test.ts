import { describe, expect, it } from 'vitest';
import { correlationVariants } from '../../src/kernels/conv/correlate.ts';
import type { Correlation } from '../../src/kernels/conv/correlationLayout.ts';
import { gatherVariants } from '../../src/kernels/conv/gather.ts';
import type { Gather } from '../../src/kernels/conv/gatherLayout.ts';
import { chooseVariant } from '../../src/kernels/launch/variant.ts';
import type { Caps, Device, DeviceOptions } from '../../src/tensor/device.ts';
import { useDevice } from '../device.ts';

const device = useDevice();
const kernel = { dtype: 'f32', kernelHeight: 3, kernelWidth: 3, stride: 1, dilation: 1 } as const;
const [side, channels] = [32, 64];
const sides = { inHeight: side, inWidth: side, outHeight: side, outWidth: side };
const around = { offsetY: -1, offsetX: -1, up: 1, transposed: false, relu: false };
const gather: Gather = { batch: 4, ...sides, k: channels, m: channels, ...kernel, ...around };
const images = { smallHeight: side, smallWidth: side, largeHeight: side, largeWidth: side };
const correlation: Correlation = { batch: 4, ...images, a: channels, b: channels, ...kernel, padding: 1 };

function deviceLike(caps: Partial<Caps>, options: DeviceOptions = {}): Device {
  const all = { caps: { value: { ...device().caps, ...caps } }, options: { value: options } };
  return Object.create(device(), all);
}

const square = (size: number, k: number, batch: number): Gather => {
  const all = { inHeight: size, inWidth: size, outHeight: size, outWidth: size };
  return { ...gather, ...all, k, m: k, batch };
};

describe('choice of a convolution variant', () => {
  for (const subgroupSize of [0, 4, 8, 32])
    it(`takes the forms for GPUs on a hardware adapter with subgroups of ${subgroupSize}`, () => {
      const gpu = deviceLike({ software: false, subgroupSize });
      expect(chooseVariant(gpu, 'conv2d', gatherVariants, gather).name).toBe('gemm4');
      expect(chooseVariant(gpu, 'conv2dWeightGrad', correlationVariants, correlation).name).toBe('gemm4');
      const [odd, oddGrad] = [
        { ...gather, k: 3 },
        { ...correlation, a: 3 },
      ];
      expect(chooseVariant(gpu, 'conv2d', gatherVariants, odd).name).toBe('gemm');
      expect(chooseVariant(gpu, 'conv2dWeightGrad', correlationVariants, oddGrad).name).toBe('gemm');
    });

  it('takes matrix units of 16×16 for f16 in quads of channels, and leaves others to the tuner', () => {
    const [half, halfGrad] = [
      { ...gather, batch: 8, dtype: 'f16' } as const,
      { ...correlation, dtype: 'f16' } as const,
    ];
    const taken = (side: 8 | 16, g: Gather, c: Correlation) => {
      const gpu = deviceLike({ software: false, matrices: { side, lanes: 32, sized: false } });
      const forward = chooseVariant(gpu, 'conv2d', gatherVariants, g);
      return [forward.name, chooseVariant(gpu, 'conv2dWeightGrad', correlationVariants, c).name];
    };
    expect(taken(16, half, halfGrad)).toEqual(['matrix', 'matrix']);
    // Where multiprocessors are many, 132 tiles at least; the same in quarters from 33 on.
    const largest = deviceLike({
      software: false,
      stackedMemory: true,
      matrices: { side: 16, lanes: 32, sized: false },
    });
    const forms = [4, 8, 16, 17].map(
      (batch) => chooseVariant(largest, 'conv2d', gatherVariants, { ...half, batch }).name,
    );
    expect(forms).toEqual(['gemm4', 'matrixs', 'matrixs', 'matrix']);
    expect(taken(16, gather, correlation)).toEqual(['gemm4', 'gemm4']);
    // 32 tiles, where four times as many strips of those of gemm4 are
    expect(taken(16, { ...half, batch: 4 }, halfGrad)).toEqual(['gemm4', 'matrix']);
    expect(taken(16, { ...half, m: 6 }, { ...halfGrad, b: 6 })).toEqual(['gemm', 'gemm']);
    expect(taken(16, { ...half, input: { pitch: 70, start: 2 } }, halfGrad)).toEqual(['gemm', 'matrix']);
    expect(taken(8, half, halfGrad)).toEqual(['gemm4', 'gemm4']);
    const small = deviceLike({ software: false, matrices: { side: 8, lanes: 32, sized: false } });
    const fitting = gatherVariants.filter(({ fits }) => fits(small.caps, half)).map(({ name }) => name);
    expect(fitting).toContain('matrix');
  });

  it('takes Winograd’s on a GPU from as many channels on as pay for its transforms', () => {
    const taken = (stackedMemory: boolean, g: Gather, options: DeviceOptions = {}) => {
      const caps = { software: false, stackedMemory, maxBinding: 1 << 30, vendor: 'nvidia' };
      return chooseVariant(deviceLike(caps, options), 'conv2d', gatherVariants, g).name;
    };
    expect(taken(true, square(112, 64, 20))).toBe('winograd');
    expect(taken(false, square(112, 64, 20))).toBe('gemm4');
    expect(taken(false, square(112, 128, 20))).toBe('winograd');
    expect(taken(false, square(112, 128, 20), { winograd: false })).toBe('gemm4w');
    // three channels in, which are no quads
    expect(taken(true, { ...square(224, 64, 20), k: 3 })).toBe('gemm');
    // too little for its launches
    expect(taken(true, square(16, 128, 4))).toBe('gemm4');
    expect(taken(true, { ...square(112, 128, 20), dtype: 'f16' })).toBe('gemm4w');
    const adjoint = { transposed: true, dilation: -1, offsetY: 1, offsetX: 1, relu: false, biased: false };
    expect(taken(true, { ...square(112, 64, 20), ...adjoint })).toBe('winograd');
  });

  it('takes on a GPU the widest tiles that its registers hold, and of which there are enough', () => {
    const choice = (vendor: string, g: Gather) => {
      const gpu = deviceLike({ software: false, vendor }, { winograd: false });
      return chooseVariant(gpu, 'conv2d', gatherVariants, g).name;
    };
    for (const vendor of ['nvidia', 'amd']) {
      expect(choice(vendor, square(112, 128, 20))).toBe('gemm4w');
      // 124 tiles, in two strips
      expect(choice(vendor, square(14, 512, 20))).toBe('gemm4w');
      expect(choice(vendor, square(112, 64, 20))).toBe('gemm4');
      // half of the channels of a wide tile would be empty
      expect(choice(vendor, square(112, 192, 20))).toBe('gemm4');
      expect(choice(vendor, square(16, 128, 4))).toBe('gemm4');
    }
    for (const vendor of ['apple', 'intel', '']) expect(choice(vendor, square(112, 128, 20))).toBe('gemm4');
    // too short a sum for strips
    const point = { kernelHeight: 1, kernelWidth: 1, offsetY: 0, offsetX: 0 };
    expect(choice('nvidia', { ...square(32, 64, 4), ...point })).toBe('gemm4s');
  });

  it("takes Winograd's form on a software adapter without subgroups, too, and offers it to GPUs' tuner", () => {
    const plain = deviceLike({ software: true, subgroupSize: 0 });
    expect(chooseVariant(plain, 'conv2d', gatherVariants, gather).name).toBe('winograd');
    const gpu = { ...device().caps, software: false, subgroupSize: 0 };
    const fitting = gatherVariants.filter((variant) => variant.fits(gpu, gather)).map(({ name }) => name);
    expect(fitting).toEqual(expect.arrayContaining(['winograd', 'winograd2', 'gemm']));
  });

  it("takes Winograd's form on a software adapter, unless it is switched off or does not fit", () => {
    const caps = { software: true, subgroupSize: 4 };
    const [on, off] = [deviceLike(caps), deviceLike(caps, { winograd: false })];
    const forced = deviceLike(caps, { winograd: false, variants: { conv2d: 'winograd' } });
    expect(chooseVariant(on, 'conv2d', gatherVariants, gather).name).toBe('winograd');
    expect(chooseVariant(on, 'conv2dWeightGrad', correlationVariants, correlation).name).toBe('winograd');
    for (const direct of [off, forced])
      expect(chooseVariant(direct, 'conv2d', gatherVariants, gather).name).toBe('halo4');
    expect(chooseVariant(off, 'conv2dWeightGrad', correlationVariants, correlation).name).toBe('walk4');
    const half = { ...gather, dtype: 'f16' } as const;
    expect(chooseVariant(on, 'conv2d', gatherVariants, half).name).not.toContain('winograd');
  });

  it('on lavapipe takes the form and the tiles that its channels and the number of tiles make fastest', () => {
    const lavapipe = deviceLike({ software: true, subgroupSize: 8 });
    const square = (size: number, k: number, batch: number): Gather => {
      const all = { inHeight: size, inWidth: size, outHeight: size, outWidth: size };
      return { ...gather, ...all, k, m: k, batch };
    };
    const adjoint = (g: Gather): Gather => ({ ...g, transposed: true, dilation: -1, offsetY: 1, offsetX: 1 });
    const choice = (op: string, g: Gather) => chooseVariant(lavapipe, op, gatherVariants, g).name;
    expect(choice('conv2d', square(32, 32, 4))).toBe('twin8');
    expect(choice('conv2d', square(16, 64, 4))).toBe('winograd');
    expect(choice('conv2d', square(8, 128, 4))).toBe('winograd2');
    expect(choice('conv2d', { ...square(32, 32, 4), k: 1 })).toBe('halo8');
    expect(choice('conv2dInputGrad', adjoint(square(32, 32, 4)))).toBe('winograd');
    expect(choice('conv2dInputGrad', adjoint(square(128, 32, 2)))).toBe('twin8');
    expect(choice('conv2dInputGrad', adjoint(square(128, 64, 2)))).toBe('winograd');
  });
});
