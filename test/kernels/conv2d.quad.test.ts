import { describe } from 'vitest';
import { useDevice } from '../device.ts';
import { convolutionTests, forced } from './conv2d.cases.ts';

describe('convolution, variant quad forced on software adapters', () => {
  convolutionTests(useDevice(forced('quad', 'tile')));
});
