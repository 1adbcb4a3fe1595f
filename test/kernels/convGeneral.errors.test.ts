import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { ShapeError } from '../../src/base/errors.ts';
import { zeros } from '../../src/tensor/create.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { useDevice } from '../device.ts';

const device = useDevice();

type Loose = (x: unknown, weight: unknown, bias: unknown, options?: unknown, into?: unknown) => Tensor;

const calls: readonly (readonly [
  name: string,
  call: unknown,
  x: number[],
  weight: number[],
  bias: number,
])[] = [
  ['conv2d', ops.conv2d, [1, 5, 5, 4], [3, 3, 4, 6], 6],
  ['conv2dTranspose', ops.conv2dTranspose, [1, 5, 5, 4], [3, 3, 6, 4], 6],
  ['depthwiseConv2d', ops.depthwiseConv2d, [1, 5, 5, 4], [3, 3, 1, 8], 8],
  ['conv1d', ops.conv1d, [1, 5, 4], [3, 4, 6], 6],
  ['conv1dTranspose', ops.conv1dTranspose, [1, 5, 4], [3, 6, 4], 6],
];

/** Options that no call takes, by the word the error must have. */
const bad: readonly (readonly [string, object])[] = [
  ...[0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '2', null, {}, [], [1, 2, 3], true].map(
    (stride) => ['stride', { stride }] as const,
  ),
  ...[-1, 1.5, Number.NaN, 'half', null, [1, 1, 1], [], [1, 1, 1, 1, 1]].map(
    (padding) => ['padding', { padding }] as const,
  ),
  ...[0, -2, 0.5, Number.NaN, [1, 2, 3], ['1', 1]].map((dilation) => ['dilation', { dilation }] as const),
  ['relu', { relu: 1 }],
  ['strides', { strides: 2 }],
  ['option inputPadding', { inputPadding: 2 }],
];

const badGroups = [0, -1, 1.5, Number.NaN, '2', null, [2], 3].map(
  (groups) => ['groups', { groups }] as const,
);

describe('bad arguments of convolutions', () => {
  for (const [name, called, xShape, wShape, channels] of calls) {
    const call = called as Loose;
    const refusal = (argument: string, ...args: Parameters<Loose>) => {
      let thrown: unknown;
      try {
        call(...args);
      } catch (error) {
        thrown = error;
      }
      expect(thrown, `${name} ${argument}`).toBeInstanceOf(ShapeError);
      expect((thrown as ShapeError).call).toBe(name);
      expect((thrown as ShapeError).message).toContain(argument);
    };

    it(`${name} names itself and the option that is wrong`, () => {
      const [x, w, b] = [xShape, wShape, [channels]].map((shape) => zeros(device(), shape));
      const groups = name === 'depthwiseConv2d' ? [['groups', { groups: 4 }] as const] : badGroups;
      for (const [argument, options] of [...bad, ...groups]) refusal(argument, x, w, b, options);
      for (const options of [null, 3, 'stride', [1]]) refusal('options', x, w, b, options);
      call(x, w, b, {}).dispose();
    });

    it(`${name} names itself and the tensor that is wrong`, () => {
      const [x, w, b] = [xShape, wShape, [channels]].map((shape) => zeros(device(), shape));
      for (const other of [null, undefined, 3, [1, 2], zeros(device(), [2, 2])]) {
        refusal('x', other, w, b);
        refusal('weight', x, other, b);
      }
      refusal('weight', x, zeros(device(), wShape.with(-2, wShape.at(-2)! + 1).with(-1, 7)), null);
      refusal('weight', x, zeros(device(), wShape.with(0, 0)), null);
      refusal('weight', x, zeros(device(), wShape, 'f16'), b);
      refusal('x', zeros(device(), xShape, 'i32'), w, b);
      for (const other of [3, [1], zeros(device(), [channels + 1]), zeros(device(), [channels], 'i32')])
        refusal('bias', x, w, other);
    });
  }

  it('outputPadding is less than stride or dilation, by axis', () => {
    const [x, w] = [zeros(device(), [1, 3, 3, 2]), zeros(device(), [3, 3, 2, 2])];
    for (const outputPadding of [1, [0, 1], -1, 0.5, 'same'])
      expect(() => ops.conv2dTranspose(x, w, null, { outputPadding: outputPadding as number })).toThrow(
        /conv2dTranspose: outputPadding/,
      );
    const y = ops.conv2dTranspose(x, w, null, { stride: [2, 1], dilation: [1, 3], outputPadding: [1, 2] });
    expect(y.shape).toEqual([1, 8, 11, 2]);
  });

  it('sizes that leave no pixel are refused, naming what to change', () => {
    const [x, w] = [zeros(device(), [1, 3, 3, 4]), zeros(device(), [5, 1, 1, 4])];
    expect(() => ops.conv2d(x, w, null, { groups: 4 })).toThrow(/conv2d: x .*smaller than the kernel/);
    expect(() => ops.conv2dTranspose(x, w, null, { groups: 4, padding: [4, 0] })).toThrow(
      /conv2dTranspose: padding leaves/,
    );
    const same = { padding: 'same', stride: 2 } as const;
    expect(() => ops.conv2d(x, w, null, { ...same, groups: 4 })).toThrow(/conv2d: padding is 'same'/);
  });

  it('a result of another shape is refused as `into`, naming the call', () => {
    const [x, w] = [zeros(device(), [1, 3, 3, 4]), zeros(device(), [2, 2, 1, 4])];
    for (const into of [zeros(device(), [1, 3, 3, 4]), zeros(device(), [1, 4, 4, 4], 'i32'), 3 as never])
      expect(() => ops.conv2dTranspose(x, w, null, { groups: 4 }, into)).toThrow(/conv2dTranspose: into/);
  });
});
