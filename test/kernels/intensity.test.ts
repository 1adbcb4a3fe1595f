/** @file What changes intensities of images and displaces them: against float64 over awkward shapes, and what must stay. */
import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { capture } from '../../src/autograd/step.ts';
import { normals, philox } from '../../src/base/random.ts';
import { filled, tensor, zeros } from '../../src/tensor/create.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { checkOp, expectClose, type Host, host, poisoned, random } from '../check.ts';
import { useDevice } from '../device.ts';
import { checkGolden } from '../golden-op.ts';
import { goldenCases } from '../goldens.ts';

const device = useDevice();

/** Images of three of a batch, one of them, one pixel, one row, and more than a workgroup's. */
const shapes = [
  [3, 7, 9, 1],
  [3, 5, 4, 3],
  [1, 1, 1, 1],
  [3, 1, 6, 1],
  [2, 33, 70, 1],
] as const;

/** Each image on its own. */
function byImage(x: Host, change: (image: Float64Array, n: number) => ArrayLike<number>): Host {
  const each = x.data.length / x.shape[0]!;
  const data = Array.from({ length: x.shape[0]! }, (_, n) => [
    ...Array.from(change(x.data.slice(n * each, (n + 1) * each), n)),
  ]);
  return host(x.shape, data.flat());
}

const meanOf = (values: ArrayLike<number>) => Array.from(values).reduce((a, v) => a + v, 0) / values.length;
const spreadOf = (values: ArrayLike<number>) => {
  const mean = meanOf(values);
  return Math.sqrt(meanOf(Array.from(values, (v) => (v - mean) ** 2)));
};

const rows = (table: Host, n: number) => table.data.subarray(7 * n, 7 * n + 7);

function adjusted(x: Host, settings: Host): Host {
  const [, height, width, channels] = x.shape as [number, number, number, number];
  return byImage(x, (image, n) => {
    const [a, b, c, d, e, contrast, gamma] = [...rows(settings, n)] as [number, ...number[]];
    const darkest = Math.min(...image);
    let out = Array.from(image, (v, i) => {
      const [s, t] = [((i / channels) | 0) % width, Math.floor(i / channels / width)];
      const [p, q] = [(Math.PI * (s + 0.5)) / width, (Math.PI * (t + 0.5)) / height];
      const waves = [Math.cos(p), Math.cos(q), Math.cos(p) * Math.cos(q), Math.cos(2 * p), Math.cos(2 * q)];
      const field = [a, b!, c!, d!, e!].reduce((sum, weight, k) => sum + weight * waves[k]!, 0);
      return darkest + (v - darkest) * Math.exp(field);
    });
    const [mean, low, high] = [meanOf(out), Math.min(...out), Math.max(...out)];
    if (contrast !== 1) out = out.map((v) => Math.min(high, Math.max(low, mean + contrast! * (v - mean))));
    if (gamma === 1) return out;
    const [least, most, before, spread] = [Math.min(...out), Math.max(...out), meanOf(out), spreadOf(out)];
    const powered = out.map((v) => least + (most - least) * ((v - least) / (most - least + 1e-7)) ** gamma!);
    const [after, found] = [meanOf(powered), spreadOf(powered)];
    return powered.map((v) => before + (spread * (v - after)) / (found + 1e-8));
  });
}

const settingsOf = (batch: number, ...kinds: readonly (readonly number[])[]) =>
  host([batch, 7], Array.from({ length: batch }, (_, n) => kinds[n % kinds.length]!.map(Math.fround)).flat());

const all = [0.3, -0.2, 0.1, 0.15, -0.25, 1.25, 0.7];

