import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { ShapeError } from '../../src/base/errors.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { checkOp, type Host, random } from '../check.ts';
import { useDevice } from '../device.ts';
import { checkGolden } from '../golden-op.ts';
import { goldenCases } from '../goldens.ts';
import { joined, sliced } from './rows.ts';

const device = useDevice();

describe('stack, split and reshape', () => {
  it('stack joins along a new axis, and its gradient takes apart', async () => {
    for (const axis of [0, 1, 2, -1])
      await checkOp(device(), {
        inputs: [1, 2, 3].map((seed) => random([2, 5], seed)),
        forward: (...parts) => ops.stack(parts, axis),
        reference: (...parts) => {
          const at = axis < 0 ? 2 : axis;
          const wider = [2, 5].toSpliced(at, 0, 1);
          return joined(
            parts.map(({ data }) => ({ shape: wider, data })),
            at,
          );
        },
      });
    const whole = tensor(device(), [1, 2], [2], 'i32');
    expect(await ops.stack([whole, whole]).read()).toEqual(Int32Array.of(1, 2, 1, 2));
  });

  it('split takes apart what concat joins, by sizes or by one size', async () => {
    for (const sizes of [[1, 0, 4], [5], 2, 1, 7] as const)
      await checkOp(device(), {
        inputs: [random([3, 5, 2], 1)],
        forward: (x) => ops.concat(ops.split(x, sizes, 1).reverse(), 1),
        reference: (x) => {
          const each =
            typeof sizes === 'number'
              ? Array.from({ length: Math.ceil(5 / sizes) }, (_, i) => Math.min(sizes, 5 - i * sizes))
              : sizes;
          const parts: Host[] = [];
          let start = 0;
          for (const size of each) {
            if (size > 0) parts.push(sliced(x, 1, start, start + size));
            start += size;
          }
          return joined(parts.reverse(), 1);
        },
      });
  });

  it('stack and split equal torch', async () => {
    for (const one of await goldenCases('stack', 'stack'))
      await checkGolden(device(), one, ({ a, b, c }) => ops.stack([a!, b!, c!], Number(one.attrs.axis)), 0);
    for (const one of await goldenCases('stack', 'split')) {
      const { axis, sizes } = one.attrs as { axis: number; sizes: number[] };
      const forward = ({ x }: Record<string, Tensor>) =>
        ops.concat(
          ops.split(x!, sizes, axis).map((part, i) => ops.affine(part, i)),
          axis,
        );
      await checkGolden(device(), one, forward as never, 1e-6);
    }
  });

  it('reshape finds one size itself, and says what does not fit', async () => {
    await checkOp(device(), {
      inputs: [random([2, 6], 1)],
      forward: (x) => ops.reshape(x, [3, -1]),
      reference: ({ data }) => ({ shape: [3, 4], data }),
    });
    const x = zeros(device(), [2, 6]);
    expect(() => ops.reshape(x, [5, -1])).toThrow('reshape: shape [5, -1] does not hold 12 elements');
    expect(() => ops.reshape(x, [-1, -1])).toThrow(ShapeError);
    expect(() => ops.reshape(x, [2.5, 2])).toThrow('reshape: shape is [2.5, 2]');
    expect(() => ops.reshape(x, 12 as never)).toThrow('reshape: shape is 12');
    expect(() => ops.reshape(zeros(device(), [0, 2]), [0, -1])).toThrow(ShapeError);
    expect(ops.reshape(zeros(device(), [0, 2]), [-1, 3]).shape).toEqual([0, 3]);
  });

  it('refuse lists that hold no tensors', () => {
    const x = zeros(device(), [2, 3]);
    for (const [name, join] of Object.entries({ concat: ops.concat, stack: ops.stack })) {
      expect(() => join([])).toThrow(`${name}: tensors is an empty list. At least one tensor is needed.`);
      expect(() => join(x as never)).toThrow(`${name}: tensors is an object (Tensor)`);
      expect(() => join([x, [1]] as never)).toThrow(`${name}: tensors[1] is [1]. A tensor is needed.`);
      expect(() => join([x, zeros(device(), [3, 2])])).toThrow(`${name}: tensors[1] has shape [3, 2]`);
    }
    expect(() => ops.concat([zeros(device(), [])])).toThrow('concat: axis is -1, but x has no axis');
    expect(() => ops.stack([x], 3)).toThrow('stack: axis is 3. A whole number -3 … 2 is needed.');
    expect(() => ops.split(x, [1, 1])).toThrow('split: sizes add up to 2. They must add up to the axis, 3.');
    expect(() => ops.split(x, 0)).toThrow('split: size is 0');
    expect(() => ops.split(x, [4, -1])).toThrow('split: sizes[1] is -1');
    expect(() => ops.split(7 as never, 1)).toThrow('split: x is 7. A tensor is needed.');
  });
});
