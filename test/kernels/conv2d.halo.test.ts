import { describe } from 'vitest';
import { useDevice } from '../device.ts';
import { convolutionTests, forced } from './conv2d.cases.ts';

describe('convolution, variant halo4 forced where there are subgroups of 4', () => {
  convolutionTests(useDevice(forced('halo4', 'walk4')));
});
