import { describe, expect, it } from 'vitest';
import { correlationVariants } from '../../src/kernels/correlate.ts';
import { gatherVariants } from '../../src/kernels/gather.ts';
import { chooseVariant } from '../../src/kernels/variant.ts';
import { useDevice } from '../device.ts';

const device = useDevice();
const [side, channels, kernel] = [32, 64, { kernelHeight: 3, kernelWidth: 3, stride: 1, dilation: 1 }];

describe('choice of a convolution variant', () => {
  for (const subgroupSize of [0, 4, 8, 32])
    it(`takes the forms for GPUs on a hardware adapter with subgroups of ${subgroupSize}`, () => {
      const caps = { ...device().caps, software: false, subgroupSize };
      const gpu = Object.create(device(), { caps: { value: caps } });
      const sides = { inHeight: side, inWidth: side, outHeight: side, outWidth: side };
      const around = { offsetY: -1, offsetX: -1, up: 1, transposed: false, relu: false };
      const gather = { batch: 4, ...sides, k: channels, m: channels, ...kernel, ...around };
      expect(chooseVariant(gpu, 'conv2d', gatherVariants, gather).name).toBe('gemm');
      const images = { smallHeight: side, smallWidth: side, largeHeight: side, largeWidth: side };
      const correlation = { batch: 4, ...images, a: channels, b: channels, ...kernel, padding: 1 };
      expect(chooseVariant(gpu, 'conv2dWeightGrad', correlationVariants, correlation).name).toBe('gemm');
    });
});
