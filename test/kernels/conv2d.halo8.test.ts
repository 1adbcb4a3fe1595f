import { describe } from 'vitest';
import { useDevice } from '../device.ts';
import { convolutionTests, forced } from './conv2d.cases.ts';

describe('convolution, variant halo8 forced where there are subgroups of 8', () => {
  convolutionTests(useDevice(forced('halo8', 'walk8')));
});
