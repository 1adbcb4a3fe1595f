import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { zeros } from '../../src/tensor/create.ts';
import { ShapeError } from '../../src/tensor/errors.ts';
import { useDevice } from '../device.ts';
import { convolutionTests } from './conv2d.cases.ts';

const device = useDevice();

describe('convolution, the variants this device prefers', () => {
  convolutionTests(device);

  it('names op, argument, shapes and the fix when channels differ', () => {
    const x = zeros(device(), [1, 4, 4, 3]);
    const w = zeros(device(), [3, 3, 2, 8]);
    expect(() => ops.conv2d(x, w)).toThrow(ShapeError);
    expect(() => ops.conv2d(x, w)).toThrow(/conv2d: weight \[3, 3, 2, 8\].*x \[1, 4, 4, 3\]/);
    expect(() => ops.conv2d(x, zeros(device(), [5, 5, 3, 8]))).toThrow(/smaller than the kernel/);
  });
});
