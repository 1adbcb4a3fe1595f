import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import { ShapeError } from '../../src/tensor/errors.ts';
import type { Shape } from '../../src/tensor/shape.ts';
import { checkOp, type Host, host, random } from '../check.ts';
import { useDevice } from '../device.ts';
import { checkGolden } from '../golden-op.ts';
import { goldenCases } from '../goldens.ts';

const device = useDevice();

/** One row for each index along the axes before `axis`. */
function rows({ shape, data }: Host, axis: number): number[][] {
  const length = shape.slice(axis).reduce((a, b) => a * b, 1);
  return Array.from({ length: data.length / length }, (_, i) => [
    ...data.subarray(i * length, (i + 1) * length),
  ]);
}

function joined(parts: readonly Host[], axis: number): Host {
  const shape = parts[0]!.shape.map((size, i) =>
    i === axis ? parts.reduce((sum, part) => sum + part.shape[axis]!, 0) : size,
  );
  const each = parts.map((part) => rows(part, axis));
  return host(
    shape,
    each[0]!.flatMap((_, row) => each.flatMap((part) => part[row]!)),
  );
}

function sliced(x: Host, axis: number, start: number, end: number): Host {
  const inner = x.shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  const shape = x.shape.map((size, i) => (i === axis ? end - start : size));
  return host(
    shape,
    rows(x, axis).flatMap((row) => row.slice(start * inner, end * inner)),
  );
}

function padded(x: Host, axis: number, before: number, after: number): Host {
  const inner = x.shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  const shape = x.shape.map((size, i) => (i === axis ? before + size + after : size));
  const zeros = (count: number) => new Array<number>(count * inner).fill(0);
  return host(
    shape,
    rows(x, axis).flatMap((row) => [...zeros(before), ...row, ...zeros(after)]),
  );
}

const joins: readonly [number, readonly Shape[]][] = [
  [0, [[1], [3]]],
  [
    3,
    [
      [1, 1, 1, 1],
      [1, 1, 1, 2],
    ],
  ],
  [
    3,
    [
      [2, 3, 5, 4],
      [2, 3, 5, 8],
    ],
  ],
  [
    3,
    [
      [2, 3, 5, 3],
      [2, 3, 5, 4],
      [2, 3, 5, 1],
    ],
  ],
  [
    1,
    [
      [2, 1, 5, 3],
      [2, 4, 5, 3],
    ],
  ],
  [
    0,
    [
      [2, 3],
      [5, 3],
    ],
  ],
];

describe('concat, slice and pad', () => {
  it('concat joins any number of tensors along any axis, and its gradient takes them apart', async () => {
    for (const [axis, shapes] of joins) {
      await checkOp(device(), {
        inputs: shapes.map((shape, i) => random(shape, i + 1)),
        forward: (...parts) => ops.concat(parts, axis),
        reference: (...parts) => joined(parts, axis),
      });
    }
  });

  it('slice cuts along any axis, and its gradient is 0 around the cut', async () => {
    for (const [axis, start, end] of [
      [3, 0, 8],
      [3, 4, 8],
      [3, 1, 2],
      [2, 2, 4],
      [1, 1, 3],
      [0, 1, 2],
    ] as const) {
      await checkOp(device(), {
        inputs: [random([2, 3, 5, 8], 1)],
        forward: (x) => ops.slice(x, start, end, axis),
        reference: (x) => sliced(x, axis, start, end),
      });
    }
  });

  it('pad adds zeros on both sides, and its gradient cuts them off', async () => {
    for (const [axis, before, after] of [
      [3, 0, 0],
      [3, 4, 8],
      [2, 1, 2],
      [0, 0, 1],
    ] as const) {
      await checkOp(device(), {
        inputs: [random([2, 3, 5, 4], 1)],
        forward: (x) => ops.pad(x, before, after, axis),
        reference: (x) => padded(x, axis, before, after),
      });
    }
  });

  it('concat and slice equal torch', async () => {
    for (const one of await goldenCases('concat', 'concat'))
      await checkGolden(
        device(),
        one,
        ({ a, b, c }) => ops.concat(c ? [a!, b!, c] : [a!, b!], Number(one.attrs.axis)),
        0,
      );
    for (const one of await goldenCases('concat', 'slice')) {
      const { axis, start, end } = one.attrs as { axis: number; start: number; end: number };
      await checkGolden(device(), one, ({ x }) => ops.slice(x!, start, end, axis), 0);
    }
  });

  it('move integers and halves as they are', async () => {
    const whole = tensor(device(), [-1, 2 ** 30 + 1, 3], [1, 3], 'i32');
    expect([...(await ops.concat([whole, whole]).read())]).toEqual([-1, 2 ** 30 + 1, 3, -1, 2 ** 30 + 1, 3]);
    const half = tensor(device(), [0.5, 1, 2, 3], [2, 2], 'f16');
    expect([...(await ops.concat([half, half]).read())]).toEqual([0.5, 1, 0.5, 1, 2, 3, 2, 3]);
    const odd = () => ops.slice(half, 1, 2);
    if (device().caps.f16) expect([...(await odd().read())]).toEqual([1, 3]);
    else expect(odd).toThrow("Use cast(x, 'f32')");
  });

  it('refuse shapes that differ elsewhere and ranges outside the axis', () => {
    const x = zeros(device(), [2, 3]);
    expect(() => ops.concat([x, zeros(device(), [3, 3])])).toThrow(ShapeError);
    expect(() => ops.concat([x, zeros(device(), [2, 3], 'i32')])).toThrow('dtype i32');
    expect(() => ops.slice(x, 2, 4)).toThrow('axis -1 of [2, 3]');
    expect(() => ops.pad(x, -1, 0)).toThrow(ShapeError);
  });
});
