import { describe } from 'vitest';
import { useDevice } from '../device.ts';
import { convolutionTests, forced } from './conv2d.cases.ts';

describe('convolution, variant tile forced', () => {
  convolutionTests(useDevice(forced('tile', 'tile')));
});
