import { describe } from 'vitest';
import { useDevice } from '../device.ts';
import { convolutionTests, forced } from './conv2d.cases.ts';

describe('convolution, variant gemm forced', () => {
  convolutionTests(useDevice(forced('gemm', 'gemm')));
});
