import { describe } from 'vitest';
import { useDevice } from '../device.ts';
import { convolutionTests, forced } from './conv2d.cases.ts';

for (const variant of ['gemm4w', 'gemm4', 'gemm4s'])
  describe(`convolution, variant ${variant} forced`, () => {
    convolutionTests(useDevice(forced(variant, 'gemm4')));
  });