describe('adjustIntensity', () => {
  it('makes bias field, contrast and gamma as float64 does, image by image', async () => {
    for (const shape of shapes)
      for (const kinds of [
        [all, [0, 0, 0, 0, 0, 0.75, 1.5]],
        [
          [0.5, 0, 0, 0, 0, 1, 1],
          [0, 0, 0, 0, 0, 1, 1.4],
          [0, 0, 0, 0, 0, 1.3, 1],
        ],
      ])
        await checkOp(device(), {
          inputs: [random(shape, 3, -1, 2.5), settingsOf(shape[0], ...kinds)],
          forward: (x, settings) => ops.adjustIntensity(x!, settings!),
          reference: adjusted,
          gradientOf: [],
          epsilon: 2 ** -17,
        });
  });

  it('leaves images as they are, bit for bit, by settings that change nothing', async () => {
    const x = tensor(device(), random([2, 9, 7, 1]).data, [2, 9, 7, 1]);
    const none = tensor(device(), settingsOf(2, [0, 0, 0, 0, 0, 1, 1]).data, [2, 7]);
    expect(await ops.adjustIntensity(x, none).read()).toEqual(await x.read());
  });

  it('keeps mean and spread by gamma, the range by contrast, and the darkest value by the bias field', async () => {
    const x = tensor(device(), random([1, 20, 20, 1], 9, 0, 3).data, [1, 20, 20, 1]);
    const by = async (...row: number[]) =>
      ops.adjustIntensity(x, tensor(device(), row, [1, 7])).read() as Promise<Float32Array>;
    const before = (await x.read()) as Float32Array;
    const gamma = await by(0, 0, 0, 0, 0, 1, 1.5);
    expect(meanOf(gamma)).toBeCloseTo(meanOf(before), 4);
    expect(spreadOf(gamma)).toBeCloseTo(spreadOf(before), 4);
    const contrast = await by(0, 0, 0, 0, 0, 1.6, 1);
    expect([Math.min(...contrast), Math.max(...contrast)]).toEqual([
      Math.min(...before),
      Math.max(...before),
    ]);
    const bias = await by(0.4, -0.4, 0.2, 0, 0.1, 1, 1);
    expect(Math.min(...bias)).toBe(Math.min(...before));
    expect(spreadOf(bias)).not.toBeCloseTo(spreadOf(before), 2);
  });

  it('lets what is not finite show, in its image alone, and flat images be', async () => {
    const pixels = random([3, 1, 6, 1]).data;
    pixels[8] = Number.NaN;
    pixels.fill(0.5, 12);
    const x = tensor(device(), pixels, [3, 1, 6, 1]);
    const y = await ops.adjustIntensity(x, tensor(device(), settingsOf(3, all).data, [3, 7])).read();
    const [first, second, flat] = [y.slice(0, 6), y.slice(6, 12), y.slice(12)];
    expect([...first].every(Number.isFinite)).toBe(true);
    expect([...second].every(Number.isNaN)).toBe(true);
    expect([...flat]).toEqual(new Array(6).fill(0.5));
  });

  it('takes more images than a grid has workgroups along an axis, and none', async () => {
    const settings = new Float32Array(70_000 * 7).map((_, i) => [0.1, 0, 0, 0, 0, 1.2, 1.3][i % 7]!);
    const many = filled(device(), 2, [70_000, 2, 1, 1]);
    const y = await poisoned(device(), () =>
      ops.adjustIntensity(many, tensor(device(), settings, [70_000, 7])).read(),
    );
    expect(y.every((v) => v === 2)).toBe(true);
    expect(ops.adjustIntensity(zeros(device(), [0, 2, 2, 1]), zeros(device(), [0, 7])).shape[0]).toBe(0);
    const flat = ops.adjustIntensity(zeros(device(), [2, 0, 3, 1]), zeros(device(), [2, 7]));
    expect([...(await flat.read())]).toEqual([]);
  });

  it('refuses settings of other images, and what is no f32', () => {
    const x = zeros(device(), [1, 2, 2, 1]);
    const refused = (call: () => Tensor, message: string) => expect(call).toThrow(message);
    refused(() => ops.adjustIntensity(x, zeros(device(), [2, 7])), 'settings has shape [2, 7]');
    refused(() => ops.adjustIntensity(x, zeros(device(), [1, 7], 'i32')), 'settings has dtype i32');
    refused(() => ops.adjustIntensity(zeros(device(), [2, 2, 1]), zeros(device(), [2, 7])), 'Rank 4');
  });
});

/** Plain sums over both axes, edges repeated. */
function blurred(x: Host, sigmas: Host): Host {
  const [, height, width, channels] = x.shape as [number, number, number, number];
  const clamp = (i: number, size: number) => Math.min(size - 1, Math.max(0, i));
  return byImage(x, (image, n) => {
    const sigma = sigmas.data[n]!;
    if (!(sigma > 0)) return image;
    const radius = Math.min(96, Math.ceil(Math.fround(3 * sigma)));
    const steps = Array.from({ length: 2 * radius + 1 }, (_, i) => i - radius);
    const weights = steps.map((d) => Math.exp(-(d * d) / (2 * sigma * sigma)));
    const total = weights.reduce((a, b) => a + b);
    const pass = (from: ArrayLike<number>, place: (row: number, column: number, d: number) => number) =>
      Array.from({ length: from.length }, (_, i) => {
        const [c, column, row] = [
          i % channels,
          ((i / channels) | 0) % width,
          Math.floor(i / channels / width),
        ];
        const sum = steps.reduce(
          (s, d, k) => s + weights[k]! * from[place(row, column, d) * channels + c]!,
          0,
        );
        return sum / total;
      });
    const across = pass(image, (row, column, d) => row * width + clamp(column + d, width));
    return pass(across, (row, column, d) => clamp(row + d, height) * width + column);
  });
}

