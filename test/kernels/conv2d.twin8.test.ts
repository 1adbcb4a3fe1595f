import { describe } from 'vitest';
import { useDevice } from '../device.ts';
import { convolutionTests, forced } from './conv2d.cases.ts';

describe('convolution, variant twin8 forced where there are subgroups of 8', () => {
  convolutionTests(useDevice(forced('twin8', 'walk8')));
});
