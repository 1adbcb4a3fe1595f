import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { fromHalfBits, toHalfBits } from '../../src/base/half.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import { elementCount, type Shape } from '../../src/tensor/shape.ts';
import { checkOp, expectClose, type Host, poisoned, random } from '../check.ts';
import { useDevice } from '../device.ts';
import { hasHalf } from '../half.ts';
import { adjoints, type Case, convolutions, optionsOf } from './convGeneral.cases.ts';
import { conv, plain, transposed } from './convGeneral.reference.ts';

const device = useDevice();

/** Random values that f16 holds exactly. */
function halves(shape: Shape, seed: number): Host {
  const { data } = random(shape, seed);
  return { shape, data: data.map((v) => fromHalfBits(toHalfBits(v))) };
}

const clamp = (y: Host, relu = false): Host =>
  relu ? { shape: y.shape, data: y.data.map((v) => (v < 0 ? 0 : v)) } : y;

function itMatchesInHalf([x, w, partial, relu]: Case, adjoint: boolean): void {
  const full = { ...plain, ...partial };
  const channels = adjoint ? w[2] * full.groups : w[3];
  const name = adjoint ? 'conv2dTranspose' : 'conv2d';
  const call = adjoint ? ops.conv2dTranspose : ops.conv2d;
  it(`${name} of [${x}] with [${w}] ${JSON.stringify(partial)} and its gradients match f64 to f16's precision`, () =>
    checkOp(device(), {
      inputs: [halves(x, 1), halves(w, 2), random([channels], 3)],
      forward: (a, b, c) => {
        const y = call(ops.cast(a!, 'f16'), ops.cast(b!, 'f16'), c!, optionsOf(partial, relu, adjoint));
        expect(y.dtype).toBe('f16');
        return ops.cast(y, 'f32');
      },
      reference: (a, b, c) => clamp((adjoint ? transposed : conv)(a!, b!, c, full), relu),
      epsilon: 2 ** -10,
    }));
}

describe('convolution with groups and steps by axis in f16', () => {
  if (hasHalf) {
    for (const one of convolutions) itMatchesInHalf(one, false);
    for (const one of adjoints) itMatchesInHalf(one, true);
  } else {
    it('is refused, with the way out, on this adapter, which only stores f16', () => {
      const x = tensor(device(), [1, 2], [1, 1, 1, 2], 'f16');
      const w = tensor(device(), [1, 2], [1, 1, 1, 2], 'f16');
      expect(() => ops.conv2d(x, w, null, { groups: 2 })).toThrow(/conv2d: x .*only stores.*cast/);
    });
  }
});

describe('convolutions of extents that are rare', () => {
  it('of no images, or images without pixels or channels, give no values or the bias, and gradients of 0', async () => {
    for (const [shape, w, y] of [
      [[0, 4, 5, 4], [3, 3, 1, 4], []],
      [[0, 4, 5, 6], [3, 3, 3, 2], []],
      [[1, 0, 2, 4], [1, 1, 1, 4], new Array(32).fill(2)],
      [[1, 0, 2, 4], [3, 3, 4, 4], new Array(32).fill(2)],
    ] as const) {
      const weight = tensor(device(), random(w, 1).data, w);
      const bias = tensor(device(), new Array(w[3]).fill(2), [w[3]]);
      const x = zeros(device(), shape);
      for (const leaf of [x, weight, bias]) leaf.requiresGrad = true;
      await poisoned(device(), async () => {
        using tape = new Tape();
        const padding: ops.Padding = w[0] === 1 ? [1, 1, 0, 0] : [2, 2, 1, 1];
        const options = { groups: shape[3] / w[2], padding };
        const result = ops.conv2d(x, weight, bias, options);
        expect([...(await result.read())].slice(0, y.length)).toEqual([...y].slice(0, result.size));
        tape.backward(ops.sum(result));
        expect([...(await weight.grad!.read())]).toEqual(new Array(weight.size).fill(0));
        expect([...(await bias.grad!.read())]).toEqual(new Array(w[3]).fill(result.size / w[3]));
        expect(x.grad!.shape).toEqual(shape);
      });
      for (const leaf of [x, weight, bias]) leaf.grad!.dispose();
    }
  });

  it('of 70,000 images, and of one with 2,048 rows and columns, are computed to the end', async () => {
    for (const [shape, wShape] of [
      [
        [70000, 2, 2, 4],
        [2, 2, 1, 4],
      ],
      [
        [1, 2048, 2048, 1],
        [3, 3, 1, 2],
      ],
    ] as const) {
      const x = tensor(device(), new Float32Array(elementCount(shape)).fill(1), shape);
      const weight = tensor(device(), new Array(elementCount(wShape)).fill(1), wShape);
      for (const leaf of [x, weight]) leaf.requiresGrad = true;
      const groups = shape[3] as number;
      using tape = new Tape();
      const y = ops.conv2d(x, weight, null, { groups, stride: [1, 2] });
      const values = (await y.read()) as Float32Array;
      const taps = wShape[0] * wShape[1];
      expect([values.at(0), values.at(-1), values.every((v) => v === taps)]).toEqual([taps, taps, true]);
      tape.backward(ops.sum(y));
      const pixels = y.size / y.shape[3]!;
      expectClose(await weight.grad!.read(), new Array(weight.size).fill(pixels), 1e-5, 'dw');
      expect((await x.grad!.read()).at(0)).toBe(wShape[3] / groups);
      for (const leaf of [x, weight]) leaf.grad!.dispose();
    }
  });
});

describe('NaN and infinities in a convolution with groups', () => {
  for (const [groups, w] of [
    [4, [3, 3, 1, 4]],
    [1, [3, 3, 4, 4]],
    [2, [3, 3, 2, 4]],
  ] as const)
    it(`reach what they touch and nothing else, through ReLU and back, ${groups} groups`, async () => {
      const values = random([1, 6, 7, 4], 1).data;
      values[(3 * 7 + 3) * 4 + 1] = Number.NaN;
      const x = tensor(device(), values, [1, 6, 7, 4]);
      const weight = tensor(device(), random(w, 2).data, w);
      const dy = tensor(device(), new Array(6 * 4 * 4).fill(1), [1, 6, 4, 4]);
      const bias = zeros(device(), [4]);
      for (const leaf of [x, weight, bias]) leaf.requiresGrad = true;
      using tape = new Tape();
      const y = ops.conv2d(x, weight, bias, { groups, stride: [1, 2], padding: 1, relu: true });
      const result = [...(await y.read())];
      const found = result.map(Number.isNaN);
      const touched = (i: number) => {
        const [row, column, channel] = [Math.floor(i / 16), Math.floor(i / 4) % 4, i % 4];
        const group = Math.floor((channel * groups) / 4) === Math.floor(groups / 4);
        return group && row >= 2 && row <= 4 && (column === 1 || column === 2);
      };
      expect(found).toEqual(found.map((_, i) => touched(i)));
      tape.backward(y, dy);
      const gradient = [...(await weight.grad!.read())].map(Number.isNaN);
      expect(gradient.some(Boolean)).toBe(true);
      expect([...(await x.grad!.read())].some(Number.isNaN)).toBe(false);
      // ReLU stops the gradient only where its output is 0
      const passed = [0, 1, 2, 3].map(
        (channel) => result.filter((v, i) => i % 4 === channel && v !== 0).length,
      );
      expect([...(await bias.grad!.read())]).toEqual(passed);
      for (const leaf of [x, weight, bias]) leaf.grad!.dispose();
    });
});
