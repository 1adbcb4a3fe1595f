import { describe, expect, it } from 'vitest';
import { apply } from '../../src/autograd/apply.ts';
import * as ops from '../../src/autograd/ops.ts';
import { capture } from '../../src/autograd/step.ts';
import { ShapeError } from '../../src/base/errors.ts';
import { batchMatmul } from '../../src/kernels/batchMatmul.ts';
import { broadcastStrides } from '../../src/kernels/strides.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import { broadcastShapes, elementCount, type Shape } from '../../src/tensor/shape.ts';
import { checkOp, expectClose, type Host, random } from '../check.ts';
import { useDevice } from '../device.ts';
import { checkGolden } from '../golden-op.ts';
import { goldenCases } from '../goldens.ts';

/** Of the last two axes, by plain loops. */
function turned({ shape, data }: Host): Host {
  const [rows, columns] = shape.slice(-2) as [number, number];
  const values = data.map((_, i) => {
    const [matrix, at] = [Math.floor(i / (rows * columns)), i % (rows * columns)];
    return data[matrix * rows * columns + (at % rows) * columns + Math.floor(at / rows)]!;
  });
  return { shape: [...shape.slice(0, -2), columns, rows], data: values };
}

function product(a: Host, b: Host): Host {
  const [n, k] = a.shape.slice(-2) as [number, number];
  const m = b.shape.at(-1)!;
  const batch = broadcastShapes('reference', a.shape.slice(0, -2), b.shape.slice(0, -2));
  const places = [a, b].map((x) => broadcastStrides(x.shape.slice(0, -2), batch));
  const data = new Float64Array(elementCount(batch) * n * m);
  for (let matrix = 0; matrix < elementCount(batch); matrix++) {
    let rest = matrix;
    const from = [0, 0];
    for (let axis = batch.length - 1; axis >= 0; axis--) {
      const c = rest % batch[axis]!;
      rest = Math.floor(rest / batch[axis]!);
      from[0]! += c * places[0]![axis]!;
      from[1]! += c * places[1]![axis]!;
    }
    for (let i = 0; i < n; i++)
      for (let j = 0; j < m; j++)
        for (let d = 0; d < k; d++)
          data[(matrix * n + i) * m + j]! +=
            a.data[from[0]! * n * k + i * k + d]! * b.data[from[1]! * k * m + d * m + j]!;
  }
  return { shape: [...batch, n, m], data };
}

/** Shapes as they are multiplied. */
const shapes: readonly [Shape, Shape][] = [
  [
    [3, 1, 1],
    [3, 1, 1],
  ],
  [
    [2, 3, 5, 7],
    [2, 3, 7, 6],
  ],
  [
    [2, 8, 12],
    [2, 12, 16],
  ],
  [
    [2, 33, 20],
    [2, 20, 36],
  ],
  [
    [2, 1, 5, 8],
    [3, 8, 4],
  ],
  [
    [4, 7],
    [2, 7, 3],
  ],
  [
    [2, 37, 17],
    [2, 17, 35],
  ],
  [
    [0, 3, 5],
    [0, 5, 2],
  ],
  [
    [2, 3, 0],
    [2, 0, 4],
  ],
];

for (const variant of ['quads', 'tiled', 'direct'])
  describe(`batches of products by ${variant}`, () => {
    const device = useDevice({ variants: { batchMatmul: variant } });

    it('match f64 over awkward shapes, however the matrices lie, gradients included', async () => {
      for (const [left, right] of shapes)
        for (const transposeA of [false, true])
          for (const transposeB of [false, true]) {
            const [a, b] = [random(left, 1), random(right, 2)];
            const lying = [transposeA ? turned(a) : a, transposeB ? turned(b) : b];
            await checkOp(device(), {
              inputs: lying,
              forward: (p, q) => ops.matmul(p, q, { transposeA, transposeB }),
              reference: (p, q) => product(transposeA ? turned(p) : p, transposeB ? turned(q) : q),
              reduction: 40,
            });
          }
    });

    it('are exact in f16 where they fit, summed in f32', async () => {
      if (!device().caps.f16) return;
      for (const k of [12, 13]) {
        const a = tensor(device(), new Array(2 * 5 * k).fill(0.5), [2, 5, k], 'f16');
        const b = tensor(device(), new Array(2 * k * 8).fill(0.25), [2, k, 8], 'f16');
        expect([...(await ops.matmul(a, b).read())]).toEqual(new Array(80).fill(k / 8));
      }
    });

    it('do not spread NaN beyond its row and column', async () => {
      const a = random([2, 5, 6], 1).data.slice();
      a[2 * 6 + 1] = Number.NaN;
      const b = random([2, 6, 5], 2).data;
      const y = await ops.matmul(tensor(device(), a, [2, 5, 6]), tensor(device(), b, [2, 6, 5])).read();
      expect([...y].map(Number.isNaN)).toEqual(Array.from({ length: 50 }, (_, i) => i >= 10 && i < 15));
    });
  });

