import { describe, expect, it } from 'vitest';
import { ShapeError } from '../../src/base/errors.ts';
import { filled, tensor, zeros } from '../../src/tensor/create.ts';
import type { DType } from '../../src/tensor/dtype.ts';
import { useDevice } from '../device.ts';

const device = useDevice();

const dtypes: readonly DType[] = ['f32', 'i32', 'u32', 'bool'];

/** Values that are none of a dtype, and what the error says of them after the call. */
const wrong: readonly (readonly [values: unknown, dtypes: readonly DType[], message: RegExp])[] = [
  [
    [1, [2, 3]],
    dtypes,
    /: values\[1\] is \[2, 3\]\. Numbers row by row are needed: values\.flat\(Infinity\)/,
  ],
  [[1, '2'], dtypes, /: values\[1\] is '2'\. A number is needed/],
  [[1, undefined], dtypes, /: values\[1\] is undefined/],
  [[1, null], dtypes, /: values\[1\] is null/],
  [new Array(2), dtypes, /: values\[0\] is undefined/],
  [[1n, 2n], dtypes, /: values\[0\] is 1n/],
  [new BigInt64Array(2), dtypes, /: values\[0\] is 0n/],
  [[{}, 1], dtypes, /: values\[0\] is an object/],
  ['12', dtypes, /: values is no array, but '12'/],
  [() => 0, dtypes, /: values is no array, but a function/],
  [new Date(0), dtypes, /: values is no array/],
  [[1, 2, 3], dtypes, /: values holds 3 values\. Shape \[2\] needs 2/],
  [[0, 1.5], ['i32', 'u32'], /: values\[1\] is 1\.5\. .32 holds whole numbers/],
  [new Float32Array([0, 1.5]), ['i32', 'u32'], /: values\[1\] is 1\.5/],
  [[0, Number.NaN], ['i32', 'u32'], /: values\[1\] is NaN/],
  [[0, Number.POSITIVE_INFINITY], ['i32', 'u32'], /: values\[1\] is Infinity/],
  [
    [2 ** 31, 0],
    ['i32'],
    /: values\[0\] is 2147483648\. i32 holds whole numbers of -2147483648 … 2147483647/,
  ],
  [[2 ** 32, 0], ['u32'], /: values\[0\] is 4294967296\. u32 holds whole numbers of 0 … 4294967295/],
  [[0, -1], ['u32'], /: values\[1\] is -1/],
  [new Int32Array([0, -1]), ['u32'], /: values\[1\] is -1/],
  [new Uint32Array([0, 2 ** 31]), ['i32'], /: values\[1\] is 2147483648/],
];

describe('host values', () => {
  it('that are none of the dtype are refused with the element, by tensor and by write', () => {
    for (const [values, types, message] of wrong)
      for (const dtype of types) {
        const made = zeros(device(), [2], dtype);
        const calls = {
          tensor: () => tensor(device(), values as never, [2], dtype),
          write: () => made.write(values as never),
        };
        for (const [name, call] of Object.entries(calls)) {
          expect(call, `${name} ${dtype}`).toThrow(message);
          expect(call, `${name} ${dtype}`).toThrow(ShapeError);
          expect(call).toThrow(new RegExp(`^${name}: `));
        }
      }
    expect(() => tensor(device(), ['1'] as never, [1], 'f16')).toThrow(/values\[0\] is '1'/);
  });

  it('of any array of numbers come back as they were', async () => {
    const arrays = [
      [0, 1, 250],
      new Uint8Array([0, 1, 250]),
      new Int16Array([0, 1, 250]),
      new Float64Array([0, 1, 250]),
    ];
    for (const values of [...arrays, new Float32Array([0, 1, 250]), { length: 3, 0: 0, 1: 1, 2: 250 }])
      for (const dtype of [...dtypes, 'f16'] as const)
        expect([...(await tensor(device(), values, [3], dtype).read())], dtype).toEqual(
          dtype === 'bool' ? [0, 1, 1] : [0, 1, 250],
        );
  });

  it('may be true and false, which are 1 and 0', async () => {
    for (const dtype of [...dtypes, 'f16'] as const)
      expect([...(await tensor(device(), [true, false], [2], dtype).read())], dtype).toEqual([1, 0]);
    expect([...(await filled(device(), true, [2], 'bool').read())]).toEqual([1, 1]);
    expect([...(await tensor(device(), [Number.NaN, -0], [2], 'bool').read())]).toEqual([1, 0]);
  });

  it('may be NaN and infinite in floats', async () => {
    const values = [Number.NaN, Number.POSITIVE_INFINITY, -0];
    for (const dtype of ['f32', 'f16'] as const)
      expect([...(await tensor(device(), values, [3], dtype).read())]).toEqual(values);
  });

  it('of filled and random tensors are checked by the same rules', () => {
    expect(() => filled(device(), 1.5, [2], 'i32')).toThrow(/^filled: value is 1\.5/);
    expect(() => filled(device(), undefined as never, [2])).toThrow(/^filled: value is undefined/);
  });
});
