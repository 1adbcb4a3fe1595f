/** @file The cases every convolution variant must pass; one spec per variant runs them. */
import { expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { Tape } from '../../src/autograd/tape.ts';
import type { Conv2dAttrs } from '../../src/kernels/index.ts';
import { tensor } from '../../src/tensor/create.ts';
import type { Device } from '../../src/tensor/device.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { checkOp, expectClose, type Host, poisoned, random } from '../check.ts';
import { describeCase, type GoldenCase, type GoldenFamily, goldenCases } from '../goldens.ts';
import * as reference from '../reference.ts';

type Shape4 = readonly [number, number, number, number];

/** [x, weight, attributes]: odd sides, channels off the multiples of 4, one pixel, strides, dilation, several blocks. */
const convolutions: readonly [Shape4, Shape4, Conv2dAttrs][] = [
  [[1, 1, 1, 1], [1, 1, 1, 1], {}],
  [[1, 1, 1, 4], [3, 3, 4, 4], { padding: 1 }],
  [[2, 5, 7, 3], [3, 3, 3, 5], { padding: 1 }],
  [[1, 7, 5, 4], [3, 3, 4, 8], { stride: 2, padding: 1 }],
  [[2, 9, 6, 8], [3, 2, 8, 12], { padding: 2, dilation: 2 }],
  [[1, 6, 6, 1], [5, 5, 1, 16], { padding: 2 }],
  [[3, 8, 8, 20], [1, 1, 20, 2], {}],
  [[1, 7, 11, 20], [3, 3, 20, 72], { padding: 1, relu: true }],
  [[3, 4, 7, 4], [3, 3, 4, 20], { padding: 1 }],
];

const transposed: readonly [Shape4, Shape4, Conv2dAttrs][] = [
  [[1, 1, 1, 1], [2, 2, 1, 1], { stride: 2 }],
  [[2, 3, 5, 8], [2, 2, 4, 8], { stride: 2 }],
  [[1, 4, 3, 5], [3, 3, 3, 5], { stride: 2, padding: 1 }],
  [[1, 5, 4, 36], [4, 4, 20, 36], { stride: 2, padding: 1 }],
];

function clamp(y: Host, { relu }: Conv2dAttrs): Host {
  return relu ? { shape: y.shape, data: y.data.map((v) => Math.max(0, v)) } : y;
}

function toleranceTerms(weight: Shape4, x: Shape4): number {
  return weight[0] * weight[1] * Math.max(weight[2], weight[3]) + x[0] * x[1] * x[2];
}

async function checkGolden(device: Device, golden: GoldenCase, forward: (inputs: Tensor[]) => Tensor) {
  const names = Object.keys(golden.inputs);
  const inputs = names.map((name) => tensor(device, golden.inputs[name]!.data, golden.inputs[name]!.shape));
  for (const input of inputs) input.requiresGrad = true;
  await poisoned(device, async () => {
    using tape = new Tape();
    const y = forward(inputs);
    expectClose(await y.read(), golden.outputs.y!.data, 2e-6, 'y');
    tape.backward(y, tensor(device, golden.dy.y!.data, golden.dy.y!.shape));
    for (const [i, name] of names.entries()) {
      expectClose(await inputs[i]!.grad!.read(), golden.grads[name]!.data, 5e-6, `gradient of ${name}`);
      inputs[i]!.grad!.dispose();
    }
  });
}

function itMatchesGoldens(
  device: () => Device,
  family: GoldenFamily,
  op: string,
  forward: (c: GoldenCase) => (t: Tensor[]) => Tensor,
) {
  it(`${op} and its gradients match PyTorch`, async () => {
    const cases = await goldenCases(family, op);
    expect(cases.length).toBeGreaterThan(2);
    for (const golden of cases) {
      await checkGolden(device(), golden, forward(golden)).catch((error: Error) => {
        error.message = `${describeCase(golden)}: ${error.message}`;
        throw error;
      });
    }
  });
}

/** Registers all convolution and matrix-product tests on `device`. */
export function convolutionTests(device: () => Device): void {
  for (const [x, w, attrs] of convolutions) {
    it(`conv2d of [${x}] with [${w}] ${JSON.stringify(attrs)} and its gradients match f64`, () =>
      checkOp(device(), {
        inputs: [random(x, 1), random(w, 2), random([w[3]], 3)],
        forward: (a, b, c) => ops.conv2d(a, b, c, attrs),
        reference: (a, b, c) => clamp(reference.conv2d(a!, b!, c, attrs), attrs),
        reduction: toleranceTerms(w, x),
      }));
  }
  for (const [x, w, attrs] of transposed) {
    it(`conv2dTranspose of [${x}] with [${w}] ${JSON.stringify(attrs)} and its gradients match f64`, () =>
      checkOp(device(), {
        inputs: [random(x, 1), random(w, 2), random([w[2]], 3)],
        forward: (a, b, c) => ops.conv2dTranspose(a, b, c, attrs),
        reference: (a, b, c) => reference.conv2dTranspose(a!, b!, c, attrs),
        reduction: toleranceTerms(w, x),
      }));
  }
  for (const [n, k, m] of [
    [1, 1, 1],
    [5, 7, 3],
    [33, 36, 20],
  ] as const) {
    it(`linear of [${n}, ${k}] with [${k}, ${m}] and its gradients match f64`, () =>
      checkOp(device(), {
        inputs: [random([n, k], 1), random([k, m], 2), random([m], 3)],
        forward: ops.linear,
        reference: (a, b, c) => reference.linear(a!, b!, c),
        reduction: k + n,
      }));
  }
  const attrsOf = (golden: GoldenCase) => golden.attrs as Conv2dAttrs;
  itMatchesGoldens(
    device,
    'conv2d',
    'conv2d',
    (g) =>
      ([x, w, b]) =>
        ops.conv2d(x!, w!, b ?? null, attrsOf(g)),
  );
  itMatchesGoldens(
    device,
    'conv2dTranspose',
    'conv2dTranspose',
    (g) =>
      ([x, w, b]) =>
        ops.conv2dTranspose(x!, w!, b ?? null, attrsOf(g)),
  );
  itMatchesGoldens(
    device,
    'matmul',
    'matmul',
    () =>
      ([a, b]) =>
        ops.matmul(a!, b!),
  );
  itMatchesGoldens(
    device,
    'matmul',
    'linear',
    () =>
      ([x, w, b]) =>
        ops.linear(x!, w!, b ?? null),
  );
}

/** Device options that force one variant wherever it fits. */
export function forced(gather: string, correlation: string) {
  const gathers = [
    'conv2d',
    'conv2dInputGrad',
    'conv2dTranspose',
    'conv2dTransposeInputGrad',
    'linear',
    'linearInputGrad',
  ];
  const variants = Object.fromEntries(gathers.map((op) => [op, gather]));
  return { variants: { ...variants, conv2dWeightGrad: correlation } };
}
