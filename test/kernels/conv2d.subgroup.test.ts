import { describe } from 'vitest';
import { useDevice } from '../device.ts';
import { convolutionTests, forced } from './conv2d.cases.ts';

describe('convolution, variant subgroup4 forced where there are subgroups of 4', () => {
  convolutionTests(useDevice(forced('subgroup4', 'subgroup4')));
});
