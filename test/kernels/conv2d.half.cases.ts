/** @file The cases every convolution variant that computes f16 must pass. */
import { expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { fromHalfBits, toHalfBits } from '../../src/base/half.ts';
import { uniforms } from '../../src/base/random.ts';
import type { Conv2dAttrs, ConvTranspose2dAttrs } from '../../src/kernels/index.ts';
import { tensor } from '../../src/tensor/create.ts';
import type { Device } from '../../src/tensor/device.ts';
import { scope } from '../../src/tensor/scope.ts';
import { elementCount, type Shape } from '../../src/tensor/shape.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { checkOp, type Host, host, poisoned, random } from '../check.ts';
import * as reference from '../reference.ts';

/** Half an ulp of f16, for the result, and as much again for the gradient that arrives. */
const EPSILON = 2 ** -10;

type Convolution = (x: Tensor, weight: Tensor, bias: Tensor | null, attrs: Conv2dAttrs) => Tensor;
type Reference = (x: Host, weight: Host, bias: Host | undefined, attrs: Conv2dAttrs) => Host;

/** [transposed, x, weight, attributes]: odd sides, channels off the multiples of 4, strides, dilation, a 1×1, tiles over. */
const cases: readonly [boolean, Shape, Shape, Conv2dAttrs][] = [
  [false, [1, 1, 1, 1], [1, 1, 1, 1], {}],
  [false, [2, 5, 7, 3], [3, 3, 3, 5], { padding: 1 }],
  [false, [1, 7, 5, 4], [3, 3, 4, 8], { stride: 2, padding: 1 }],
  [false, [2, 9, 6, 8], [3, 2, 8, 12], { padding: 2, dilation: 2 }],
  [false, [1, 17, 9, 20], [3, 3, 20, 36], { padding: 1, relu: true }],
  [false, [3, 8, 8, 20], [1, 1, 20, 2], {}],
  [false, [2, 7, 6, 64], [3, 3, 64, 72], { padding: 1 }],
  [true, [2, 3, 5, 8], [2, 2, 4, 8], { stride: 2 }],
  [true, [1, 5, 7, 32], [2, 2, 68, 32], { stride: 2 }],
  [true, [1, 4, 3, 5], [3, 3, 3, 5], { stride: 2, padding: 1 }],
];

/** Random values that f16 holds exactly. */
function halves(shape: Shape, seed: number): Host {
  const { data } = random(shape, seed);
  return { shape, data: data.map((v) => fromHalfBits(toHalfBits(v))) };
}

/** Random whole numbers from −3 to 3: products and sums of them are exact in f32. */
function wholes(shape: Shape, seed: number): Float64Array {
  return Float64Array.from(uniforms(elementCount(shape), seed), (u) => Math.floor(7 * u) - 3);
}

function inHalf(convolution: Convolution, attrs: Conv2dAttrs) {
  return (x: Tensor, weight: Tensor, bias: Tensor) => {
    const y = convolution(ops.cast(x, 'f16'), ops.cast(weight, 'f16'), bias, attrs);
    expect(y.dtype).toBe('f16');
    return ops.cast(y, 'f32');
  };
}

function clamp(y: Host, { relu }: Conv2dAttrs): Host {
  return relu
    ? host(
        y.shape,
        y.data.map((v) => Math.max(0, v)),
      )
    : y;
}

/** A convolution of whole numbers on 30×40 pixels with 24 → 20 channels, and its gradients of weight and bias. */
async function exactSums(device: Device) {
  const [xShape, wShape] = [
    [1, 30, 40, 24],
    [3, 3, 24, 20],
  ] as const;
  const [xs, ws, bs, dys] = [
    wholes(xShape, 1),
    wholes(wShape, 2),
    wholes([20], 3),
    wholes([1, 30, 40, 20], 4),
  ];
  const x = tensor(device, xs, xShape, 'f16');
  const weight = tensor(device, ws, wShape);
  const bias = tensor(device, bs, [20]);
  for (const leaf of [weight, bias]) leaf.requiresGrad = true;
  await poisoned(device, () => {
    using tape = new Tape();
    const y = ops.conv2d(x, ops.cast(weight, 'f16'), bias, { padding: 1 });
    tape.backward(y, tensor(device, dys, [1, 30, 40, 20], 'f16'));
  });
  const found = [weight.grad!, bias.grad!];
  expect(found.map(({ dtype }) => dtype)).toEqual(['f32', 'f32']);
  const [dw, db] = await Promise.all(found.map((gradient) => gradient.read()));
  for (const gradient of found) gradient.dispose();
  return { dw: dw!, db: db!, xs, dys };
}

/** The bias's gradient of a transposed convolution of [1, 20, 30, 24], from dy of whole numbers; dy may be a run. */
async function transposedBias(device: Device, side: number, attrs: ConvTranspose2dAttrs, run: boolean) {
  using _temporaries = scope();
  const leaf = (shape: Shape, seed: number) =>
    Object.assign(tensor(device, wholes(shape, seed), shape), { requiresGrad: true });
  const [x, weight, bias] = [leaf([1, 20, 30, 24], 1), leaf([side, side, 36, 24], 2), leaf([36], 3)];
  const db = await poisoned(device, () => {
    using tape = new Tape();
    const [half, kernel] = [ops.cast(x, 'f16'), ops.cast(weight, 'f16')];
    const y = ops.conv2dTranspose(half, kernel, bias, attrs);
    const both = run ? ops.concat([tensor(device, wholes(y.shape, 5), y.shape, 'f16'), y]) : y;
    const dy = wholes(both.shape, 4);
    tape.backward(both, tensor(device, dy, both.shape, 'f16'));
    const expected = new Array<number>(36).fill(0);
    for (const [i, v] of dy.entries()) {
      const channel = (i % both.shape[3]!) - (run ? 36 : 0);
      if (channel >= 0) expected[channel]! += v;
    }
    return bias.grad!.read().then((found) => ({ found: [...found], expected }));
  });
  for (const { grad } of [x, weight, bias]) grad!.dispose();
  return db;
}

/** Registers all tests of convolutions and products in f16 on `device`. */
export function halfTests(device: () => Device): void {
  for (const [transposed, x, w, attrs] of cases) {
    const name = transposed ? 'conv2dTranspose' : 'conv2d';
    const convolution: Convolution = transposed ? ops.conv2dTranspose : ops.conv2d;
    const expected: Reference = transposed ? reference.conv2dTranspose : reference.conv2d;
    it(`${name} of [${x}] with [${w}] ${JSON.stringify(attrs)} and its gradients match f64 to f16's precision`, () =>
      checkOp(device(), {
        inputs: [halves(x, 1), halves(w, 2), random([transposed ? w[2]! : w[3]!], 3)],
        forward: inHalf(convolution, attrs),
        reference: (a, b, c) => clamp(expected(a!, b!, c, attrs), attrs),
        epsilon: EPSILON,
      }));
  }

  it('linear and its gradients match f64 to f16’s precision', () =>
    checkOp(device(), {
      inputs: [halves([33, 36], 1), halves([36, 20], 2), random([20], 3)],
      forward: (x, weight, bias) =>
        ops.cast(ops.linear(ops.cast(x, 'f16'), ops.cast(weight, 'f16'), bias), 'f32'),
      reference: (a, b, c) => reference.linear(a!, b!, c),
      epsilon: EPSILON,
    }));

  it('adds in f32: gradients of weight and bias come out exact where products are whole numbers', async () => {
    const { dw, db, xs, dys } = await exactSums(device());
    const expected = new Float64Array(20);
    for (const [i, dy] of dys.entries()) expected[i % 20]! += dy;
    expect([...db]).toEqual([...expected]);
    // the middle tap, which sees every pixel
    for (const [a, b] of [
      [0, 0],
      [23, 19],
      [7, 12],
    ] as const) {
      let sum = 0;
      for (let pixel = 0; pixel < 1200; pixel++) sum += xs[pixel * 24 + a]! * dys[pixel * 20 + b]!;
      expect(dw[(4 * 24 + a) * 20 + b], `dw of ${a}, ${b}`).toBe(sum);
    }
  });

  it('sums a transposed bias’s gradient exactly, whether or not its taps tile the image', async () => {
    for (const [side, attrs] of [
      [2, { stride: 2 }],
      [3, { stride: 3 }],
      [1, {}],
      [2, { stride: 2, padding: 1 }],
      [2, { stride: 2, outputPadding: 1 }],
      [2, { stride: 3 }],
      [3, { stride: 2 }],
    ] as const)
      for (const run of [false, true]) {
        const { found, expected } = await transposedBias(device(), side, attrs, run);
        expect(found, JSON.stringify([side, attrs, run])).toEqual(expected);
      }
  });

  it('a sum beyond what f16 holds on the way comes out right, and one beyond it at the end is infinite', async () => {
    const x = tensor(
      device(),
      [...new Array(256).fill(30000), ...new Array(256).fill(-30000)],
      [1, 1, 1, 512],
      'f16',
    );
    const columns = [1, 2].map((last) =>
      Array.from({ length: 512 }, (_, k) => (last === 1 || k < 256 ? 1 : 0)),
    );
    const weight = tensor(
      device(),
      columns[0]!.flatMap((one, k) => [one, columns[1]![k]!]),
      [1, 1, 512, 2],
      'f16',
    );
    const y = await poisoned(device(), () => ops.conv2d(x, weight, tensor(device(), [5, 0], [2])).read());
    expect([...y]).toEqual([5, Number.POSITIVE_INFINITY]);
  });
}
