import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { ShapeError } from '../../src/base/errors.ts';
import { tensor } from '../../src/tensor/create.ts';
import { useDevice } from '../device.ts';
import { hasHalf } from '../half.ts';
import { forced } from './conv2d.cases.ts';
import { halfTests } from './conv2d.half.cases.ts';

if (hasHalf) {
  describe('convolution in f16, the variants this device prefers', () => halfTests(useDevice()));
  // halo8 and walk8 are what lavapipe prefers for 3×3
  describe('convolution in f16, variant twin8 forced', () => halfTests(useDevice(forced('twin8', 'walk8'))));
  describe('convolution in f16, variant subgroup8 forced', () =>
    halfTests(useDevice(forced('subgroup8', 'subgroup8'))));
  describe('convolution in f16, variant tile forced', () => halfTests(useDevice(forced('tile', 'tile'))));
  describe('convolution in f16, variant gemm forced', () => halfTests(useDevice(forced('gemm', 'gemm'))));
  for (const gemm of ['gemm4w', 'gemm4', 'gemm4s'])
    describe(`convolution in f16, variant ${gemm} forced`, () => halfTests(useDevice(forced(gemm, 'gemm4'))));
} else {
  describe('convolution in f16', () => {
    const device = useDevice();
    it('is refused, with the way out, on this adapter, which only stores f16', () => {
      const x = tensor(device(), [1], [1, 1, 1, 1], 'f16');
      expect(() => ops.conv2d(x, x)).toThrow(ShapeError);
      expect(() => ops.conv2d(x, x)).toThrow(/only stores.*cast/);
    });
  });
}

describe('convolution of mixed dtypes', () => {
  const device = useDevice();
  it('is refused, naming the argument', () => {
    const x = tensor(device(), [1], [1, 1, 1, 1]);
    const half = tensor(device(), [1], [1, 1, 1, 1], 'f16');
    expect(() => ops.conv2d(x, half)).toThrow(
      /weight has dtype f16, f32 is needed|weight has dtype f16. f32/,
    );
    expect(() => ops.conv2d(x, x, tensor(device(), [1], [1], 'f16'))).toThrow(/bias/);
  });
});
