import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { ShapeError } from '../../src/base/errors.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { checkOp, expectClose, type Host, host, poisoned, random } from '../check.ts';
import { useDevice } from '../device.ts';
import { checkGolden } from '../golden-op.ts';
import { goldenCases } from '../goldens.ts';

const device = useDevice();

/** Element of the result by its coordinates, in any order of x's. */
function built(shape: readonly number[], at: (coordinates: readonly number[]) => number): Host {
  const size = shape.reduce((a, b) => a * b, 1);
  return host(
    shape,
    Array.from({ length: size }, (_, i) => {
      let rest = i;
      return at(
        shape
          .toReversed()
          .map((length) => {
            const own = rest % length;
            rest = Math.floor(rest / length);
            return own;
          })
          .toReversed(),
      );
    }),
  );
}

const element = ({ shape, data }: Host, coordinates: readonly number[]) =>
  data[coordinates.reduce((offset, c, axis) => offset * shape[axis]! + c, 0)]!;

describe('padReflect', () => {
  it('and its gradient match f64 over awkward shapes, along every axis', async () => {
    const cases: [number[], number, number, number][] = [
      [[2], 0, 1, 1],
      [[1], 0, 0, 0],
      [[3, 1], 0, 2, 0],
      [[2, 3, 5, 7], 1, 2, 1],
      [[2, 3, 5, 8], 2, 3, 4],
      [[2, 3, 4], -1, 1, 3],
      [[0, 3, 2], 1, 2, 2],
    ];
    for (const [shape, axis, before, after] of cases) {
      const at = axis < 0 ? axis + shape.length : axis;
      await checkOp(device(), {
        inputs: [random(shape)],
        forward: (x) => ops.padReflect(x!, before, after, axis),
        reference: (x) =>
          built(shape.with(at, before + shape[at]! + after), (coordinates) => {
            const place = Math.abs(coordinates[at]! - before);
            const last = shape[at]! - 1;
            return element(x!, coordinates.with(at, last - Math.abs(last - place)));
          }),
      });
    }
  });

  it('equals torch on all sides of images', async () => {
    for (const one of await goldenCases('places', 'padReflect')) {
      const [top, bottom, left, right] = one.attrs.sides as readonly [number, number, number, number];
      await checkGolden(device(), one, ({ x }) =>
        ops.padReflect(ops.padReflect(x!, top, bottom, 1), left, right, 2),
      );
    }
  });
});

describe('pixelShuffle and pixelUnshuffle', () => {
  it('equal torch', async () => {
    for (const [name, op] of Object.entries({
      pixelShuffle: ops.pixelShuffle,
      pixelUnshuffle: ops.pixelUnshuffle,
    }))
      for (const one of await goldenCases('places', name))
        await checkGolden(device(), one, ({ x }) => op(x!, Number(one.attrs.factor)));
  });

  it('are inverse to each other, of any dtype, of no images too', async () => {
    for (const shape of [
      [2, 3, 1, 18],
      [0, 2, 2, 9],
    ]) {
      const values = Uint32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i);
      const x = tensor(device(), values, shape, 'u32');
      const there = ops.pixelShuffle(x, 3);
      expect(there.shape).toEqual([shape[0], shape[1]! * 3, shape[2]! * 3, shape[3]! / 9]);
      expect(await ops.pixelUnshuffle(there, 3).read()).toEqual(values);
    }
  });
});