describe('matmul and linear', () => {
  const device = useDevice();

  it('equal torch', async () => {
    for (const one of await goldenCases('products')) {
      const { transposeA, transposeB } = one.attrs as { transposeA: boolean; transposeB: boolean };
      await checkGolden(device(), one, ({ a, b, x, weight, bias }) =>
        x ? ops.linear(x, weight!, bias!) : ops.matmul(a!, b!, { transposeA, transposeB }),
      );
    }
  });

  it('with one matrix on the right is the same as a batch, with gradients', async () => {
    for (const options of [{}, { transposeB: true }, { transposeA: true }]) {
      const a = random([2, 3, 4, 5], 1);
      const b = random(options.transposeB ? [6, 5] : [options.transposeA ? 4 : 5, 6], 2);
      const whole = { transposeA: false, transposeB: false, ...options };
      const [p, q] = [a, b].map(({ data, shape }) => tensor(device(), data, shape)) as never as [
        never,
        never,
      ];
      const batch = await apply(batchMatmul, [p, q], whole).read();
      expectClose(await ops.matmul(p, q, options).read(), batch, 1e-6, 'matmul');
      await checkOp(device(), {
        inputs: [a, b],
        forward: (x, y) => ops.matmul(x, y, options),
        reference: (x, y) => product(options.transposeA ? turned(x) : x, options.transposeB ? turned(y) : y),
        reduction: 40,
      });
    }
  });

  it('run in a captured step', async () => {
    const [a, b] = [random([2, 3, 4], 1), random([2, 4, 5], 2)];
    const [p, q] = [a, b].map(({ data, shape }) => tensor(device(), data, shape)) as never as [never, never];
    const step = await capture(device(), () => ({ y: ops.matmul(p, q) }));
    step.run();
    expectClose(await step.outputs.y.read(), product(a, b).data, 1e-6, 'y');
    step.dispose();
  });

  it('of nothing give zeros, or the bias', async () => {
    const bias = tensor(device(), [1, 2, 3], [3]);
    const y = ops.linear(zeros(device(), [2, 4, 0]), zeros(device(), [0, 3]), bias);
    expect(y.shape).toEqual([2, 4, 3]);
    expect([...(await y.read())]).toEqual(new Array(8).fill([1, 2, 3]).flat());
    expect(ops.linear(zeros(device(), [0, 2]), zeros(device(), [2, 3]), bias).shape).toEqual([0, 3]);
    expect([...(await ops.matmul(zeros(device(), [2, 0]), zeros(device(), [0, 2])).read())]).toEqual([
      0, 0, 0, 0,
    ]);
  });

  it('say by the name of the call what does not fit', () => {
    const of = (...shape: number[]) => zeros(device(), shape);
    const wrong: [() => unknown, string][] = [
      [() => ops.matmul(of(3), of(3, 2)), 'matmul: a has shape [3]. Rank 2 or more is needed'],
      [() => ops.matmul(of(2, 3), of(3)), 'matmul: b has shape [3]'],
      [() => ops.matmul(of(2, 3), of(4, 2)), 'matmul: b [4, 2] does not follow a, [2, 3]'],
      [() => ops.matmul(of(2, 3), of(3, 2), { transposeB: true }), 'matmul: b [3, 2] transposed does not'],
      [() => ops.matmul(of(2, 3, 4), of(3, 4, 5)), 'matmul: b has shape [3], which does not broadcast'],
      [() => ops.matmul(of(2, 3), zeros(device(), [3, 2], 'f16')), 'matmul: b has dtype f16'],
      [() => ops.matmul(zeros(device(), [2, 2], 'i32'), of(2, 2)), 'matmul: a has dtype i32'],
      [() => ops.matmul(of(2, 3), null as never), 'matmul: b is null'],
      [
        () => ops.matmul(of(2, 2), of(2, 2), { transpose: true } as never),
        'matmul: option transpose is unknown',
      ],
      [() => ops.matmul(of(2, 2), of(2, 2), { transposeA: 1 as never }), 'matmul: transposeA is 1'],
      [() => ops.linear(of(3), of(3, 2)), 'linear: weight [3, 2] does not follow x, [3]'],
      [() => ops.linear(of(2, 5, 3), of(4, 2)), 'linear: weight [4, 2] does not follow x, [2, 5, 3]'],
      [() => ops.linear(of(2, 5, 3), of(3, 2), of(3)), 'linear: bias has shape [3]'],
      [() => ops.linear(of(0, 3), of(3, 2), of(3)), 'linear: bias has shape [3]'],
      [() => ops.linear(of(2, 3), of(3, 2), 1 as never), 'linear: bias is 1'],
      [() => ops.linear(of(0, 3), of(3, 2), 1 as never), 'linear: bias is 1'],
    ];
    for (const [call, message] of wrong) {
      expect(call).toThrow(ShapeError);
      expect(call).toThrow(message);
    }
  });
});
