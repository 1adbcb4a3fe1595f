import { describe, expect, it } from 'vitest';
import { filled, randomNormal, randomUniform, tensor } from '../../src/tensor/create.ts';
import type { DType } from '../../src/tensor/dtype.ts';
import { PlanewiseError, ShapeError } from '../../src/tensor/errors.ts';
import { broadcastShapes, normalizeAxes, stridesOf } from '../../src/tensor/shape.ts';
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
  });

  it('shapes that do not fit are refused with the numbers and a way out', async () => {
    const one = tensor(device(), [1, 2, 3, 4, 5, 6], [2, 3]);
    expect(() => tensor(device(), [1, 2, 3], [2, 2])).toThrow(/3 values.*\[2, 2\] needs 4/);
    expect(() => one.reshape([4, 2])).toThrow(/\[4, 2\] has 8 elements.*\[2, 3\] has 6/);
    expect(() => one.write([1, 2])).toThrow(/2 values.*has 6/);
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

  it('counts axes from both ends, sorts them and refuses those out of range', () => {
    expect(normalizeAxes('sum', [-1, 0, 2], 3)).toEqual([0, 2]);
    expect(() => normalizeAxes('sum', [3], 3)).toThrow(/sum: axes holds 3.*rank 3/);
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
});
