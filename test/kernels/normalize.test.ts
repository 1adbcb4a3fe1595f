import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { capture } from '../../src/autograd/step.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { ShapeError } from '../../src/base/errors.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import { elementCount, type Shape } from '../../src/tensor/shape.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { checkOp, expectClose, type Host, poisoned, random } from '../check.ts';
import { useDevice } from '../device.ts';
import { checkGolden } from '../golden-op.ts';
import { goldenCases } from '../goldens.ts';
import { hasHalf } from '../half.ts';

const device = useDevice();
const upload = ({ data, shape }: Host): Tensor => tensor(device(), data, shape);
const powers = [1, 2, Number.POSITIVE_INFINITY];

function normOf(values: readonly number[], p: number): number {
  const magnitudes = values.map(Math.abs);
  if (p === 1) return magnitudes.reduce((a, b) => a + b, 0);
  return p === 2 ? Math.sqrt(magnitudes.reduce((a, b) => a + b * b, 0)) : Math.max(0, ...magnitudes);
}

function reference({ shape, data }: Host, p: number, axis: number, epsilon = 1e-12): Host {
  const inner = elementCount(shape.slice(axis + 1));
  const size = shape[axis]!;
  const norms = new Map<number, number>();
  const result = data.map((v, i) => {
    const first = Math.floor(i / (size * inner)) * size * inner + (i % inner);
    const vector = () => Array.from({ length: size }, (_, k) => data[first + k * inner]!);
    const norm = norms.get(first) ?? normOf(vector(), p);
    norms.set(first, norm);
    return v / Math.max(norm, epsilon);
  });
  return { shape, data: result };
}

const shapes: readonly (readonly [Shape, axis: number])[] = [
  [[1], 0],
  [[3, 1], 1],
  [[3, 8], 1],
  [[2, 3, 5, 7], 3],
  [[2, 3, 5, 7], 1],
  [[2, 3, 5, 8], 2],
  [[6, 5], 0],
  [[1, 2, 301], 2],
  [[2, 150, 4], 1],
];

/** Vectors and the gradient of Σ y·dy, made eagerly or in a captured step. */
async function run(x: Tensor, options: ops.NormalizeOptions, captured = false): Promise<number[][]> {
  x.requiresGrad = true;
  const dy = ops.cast(upload(random(x.shape, 7)), x.dtype);
  const once = () => {
    using tape = new Tape();
    const y = ops.normalize(x, options);
    tape.backward(y, dy);
    return { y, dx: x.grad! };
  };
  const step = captured ? await capture(device(), once) : undefined;
  step?.run();
  const { y, dx } = step?.outputs ?? once();
  const values = [[...(await y.read())], [...(await dx.read())]];
  step?.dispose();
  x.grad?.dispose();
  x.grad = undefined;
  return values;
}

describe('normalize', () => {
  for (const p of powers) {
    it(`by norm ${p} matches f64, vectors and gradient, over awkward shapes`, async () => {
      for (const [shape, axis] of shapes)
        await checkOp(device(), {
          inputs: [random(shape, 3, -1, 2)],
          forward: (x) => ops.normalize(x, { p, axis }),
          reference: (x) => reference(x, p, axis),
          reduction: 16,
        });
    });

    it(`by norm ${p} leaves vectors of zeros, with a gradient of dy/epsilon`, async () => {
      const [y, dx] = await run(zeros(device(), [3, 5]), { p, epsilon: 2 ** -10 });
      expect(y).toEqual(new Array(15).fill(0));
      expect(dx).toEqual([...random([3, 5], 7).data].map((v) => v * 1024));
    });

    it(`by norm ${p} has NaN spoil its vector, and an infinity bring the others of its vector to 0`, async () => {
      const x = random([4, 6], 2);
      const plain = [...reference(x, p, 1).data];
      x.data[1] = Number.NaN;
      x.data[8] = Number.NEGATIVE_INFINITY;
      const expected = plain.map((v, i) => {
        if (i < 6 || i === 8) return Number.NaN;
        return i < 12 ? 0 : v;
      });
      const [y, dx] = await run(upload(x), { p });
      expectClose(y!.map(Math.abs), expected.map(Math.abs), 1e-6, 'y');
      expect(dx!.map((v) => Number.isNaN(v))).toEqual(plain.map((_, i) => i < 12));
    });

    it(`by norm ${p} gives the same bits in a captured step, and of nothing nothing`, async () => {
      const x = upload(random([2, 40, 3], 1));
      expect(await run(x, { p, axis: 1 }, true)).toEqual(await run(x, { p, axis: 1 }));
      for (const shape of [
        [0, 3],
        [3, 0],
      ])
        expect(await poisoned(device(), () => run(zeros(device(), shape), { p }))).toEqual([[], []]);
    });

    it.runIf(hasHalf)(`by norm ${p} in f16 matches f32 on the same values`, async () => {
      for (const [shape, axis] of shapes) {
        const half = ops.cast(upload(random(shape, 5)), 'f16');
        const [rough, fine] = [await run(half, { p, axis }), await run(ops.cast(half, 'f32'), { p, axis })];
        for (const [i, values] of rough.entries()) expectClose(values, fine[i]!, 2e-3, `${shape} ${i}`);
      }
    });
  }

  it('equals torch, zeros, short vectors and equal largest magnitudes included', async () => {
    for (const one of await goldenCases('normalize')) {
      const { p, axis, epsilon } = one.attrs as { p: number; axis: number; epsilon: number };
      const options = { p: p === 0 ? Number.POSITIVE_INFINITY : p, axis, epsilon };
      await checkGolden(device(), one, ({ x }) => ops.normalize(x!, options), 3e-6);
    }
  });

  it('takes by default Euclidean norms of the last axis, and gives back the length of long vectors', async () => {
    expectClose(
      await ops.normalize(upload({ shape: [2, 2], data: new Float64Array([3, 4, 0, -2]) })).read(),
      [0.6, 0.8, 0, -1],
      1e-6,
      'y',
    );
    const long = random([1, 90_001], 4);
    expectClose(await ops.normalize(upload(long)).read(), reference(long, 2, 1).data, 1e-5, 'long');
  });

  it('refuses other norms, axes out of range, a negative epsilon, integers and unknown options', () => {
    const x = zeros(device(), [2, 3]);
    const wrong: readonly (readonly [() => unknown, RegExp])[] = [
      [() => ops.normalize(x, { p: 3 }), /^normalize: p is 3\. Use one of 1, 2, Infinity/],
      [() => ops.normalize(x, { p: Number.NaN }), /^normalize: p is NaN/],
      [() => ops.normalize(x, { axis: 2 }), /^normalize: axis is 2/],
      [() => ops.normalize(x, { axis: 0.5 }), /^normalize: axis is 0\.5/],
      [() => ops.normalize(x, { epsilon: -1 }), /^normalize: epsilon is -1/],
      [() => ops.normalize(zeros(device(), [])), /^normalize: axis is -1, but x has no axis/],
      [() => ops.normalize(zeros(device(), [3], 'i32')), /^normalize: x has dtype i32/],
      [() => ops.normalize(x, { dim: 0 } as never), /^normalize: option dim is unknown/],
    ];
    for (const [action, message] of wrong) {
      expect(action).toThrow(ShapeError);
      expect(action).toThrow(message);
    }
  });
});