describe('gaussianBlur', () => {
  it('matches sums in float64, by one width an image, wider than the image too', async () => {
    for (const shape of shapes)
      await checkOp(device(), {
        inputs: [random(shape, 5), host([shape[0]], [0.8, 3.1, 0].slice(0, shape[0]).map(Math.fround))],
        forward: (x, sigmas) => ops.gaussianBlur(x!, sigmas!),
        reference: blurred,
        gradientOf: [],
        reduction: 21,
      });
  });

  it('leaves images of no width as they are, shows NaN, and ends for widths without one', async () => {
    const x = tensor(device(), random([4, 1, 5, 1]).data, [4, 1, 5, 1]);
    const sigmas = tensor(device(), [0, -1, Number.NaN, Infinity], [4]);
    const [before, y] = [await x.read(), await ops.gaussianBlur(x, sigmas).read()];
    expect([...y.slice(0, 10)]).toEqual([...before.slice(0, 10)]);
    expect([...y.slice(10, 15)].every(Number.isNaN)).toBe(true);
    expect([...y.slice(15)].every(Number.isFinite)).toBe(true);
  });

  it('takes more images and rows than a grid has workgroups along an axis, and none', async () => {
    for (const [n, height, width] of [
      [70_000, 2, 1],
      [1, 70_000, 2],
    ] as const) {
      const x = filled(device(), 2, [n, height, width, 1]);
      const y = await poisoned(device(), () => ops.gaussianBlur(x, filled(device(), 0.4, [n])).read());
      expect(y.every((v) => Math.abs(v - 2) < 1e-6)).toBe(true);
    }
    expect(ops.gaussianBlur(zeros(device(), [0, 2, 2, 1]), zeros(device(), [0])).shape[0]).toBe(0);
  });

  it('refuses widths of another batch', () => {
    const x = zeros(device(), [1, 2, 2, 1]);
    expect(() => ops.gaussianBlur(x, zeros(device(), [2]))).toThrow('gaussianBlur: sigmas has shape [2]');
  });
});

describe('addNoise', () => {
  const keys = [1, 2, 0xffffffff, 77, 12345, 0];

  /** Box and Muller on the words of the host's Philox. */
  const noisy = (x: Host, sigmas: Host): Host =>
    byImage(x, (image, n) =>
      image.map((v, i) => {
        const words = philox([i >> 2, 0, 0, 0], [keys[2 * n]!, keys[2 * n + 1]!]).map((w) => w >>> 8);
        const [first, second] = i & 2 ? [words[2]!, words[3]!] : [words[0]!, words[1]!];
        const radius = Math.sqrt(-2 * Math.log((first + 1) / 2 ** 24));
        const angle = (2 * Math.PI * second) / 2 ** 24;
        return v + sigmas.data[n]! * radius * (i & 1 ? Math.sin(angle) : Math.cos(angle));
      }),
    );

  it('adds what the host draws from the keys', async () => {
    for (const shape of shapes) {
      const on = tensor(device(), keys.slice(0, 2 * shape[0]), [shape[0], 2], 'u32');
      await checkOp(device(), {
        inputs: [random(shape, 5), host([shape[0]], [0.5, 0, 2].slice(0, shape[0]))],
        forward: (x, sigmas) => ops.addNoise(x!, sigmas!, on),
        reference: noisy,
        gradientOf: [],
        epsilon: 2 ** -11,
      });
    }
  });

  it('is normal: mean, spread and tails of many numbers', async () => {
    const on = tensor(device(), [3, 4], [1, 2], 'u32');
    const y = (await ops
      .addNoise(zeros(device(), [1, 400, 250, 1]), filled(device(), 1, [1]), on)
      .read()) as Float32Array;
    expect(Math.abs(meanOf(y))).toBeLessThan(0.01);
    expect(spreadOf(y)).toBeCloseTo(1, 1);
    const beyond = (values: ArrayLike<number>) => meanOf(Array.from(values, (v) => Number(Math.abs(v) > 2)));
    expect(Math.abs(beyond(y) - beyond(normals(100_000, 1)))).toBeLessThan(0.004);
  });

  it('follows the tensors that a captured step holds', async () => {
    const x = zeros(device(), [1, 2, 2, 1]);
    const [sigmas, on] = [filled(device(), 1, [1]), tensor(device(), [1, 2], [1, 2], 'u32')];
    using step = await capture(device(), () => ({ y: ops.addNoise(x, sigmas, on) }));
    const results: number[][] = [];
    for (const key of [1, 9, 1]) {
      on.write([key, 2]);
      step.run();
      results.push([...(await step.outputs.y.read())]);
    }
    expect(results[2]).toEqual(results[0]);
    expect(results[1]).not.toEqual(results[0]);
  });

  it('refuses keys that are no words', () => {
    const x = zeros(device(), [1, 2, 2, 1]);
    const one = zeros(device(), [1]);
    expect(() => ops.addNoise(x, one, zeros(device(), [1, 2]))).toThrow('addNoise: keys has dtype f32');
    expect(() => ops.addNoise(x, one, zeros(device(), [1, 4], 'u32'))).toThrow('keys has shape [1, 4]');
  });
});

