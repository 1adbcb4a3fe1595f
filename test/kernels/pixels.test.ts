/** @file Images altered pixel by pixel, and noise: against float64, PyTorch and the host's own numbers. */
import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { capture } from '../../src/autograd/step.ts';
import { uniforms } from '../../src/base/random.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import type { Shape } from '../../src/tensor/shape.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { expectClose, poisoned, random } from '../check.ts';
import { useDevice } from '../device.ts';
import { upload } from '../golden-op.ts';
import { describeCase, goldenCases } from '../goldens.ts';

const device = useDevice();
const read = (of: () => Tensor): Promise<number[]> =>
  poisoned(device(), async () => [...(await of().read())]);

const shapes = [
  [3, 7, 9, 1],
  [1, 1, 1, 2],
  [2, 5, 4, 3],
  [2, 33, 70, 1],
] as const;

describe('gatherPixels', () => {
  it('takes all channels of the pixels named, 0 beyond the image', async () => {
    for (const shape of shapes) {
      const [n, height, width, channels] = shape;
      const area = height * width;
      const x = random(shape, 3);
      const places = Array.from(uniforms(n * area, 5), (u) => Math.floor(u * (area + 2)));
      places[0] = 2 ** 32 - 1;
      const expected = x.data.map((_, i) => {
        const pixel = Math.floor(i / channels);
        const place = places[pixel]!;
        const image = Math.floor(pixel / area);
        return place < area ? x.data[(image * area + place) * channels + (i % channels)]! : 0;
      });
      const at = tensor(device(), Uint32Array.from(places), [n, height, width], 'u32');
      expect(await read(() => ops.gatherPixels(tensor(device(), x.data, shape), at))).toEqual([...expected]);
    }
  });

  it('gives images of the size of the places, larger or smaller than theirs', async () => {
    const x = random([2, 3, 4, 2], 6);
    for (const [height, width] of [
      [2, 2],
      [5, 7],
    ] as const) {
      const area = height * width;
      const places = Array.from(uniforms(2 * area, 8), (u) => Math.floor(u * 14));
      const at = tensor(device(), Uint32Array.from(places), [2, height, width], 'u32');
      const y = ops.gatherPixels(tensor(device(), x.data, x.shape), at);
      expect(y.shape).toEqual([2, height, width, 2]);
      const expected = places.flatMap((place, pixel) =>
        [0, 1].map((c) => (place < 12 ? x.data[(Math.floor(pixel / area) * 12 + place) * 2 + c]! : 0)),
      );
      expect([...(await y.read())]).toEqual(expected);
    }
  });

  it('carries NaN to where it is taken, and nowhere else', async () => {
    const x = tensor(device(), [Number.NaN, 1, 2], [1, 1, 3, 1]);
    const at = tensor(device(), [1, 0, 9], [1, 1, 3], 'u32');
    expect(await read(() => ops.gatherPixels(x, at))).toEqual([1, Number.NaN, 0]);
  });

  it('agrees with PyTorch', async () => {
    for (const one of await goldenCases('pixels', 'gatherPixels')) {
      const { x, places } = one.inputs;
      const at = tensor(device(), places!.data, places!.shape, 'u32');
      const y = await read(() => ops.gatherPixels(upload(device(), x!), at));
      expect(y, describeCase(one)).toEqual([...one.outputs.y!.data]);
    }
  });

  it('runs in a captured step on what its tensors hold, on none too, and on more than a grid has workgroups', async () => {
    const x = tensor(device(), [5, 6, 7], [1, 1, 3, 1]);
    const at = tensor(device(), [2, 1, 0], [1, 1, 3], 'u32');
    using step = await capture(device(), () => ({ y: ops.gatherPixels(x, at) }));
    step.run();
    expect([...(await step.outputs.y.read())]).toEqual([7, 6, 5]);
    at.write([0, 0, 0]);
    step.run();
    expect([...(await step.outputs.y.read())]).toEqual([5, 5, 5]);
    const none = ops.gatherPixels(zeros(device(), [0, 2, 2, 1]), zeros(device(), [0, 2, 2], 'u32'));
    expect(none.shape).toEqual([0, 2, 2, 1]);
    const many = tensor(device(), new Float32Array(4_300_000).fill(3), [1, 1, 4_300_000, 1]);
    const y = await read(() => ops.gatherPixels(many, zeros(device(), [1, 1, 4_300_000], 'u32')));
    expect(y.every((v) => v === 3)).toBe(true);
    device().memory.trim();
  });

  it('refuses places of another shape or dtype', () => {
    const x = zeros(device(), [1, 2, 2, 1]);
    expect(() => ops.gatherPixels(x, zeros(device(), [1, 2, 2]))).toThrow(
      'gatherPixels: places has dtype f32',
    );
    expect(() => ops.gatherPixels(x, zeros(device(), [1, 4], 'u32'))).toThrow('places has shape [1, 4]');
    expect(() => ops.gatherPixels(x, zeros(device(), [2, 2, 2], 'u32'))).toThrow(
      'places has shape [2, 2, 2]',
    );
    expect(() => ops.gatherPixels(zeros(device(), [2, 2]), x)).toThrow('Rank 4 is needed');
  });
});

