import { describe } from 'vitest';
import { useDevice } from '../device.ts';
import { convolutionTests, forced } from './conv2d.cases.ts';

describe('convolution, variant gemm4 forced', () => {
  convolutionTests(useDevice(forced('gemm4', 'gemm4')));
});