/** The sum of all control points' B-splines, each by its recursion-free formula. */
function drawnOut(points: Host, height: number, width: number): Host {
  const [batch, down, across, channels] = points.shape as [number, number, number, number];
  const basis = (t: number) => {
    const a = Math.abs(t);
    if (a >= 2) return 0;
    return a < 1 ? 2 / 3 - a * a + (a * a * a) / 2 : (2 - a) ** 3 / 6;
  };
  const place = (i: number, size: number, count: number) => ((i + 0.5) / size) * (count - 3) + 1;
  const data = Array.from({ length: batch * height * width * channels }, (_, i) => {
    const [c, column] = [i % channels, ((i / channels) | 0) % width];
    const [row, n] = [Math.floor(i / channels / width) % height, Math.floor(i / channels / width / height)];
    let sum = 0;
    for (let r = 0; r < down; r++)
      for (let k = 0; k < across; k++)
        sum +=
          basis(place(row, height, down) - r) *
          basis(place(column, width, across) - k) *
          points.data[((n * down + r) * across + k) * channels + c]!;
    return sum;
  });
  return host([batch, height, width, channels], data);
}

describe('splineImage', () => {
  it('is the sum of its control points B-splines', async () => {
    for (const [shape, size] of [
      [
        [2, 7, 7, 2],
        [13, 9],
      ],
      [
        [1, 4, 5, 1],
        [1, 1],
      ],
      [
        [3, 4, 6, 3],
        [1, 40],
      ],
    ] as const)
      await checkOp(device(), {
        inputs: [random(shape, 4)],
        forward: (x) => ops.splineImage(x!, { size }),
        reference: (x) => drawnOut(x, size[0], size[1]),
        gradientOf: [],
        reduction: 16,
      });
  });

  it('of equal points is flat; refuses too few, and sizes that are none', async () => {
    const flat = await ops.splineImage(filled(device(), 3, [1, 7, 7, 1]), { size: [20, 20] }).read();
    expectClose(flat, new Array(400).fill(3), 1e-6, 'flat');
    expect(ops.splineImage(zeros(device(), [0, 7, 7, 2]), { size: [4, 4] }).shape).toEqual([0, 4, 4, 2]);
    const x = zeros(device(), [1, 3, 7, 1]);
    expect(() => ops.splineImage(x, { size: [4, 4] })).toThrow('at least 4 control points');
    expect(() => ops.splineImage(zeros(device(), [1, 4, 4, 1]), { size: [0, 4] })).toThrow('height is 0');
    expect(() => ops.splineImage(zeros(device(), [0, 4, 4, 1]), {} as never)).toThrow('splineImage: size is');
  });
});

describe('PyTorch agrees on', () => {
  it('contrast, gamma and bias field, blur, and splines', async () => {
    for (const one of await goldenCases('intensity', 'adjustIntensity'))
      await checkGolden(device(), one, ({ x, settings }) => ops.adjustIntensity(x!, settings!), 2 ** -17);
    for (const one of await goldenCases('intensity', 'gaussianBlur'))
      await checkGolden(device(), one, ({ x, sigmas }) => ops.gaussianBlur(x!, sigmas!));
    for (const one of await goldenCases('intensity', 'splineImage')) {
      const { height, width } = one.attrs as { height: number; width: number };
      await checkGolden(device(), one, ({ x }) => ops.splineImage(x!, { size: [height, width] }));
    }
  });
});
