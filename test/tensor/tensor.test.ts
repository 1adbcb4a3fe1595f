import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { PlanewiseError, ShapeError } from '../../src/base/errors.ts';
import { accumulateInto } from '../../src/kernels/binary.ts';
import { filled, randomNormal, randomUniform, tensor, zeros } from '../../src/tensor/create.ts';
import type { DType } from '../../src/tensor/dtype.ts';
import { broadcastShapes, stridesOf } from '../../src/tensor/shape.ts';
import { useDevice } from '../device.ts';

const device = useDevice();

describe('tensor', () => {
  it('values of every type and of odd counts come back from the device', async () => {
    const cases: readonly [DType, readonly number[]][] = [
      ['f32', [1.5, -2, 0.25]],
      ['f16', [1.5, -2, 0.25]],
      ['i32', [-7]],
      ['u32', [4294967295, 0, 1, 2, 3]],
      ['bool', [1, 0, 1]],
    ];
    for (const [dtype, values] of cases) {
      const one = tensor(device(), values, [values.length], dtype);
      expect([...(await one.read())], dtype).toEqual(values);
      one.write([...values].reverse());
      expect([...(await one.read())], dtype).toEqual([...values].reverse());
    }
  });

  it('reads what was written last, after all that was launched before', async () => {
    const one = filled(device(), 3, [2, 2]);
    one.write([1, 2, 3, 4]);
    const first = one.read();
    one.write([5, 6, 7, 8]);
    expect([...(await first)]).toEqual([1, 2, 3, 4]);
    expect([...(await one.read())]).toEqual([5, 6, 7, 8]);
  });

  it('random tensors are the same for one seed and stream', async () => {
    const draw = () => randomNormal(device(), [50], 3, 10, 2).read();
    expect(await draw()).toEqual(await draw());
    const uniform = await randomUniform(device(), [500], 3, -4, -2).read();
    expect(Math.min(...uniform)).toBeGreaterThanOrEqual(-4);
    expect(Math.max(...uniform)).toBeLessThan(-2);
    expect(() => randomUniform(device(), [5], 3, 1, -1)).toThrow(/high is -1, below low, 1/);
    expect(() => randomNormal(device(), [5], 3, 0, -2)).toThrow(/std is -2/);
    expect([...(await randomNormal(device(), [2], 3, 5, 0).read())]).toEqual([5, 5]);
    expect([...(await randomUniform(device(), [2], 3, 5, 5).read())]).toEqual([5, 5]);
  });

  it('shapes that do not fit are refused with the numbers and a way out', async () => {
    const one = tensor(device(), [1, 2, 3, 4, 5, 6], [2, 3]);
    expect(() => tensor(device(), [1, 2, 3], [2, 2])).toThrow(/3 values.*\[2, 2\] needs 4/);
    expect(() => one.reshape([4, 2])).toThrow(/reshape: shape \[4, 2\] does not hold 6 elements/);
    expect(() => one.write([1, 2])).toThrow(/2 values.*needs 6/);
    await expect(one.item()).rejects.toThrow(ShapeError);
    expect(await tensor(device(), [7], [1, 1]).item()).toBe(7);
  });
});

describe('shape', () => {
  it('broadcasts as NumPy does', () => {
    expect(broadcastShapes('add', [4, 1, 3], [2, 1])).toEqual([4, 2, 3]);
    expect(broadcastShapes('add', [], [5])).toEqual([5]);
    expect(() => broadcastShapes('add', [2, 3], [4])).toThrow(/add: b has shape \[4\].*\[2, 3\]/);
  });

  it('has the strides of rows that follow one another, the last axis first', () => {
    expect(stridesOf([2, 3, 4])).toEqual([12, 4, 1]);
  });

  it('errors carry a stable code and the name of their class', () => {
    const error = new ShapeError('add', 'b', 'is wrong', 'Mend it.');
    expect(error).toBeInstanceOf(PlanewiseError);
    expect([error.name, error.code, error.message]).toEqual([
      'ShapeError',
      'SHAPE',
      'add: b is wrong. Mend it.',
    ]);
  });

  it('shows shape, dtype and the values that the host knows', async () => {
    const x = tensor(device(), [1, 2.5, Number.NaN, -4], [2, 2]);
    expect(String(x)).toBe('Tensor [2, 2] f32 [[1, 2.5], [NaN, -4]]');
    const y = ops.square(x);
    expect(String(y)).toBe('Tensor [2, 2] f32 values on the device: await x.read()');
    await y.read();
    expect(String(y)).toBe('Tensor [2, 2] f32 [[1, 6.25], [NaN, 16]]');
    const long = tensor(
      device(),
      Array.from({ length: 20 }, (_, i) => i),
      [20],
      'i32',
    );
    expect(String(long)).toBe('Tensor [20] i32 [0, 1, 2, …, 17, 18, 19]');
    long.write(new Int32Array(20));
    expect(String(long)).toBe('Tensor [20] i32 [0, 0, 0, …, 0, 0, 0]');
    accumulateInto(x, y);
    expect(String(x)).toContain('values on the device');
    x.dispose();
    expect(String(x)).toBe('Tensor [2, 2] f32 disposed');
    expect(String(tensor(device(), [7], [], 'u32'))).toBe('Tensor [] u32 7');
    expect(String(zeros(device(), [0, 3]))).toBe('Tensor [0, 3] f32 []');
  });

  it('is that of the tensor, whatever becomes of the array it was given as', () => {
    const shape = [2, 3];
    const x = zeros(device(), shape);
    const row = x.reshape(shape.reverse());
    shape[0] = 5;
    expect([x.shape, row.shape, x.size]).toEqual([[2, 3], [3, 2], 6]);
    expect(() => {
      (x.shape as number[])[0] = 5;
    }).toThrow(TypeError);
  });

  it('a tensor is text in strings, but no number: a comparison would be false in silence', () => {
    const loss = tensor(device(), [2], [], 'f32', 'loss');
    const wrong = [() => (loss as never) > 0, () => (loss as never) * 2, () => Math.max(loss as never, 1)];
    for (const use of wrong) expect(use).toThrow(/loss is used as a number.*await x\.item\(\)/);
    expect(`${loss}`).toBe('Tensor [] f32 2');
    expect(loss[Symbol.toPrimitive]('default')).toBe('Tensor [] f32 2');
  });

  it('refuses shapes, dtypes, values and devices that cannot be', () => {
    const at = device();
    const wrong: [() => unknown, RegExp][] = [
      [() => tensor(at, [1, 2, 3, 4], [-2, -2]), /tensor: shape is \[-2, -2\]/],
      [() => tensor(at, [1], [1.5]), /tensor: shape is \[1\.5\]/],
      [() => tensor(at, [1], 1 as never), /tensor: shape is 1\./],
      [() => tensor(at, [1], [1], 'float32' as never), /dtype is 'float32'.*f32, f16/],
      [() => tensor(at, 5 as never, [1]), /values is no array/],
      [() => tensor(undefined as never, [1], [1]), /device is undefined.*openDevice/],
      [() => zeros(at, [2, Number.NaN]), /zeros: shape is \[2, NaN\]/],
      [() => filled(at, [2] as never, 1 as never), /filled: shape is 1/],
      [() => filled(at, '1' as never, [1]), /filled: value is .1.\. A number is needed/],
    ];
    for (const [call, message] of wrong) {
      expect(call).toThrow(message);
      expect(call).toThrow(ShapeError);
    }
  });
});