describe('by index', () => {
  const indicesOf = (count: number, size: number, seed = 5) =>
    Array.from(random([count], seed, 0, size).data, Math.floor);

  it('gather and scatterAdd match f64, each the gradient of the other', async () => {
    const cases: [number[], number, number][] = [
      [[1], 0, 3],
      [[5, 3], 0, 7],
      [[2, 3, 4, 8], 2, 5],
      [[2, 70], 1, 3],
      [[0, 3], 1, 2],
      [[2, 3], 1, 0],
    ];
    for (const [shape, axis, places] of cases) {
      const taken = shape.with(axis, places);
      const count = taken.reduce((a, b) => a * b, 1);
      const list = indicesOf(count, shape[axis]!);
      const indices = tensor(device(), list, taken, 'i32');
      const at = host(taken, list);
      await checkOp(device(), {
        inputs: [random(shape)],
        forward: (x) => ops.gather(x!, indices, axis),
        reference: (x) => built(taken, (c) => element(x!, c.with(axis, element(at, c)))),
        reduction: 4,
      });
      await checkOp(device(), {
        inputs: [random(shape), random(taken, 2)],
        forward: (x, source) => ops.scatterAdd(x!, indices, source!, axis),
        reference: (x, source) =>
          built(shape, (c) => {
            const places = Array.from({ length: taken[axis]! }, (_, k) => c.with(axis, k));
            const mine = places.filter((place) => element(at, place) === c[axis]);
            return mine.reduce((sum, place) => sum + element(source!, place), element(x!, c));
          }),
        reduction: 4,
      });
    }
  });

  it('equal torch', async () => {
    const calls: Record<string, (inputs: Readonly<Record<string, Tensor>>, axis: number) => Tensor> = {
      gather: ({ x, indices }, axis) => ops.gather(x!, indices!, axis),
      indexSelect: ({ x, indices }, axis) => ops.indexSelect(x!, indices!, axis),
      scatterAdd: ({ x, indices, source }, axis) => ops.scatterAdd(x!, indices!, source!, axis),
      indexAdd: ({ x, indices, source }, axis) => ops.indexAdd(x!, indices!, source!, axis),
      embedding: ({ table, indices }) => ops.embedding(table!, indices!),
    };
    for (const [op, call] of Object.entries(calls))
      for (const one of await goldenCases('places', op))
        await checkGolden(device(), one, (inputs) => call(inputs, Number(one.attrs.axis)));
  });

  it('take any dtype: a table of permutations gives permutations, which give pieces in their order', async () => {
    const table = tensor(device(), [0, 1, 2, 2, 0, 1, 1, 2, 0], [3, 3], 'u32');
    const orders = ops.embedding(table, tensor(device(), [2, 1], [2], 'u32'));
    expect([...(await orders.read())]).toEqual([1, 2, 0, 2, 0, 1]);
    const pieces = tensor(device(), [10, 11, 12, 20, 21, 22], [2, 3], 'f16');
    if (device().caps.f16)
      expect([...(await ops.gather(pieces, orders).read())]).toEqual([11, 12, 10, 22, 20, 21]);
    else expect(() => ops.gather(pieces, orders)).toThrow('gather: x has dtype f16');
    const flags = tensor(device(), [true, false, true], [3], 'bool');
    expect([...(await ops.indexSelect(flags, tensor(device(), [1, 0, 1], [3], 'i32')).read())]).toEqual([
      0, 1, 0,
    ]);
  });

  it('sums are the same bits every run', async () => {
    const source = tensor(device(), random([3000, 5], 1, -1e6, 1e6).data, [3000, 5]);
    const indices = tensor(device(), indicesOf(3000, 3), [3000], 'u32');
    const sums = () => ops.indexAdd(zeros(device(), [3, 5]), indices, source, 0).read();
    expect(await sums()).toEqual(await sums());
  });

  it('an index that is no place raises at the next read, and no number stands in for it', async () => {
    const x = tensor(device(), [1, 2, 3], [3]);
    const wrong = tensor(device(), [0, -2], [2], 'i32');
    for (const [call, message] of [
      [() => ops.gather(x, wrong), 'gather: indices hold -2, but the axis has places 0 … 2'],
      [() => ops.embedding(x, tensor(device(), [3, 1], [2], 'u32')), 'embedding: indices hold 3, but'],
      [() => ops.scatterAdd(x, wrong, zeros(device(), [2])), 'scatterAdd: indices hold -2'],
    ] as const)
      await expect(call().read()).rejects.toThrow(message);
    const taken = ops.gather(x, wrong);
    await expect(device().sync()).rejects.toMatchObject({
      name: 'IndexError',
      code: 'INDEX',
      index: -2,
      size: 3,
    });
    expect([...(await taken.read())]).toEqual([1, Number.NaN]);
  });
});

