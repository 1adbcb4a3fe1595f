import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { ShapeError } from '../../src/base/errors.ts';
import { conv2d, conv2dTranspose } from '../../src/kernels/conv/conv2d.ts';
import { runOp } from '../../src/kernels/op.ts';
import { zeros } from '../../src/tensor/create.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
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

  it('names options that are unknown or out of range, before the device is touched', () => {
    const [x, weight] = [zeros(device(), [1, 4, 4, 2]), zeros(device(), [3, 3, 2, 2])];
    const wrong: [unknown, RegExp][] = [
      [null, /: options are null/],
      ['same', /: options are 'same'/],
      [{ stride: 0 }, /: stride is 0/],
      [{ stride: 1.5 }, /: stride is 1.5/],
      [{ stride: '2' }, /: stride is '2'/],
      [{ padding: -1 }, /: padding is -1/],
      [{ padding: Number.NaN }, /: padding is NaN/],
      [{ padding: 'same' }, /: padding is 'same'/],
      [{ dilation: 0 }, /: dilation is 0/],
      [{ dilation: Number.POSITIVE_INFINITY }, /: dilation is Infinity/],
      [{ relu: 1 }, /: relu is 1/],
      [{ pading: 1 }, /: option pading is unknown/],
    ];
    for (const [attrs, message] of wrong)
      for (const op of [conv2d, conv2dTranspose]) {
        const call = () => runOp(op, [x, weight, null], attrs as object);
        expect(call).toThrow(ShapeError);
        expect(call).toThrow(message);
        expect(call).toThrow(new RegExp(`^${op.name}: `));
      }
    expect(() => runOp(conv2d, [x, weight, null], { outputPadding: 0 } as object)).toThrow(
      /outputPadding is unknown/,
    );
  });

  it('takes an output padding from 0 to less than stride or dilation, as PyTorch does', () => {
    const [x, weight] = [zeros(device(), [1, 2, 2, 1]), zeros(device(), [3, 3, 1, 1])];
    for (const outputPadding of [-1, 0.5, 2, Number.NaN])
      expect(() => ops.conv2dTranspose(x, weight, null, { stride: 2, outputPadding })).toThrow(
        /conv2dTranspose: outputPadding is/,
      );
    const y = ops.conv2dTranspose(x, weight, null, { dilation: 2, outputPadding: 1 });
    expect(y.shape).toEqual([1, 7, 7, 1]);
  });

  it('names what is no tensor, empty, or of another dtype or shape', () => {
    const x = zeros(device(), [1, 4, 4, 3]);
    const weight = zeros(device(), [3, 3, 3, 3]);
    const bias = zeros(device(), [3]);
    const wrong: [unknown, unknown, unknown, RegExp][] = [
      [zeros(device(), [4, 4, 3]), weight, bias, /: x has shape \[4, 4, 3\]/],
      [zeros(device(), [1, 4, 4, 3], 'i32'), weight, bias, /: x has dtype i32/],
      [zeros(device(), [1, 0, 4, 3]), weight, bias, /: x \[1, 0, 4, 3\] has no pixels/],
      [x, zeros(device(), [3, 3, 3]), bias, /: weight has shape/],
      [x, zeros(device(), [3, 3, 3, 3], 'i32'), bias, /: weight has dtype i32/],
      [x, zeros(device(), [0, 3, 3, 3]), bias, /: weight \[0, 3, 3, 3\] is empty/],
      [x, weight, zeros(device(), [4]), /: bias has shape \[4\]/],
      [x, weight, zeros(device(), [3], 'i32'), /: bias has dtype i32/],
      [x, weight, [1, 2, 3], /: bias is \[1, 2, 3\]/],
      [x, undefined, bias, /: weight is undefined/],
    ];
    for (const [a, b, c, message] of wrong)
      for (const op of [conv2d, conv2dTranspose]) {
        const call = () => runOp(op, [a, b, c] as Tensor[], {});
        expect(call).toThrow(ShapeError);
        expect(call).toThrow(message);
      }
    const matrix = zeros(device(), [4, 3]);
    expect(() => ops.linear(matrix, zeros(device(), [3, 2]), zeros(device(), [3]))).toThrow(
      /linear: bias has shape/,
    );
    expect(() => ops.linear(matrix, zeros(device(), [3, 2], 'i32'))).toThrow(/linear: weight has dtype i32/);
    expect(() => ops.linear(matrix, 2 as unknown as Tensor)).toThrow(/linear: weight is 2/);
  });
});