/** Linear between evenly spaced values, the ends beyond, in float64. */
function mapped(v: number, [low, high]: readonly number[], curve: readonly number[]): number {
  if (Number.isNaN(v) || low! >= high!) return v;
  const along = Math.min(1, Math.max(0, (v - low!) / (high! - low!))) * (curve.length - 1);
  const knot = Math.min(curve.length - 2, Math.floor(along));
  return curve[knot]! + (along - knot) * (curve[knot + 1]! - curve[knot]!);
}

describe('mapIntensity', () => {
  it('is linear between the values of each image’s curve, and its ends beyond', async () => {
    for (const shape of shapes)
      for (const knots of [2, 3, 64]) {
        const [n, height, width, channels] = shape;
        const x = random(shape, 3, -2, 2);
        const curve = random([n, knots], 7);
        const ranges = Array.from({ length: n }, (_, i) => [-1 - i / 4, 0.5 + i / 2]);
        const each = height * width * channels;
        const expected = x.data.map((v, i) => {
          const image = Math.floor(i / each);
          return mapped(v, ranges[image]!, [...curve.data.subarray(image * knots, (image + 1) * knots)]);
        });
        const [range, values] = [
          tensor(device(), ranges.flat(), [n, 2]),
          tensor(device(), curve.data, [n, knots]),
        ];
        const y = await read(() => ops.mapIntensity(tensor(device(), x.data, shape), range, values));
        expectClose(y, expected, 1e-5, `${shape} with ${knots} values`);
      }
  });

  it('keeps NaN, takes infinities for the ends, and leaves an image of no range as it is', async () => {
    const values = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0.5];
    const x = tensor(device(), [...values, ...values], [2, 2, 2, 1]);
    const range = tensor(device(), [0, 1, 3, 3], [2, 2]);
    const curve = tensor(device(), [4, 2, 8, 9], [2, 2]);
    expect(await read(() => ops.mapIntensity(x, range, curve))).toEqual([Number.NaN, 2, 4, 3, ...values]);
  });

  it('agrees with PyTorch', async () => {
    for (const one of await goldenCases('pixels', 'mapIntensity')) {
      const [x, range, curve] = ['x', 'range', 'curve'].map((name) => upload(device(), one.inputs[name]!));
      const y = await read(() => ops.mapIntensity(x!, range!, curve!));
      expectClose(y, one.outputs.y!.data, 1e-5, describeCase(one));
    }
  });

  it('refuses curves of one value, and ranges of another batch', () => {
    const [x, range] = [zeros(device(), [1, 2, 2, 1]), zeros(device(), [1, 2])];
    const curve = (shape: Shape) => zeros(device(), shape);
    expect(() => ops.mapIntensity(x, range, curve([1, 1]))).toThrow('curve has 1 values');
    expect(() => ops.mapIntensity(x, range, curve([2, 4]))).toThrow('curve has shape [2, 4]');
    expect(() => ops.mapIntensity(x, zeros(device(), [2, 2]), curve([1, 4]))).toThrow(
      'range has shape [2, 2]',
    );
    expect(ops.mapIntensity(zeros(device(), [0, 2, 2, 1]), curve([0, 2]), curve([0, 3])).size).toBe(0);
  });
});

describe('uniformNoise', () => {
  it('is what the host draws for each seed, whatever the batch', async () => {
    for (const shape of [[1], [3, 5], [16, 16, 1], [2, 33, 3]]) {
      const each = shape.reduce((a, b) => a * b);
      const seeds = [7, 2 ** 40 + 12345, 2 ** 53 - 1];
      const words = seeds.flatMap((seed) => [seed % 2 ** 32, Math.floor(seed / 2 ** 32)]);
      const y = ops.uniformNoise(tensor(device(), words, [3, 2], 'u32'), shape);
      expect(y.shape).toEqual([3, ...shape]);
      const own = await read(() => ops.uniformNoise(tensor(device(), words, [3, 2], 'u32'), shape));
      expect(own).toEqual(seeds.flatMap((seed) => [...uniforms(each, seed)]));
      const last = await read(() => ops.uniformNoise(tensor(device(), words.slice(4), [1, 2], 'u32'), shape));
      expect(last).toEqual(own.slice(2 * each));
    }
  });

  it('refuses what are no seeds and no shapes', () => {
    const seeds = zeros(device(), [1, 2], 'u32');
    expect(ops.uniformNoise(seeds, [0, 3]).size).toBe(0);
    expect(() => ops.uniformNoise(zeros(device(), [1, 2]), [3])).toThrow('seeds has dtype f32');
    expect(() => ops.uniformNoise(zeros(device(), [1, 3], 'u32'), [3])).toThrow('seeds has shape [1, 3]');
    expect(() => ops.uniformNoise(seeds, [-1])).toThrow('shape[0] is -1');
    expect(() => ops.uniformNoise(seeds, 3 as never)).toThrow('shape is 3');
  });
});