describe('topK', () => {
  it('equals torch, the places too, NaN and infinities among them', async () => {
    for (const one of await goldenCases('places', 'topK')) {
      const { k, axis, largest } = one.attrs as { k: number; axis: number; largest: boolean };
      await checkGolden(device(), one, ({ x }) => ops.topK(x!, k, { axis, largest }).values);
      const { data, shape } = one.inputs.x!;
      const { indices } = ops.topK(tensor(device(), data, shape), k, { axis, largest });
      expect(await indices.read()).toEqual(one.outputs.indices!.data);
    }
  });

  it('and its gradient match a stable sort over awkward shapes: of equals the first comes first', async () => {
    const cases: [number[], number, number][] = [
      [[1], 0, 1],
      [[3, 33], 1, 5],
      [[4, 6, 5], 1, 6],
      [[0, 3], 1, 2],
      [[2, 3], 1, 0],
    ];
    for (const [shape, axis, k] of cases) {
      const x = random(shape, 8, -2, 2);
      const few = host(shape, x.data.map(Math.round));
      for (const largest of [true, false]) {
        const sorted = (from: Host) => (c: readonly number[]) =>
          Array.from({ length: shape[axis]! }, (_, i) => ({ i, v: element(from, c.with(axis, i)) })).sort(
            (p, q) => (largest ? q.v - p.v : p.v - q.v) || p.i - q.i,
          )[c[axis]!]!;
        const found = shape.with(axis, k);
        await checkOp(device(), {
          inputs: [x],
          forward: (input) => ops.topK(input!, k, { axis, largest }).values,
          reference: (from) => built(found, (c) => sorted(from!)(c).v),
        });
        await poisoned(device(), async () => {
          const { indices } = ops.topK(tensor(device(), few.data, shape), k, { axis, largest });
          const expected = built(found, (c) => sorted(few)(c).i);
          expectClose(await indices.read(), expected.data, 0, 'places');
        });
      }
    }
  });

  it('orders whole numbers, and takes 0 and −0 for equal', async () => {
    const of = async (values: readonly number[], dtype: 'i32' | 'u32' | 'f32', largest = true) => [
      ...(await ops.topK(tensor(device(), values, [values.length], dtype), 3, { largest }).indices.read()),
    ];
    expect(await of([-1, 2147483647, -2147483648, 5], 'i32')).toEqual([1, 3, 0]);
    expect(await of([1, 4294967295, 0, 2147483648], 'u32', false)).toEqual([2, 0, 3]);
    expect(await of([-0, 0, -0, -1], 'f32')).toEqual([0, 1, 2]);
  });
});

describe('what moves elements, as called', () => {
  it('names the call, the argument and what is wrong', () => {
    const x = zeros(device(), [2, 3]);
    const images = zeros(device(), [1, 3, 4, 6]);
    const places = zeros(device(), [2], 'i32');
    const wrong: [() => unknown, string][] = [
      [() => ops.padReflect(x, 3, 0), 'padReflect: before is 3, but axis -1 of x has 3. At most 2 fit'],
      [() => ops.padReflect(x, 0, 1.5), 'padReflect: after is 1.5'],
      [() => ops.padReflect(zeros(device(), [1]), 1, 0), 'Nothing can be mirrored there'],
      [() => ops.padReflect(places, 1, 0), 'padReflect: x has dtype i32'],
      [() => ops.pixelShuffle(images, 2), 'pixelShuffle: x has 6 channels. A multiple of 4 is needed'],
      [() => ops.pixelShuffle(x, 2), 'pixelShuffle: x has shape [2, 3]. Rank 4 is needed'],
      [() => ops.pixelUnshuffle(images, 2), 'pixelUnshuffle: x has 3×4 pixels'],
      [() => ops.pixelUnshuffle(images, 0), 'pixelUnshuffle: factor is 0'],
      [() => ops.gather(x, places), 'gather: indices have shape [2]. Shape [2, 3] but for axis -1'],
      [
        () => ops.gather(x, zeros(device(), [3, 3], 'i32')),
        'gather: indices has shape [3, 3]. [2, 3] is needed',
      ],
      [
        () => ops.gather(x, x),
        "gather: indices have dtype f32. i32 or u32 are needed; use cast(indices, 'i32')",
      ],
      [() => ops.indexSelect(zeros(device(), [2, 0]), places), 'has nothing along axis -1 of [2, 0]'],
      [() => ops.indexSelect(x, places, 2), 'indexSelect: axis is 2'],
      [() => ops.embedding(zeros(device(), []), places), 'embedding: table has shape []'],
      [() => ops.embedding(x, [1] as never), 'embedding: indices is'],
      [() => ops.indexAdd(x, places, x), 'indexAdd: source has shape [2, 3]. [2, 2] is needed'],
      [() => ops.scatterAdd(places, places, places), 'scatterAdd: source has dtype i32'],
      [() => ops.topK(x, 4), 'topK: k is 4. A whole number 0 … 3 is needed'],
      [() => ops.topK(x, 1, { smallest: true } as never), 'topK: option smallest is unknown'],
      [() => ops.topK(x, 1, { largest: 0 as never }), 'topK: largest is 0'],
      [() => ops.topK(zeros(device(), [2], 'bool'), 1), 'topK: x has dtype bool'],
    ];
    for (const [call, message] of wrong) {
      expect(call).toThrow(ShapeError);
      expect(call).toThrow(message);
    }
  });
});
