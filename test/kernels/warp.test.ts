import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { ShapeError } from '../../src/base/errors.ts';
import { filled, tensor, zeros } from '../../src/tensor/create.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { checkOp, expectClose, type Host, host, poisoned, random } from '../check.ts';
import { useDevice } from '../device.ts';

const device = useDevice();
const identity = [1, 0, 0, 0, 1, 0];

/** Rotation by `degrees` and scaling about (x, y), then a shift. */
function about(degrees: number, scale: number, x: number, y: number, shift: readonly [number, number]) {
  const c = scale * Math.cos((degrees * Math.PI) / 180);
  const s = scale * Math.sin((degrees * Math.PI) / 180);
  return [c, -s, x - c * x + s * y + shift[0], s, c, y - s * x - c * y + shift[1]];
}

function reference(x: Host, matrices: Host, gainOffset: Host): Host {
  const [, height, width, channels] = x.shape as [number, number, number, number];
  const data = x.data.map((_, i) => {
    const c = i % channels;
    const column = Math.floor(i / channels) % width;
    const row = Math.floor(i / channels / width) % height;
    const n = Math.floor(i / channels / width / height);
    const m = matrices.data.subarray(6 * n, 6 * n + 6);
    const [gain, offset] = gainOffset.data.subarray(2 * n, 2 * n + 2);
    const px = m[0]! * column + m[1]! * row + m[2]!;
    const py = m[3]! * column + m[4]! * row + m[5]!;
    let sum = 0;
    for (let y = 0; y < height; y++)
      for (let z = 0; z < width; z++) {
        const weight = Math.max(0, 1 - Math.abs(px - z)) * Math.max(0, 1 - Math.abs(py - y));
        sum += weight * (gain! * x.data[((n * height + y) * width + z) * channels + c]! + offset!);
      }
    return sum;
  });
  return { shape: x.shape, data };
}

describe('warp', () => {
  it('matches f64 bilinear sampling with zeros outside, by one matrix per image', async () => {
    for (const shape of [
      [3, 7, 9, 1],
      [3, 5, 4, 3],
      [3, 1, 1, 1],
    ]) {
      const matrices = [
        about(20, 1.2, 4, 3, [0.5, -1]),
        about(-115, 0.7, 0, 0, [3, 2]),
        [0, 0, 1e9, 0, 0, -1e9],
      ];
      await checkOp(device(), {
        inputs: [random(shape), host([3, 6], matrices.flat()), host([3, 2], [1, 0, 1.5, -0.25, 2, 1])],
        forward: (x, at, gains) => ops.warp(x!, at!, gains!),
        reference,
        gradientOf: [],
        epsilon: 2 ** -18,
      });
    }
  });

  it('leaves images as they are, bit for bit, by the identity', async () => {
    const x = tensor(device(), random([2, 6, 5, 2]).data, [2, 6, 5, 2]);
    const matrices = tensor(device(), [...identity, ...identity], [2, 6]);
    const y = ops.warp(x, matrices, tensor(device(), [1, 0, 1, 0], [2, 2]));
    expect(await y.read()).toEqual(await x.read());
  });

  it('refuses matrices of another batch', () => {
    const x = tensor(device(), [0], [1, 1, 1, 1]);
    const two = tensor(device(), [...identity, ...identity], [2, 6]);
    expect(() => ops.warp(x, two, tensor(device(), [1, 0], [1, 2]))).toThrow(ShapeError);
  });
});

describe('warp of anything', () => {
  it('NaN stays: of a pixel where it is read, of a matrix and of a gain in their image; outside is 0', async () => {
    const x = tensor(device(), new Float32Array(3 * 5).fill(1).fill(Number.NaN, 2, 3), [3, 1, 5, 1]);
    const half = [1, 0, 0.5, 0, 1, 0];
    const matrices = tensor(device(), [...half, 1, 0, Number.NaN, 0, 1, 0, ...half], [3, 6]);
    const gains = tensor(device(), [1, 0, 1, 0, Number.NaN, 0], [3, 2]);
    const y = [...(await ops.warp(x, matrices, gains).read())];
    const nan = Number.NaN;
    expect(y).toEqual([1, nan, nan, 1, 0.5, nan, nan, nan, nan, nan, nan, nan, nan, nan, nan]);
    const far = tensor(device(), [1, 0, Infinity, 0, 1, 0, ...identity, ...identity], [3, 6]);
    expect([...(await ops.warp(x, far, filled(device(), 0, [3, 2])).read())].slice(0, 5)).toEqual([
      0, 0, 0, 0, 0,
    ]);
  });

  it('takes more images and rows than a grid has workgroups along an axis, and none', async () => {
    for (const [batch, height, width] of [
      [70_000, 2, 1],
      [1, 70_000, 2],
      [1, 1, 1_100_000],
    ] as const) {
      const x = filled(device(), 2, [batch, height, width, 1]);
      const matrices = new Float32Array(batch * 6).map((_, i) => identity[i % 6]!);
      const gains = new Float32Array(batch * 2).map((_, i) => 1 - (i % 2));
      const y = await poisoned(device(), () =>
        ops.warp(x, tensor(device(), matrices, [batch, 6]), tensor(device(), gains, [batch, 2])).read(),
      );
      expect(y.every((v) => v === 2)).toBe(true);
      device().memory.trim();
    }
    const none = ops.warp(zeros(device(), [0, 2, 2, 1]), zeros(device(), [0, 6]), zeros(device(), [0, 2]));
    expect(none.shape).toEqual([0, 2, 2, 1]);
  });

  it('refuses what is no f32', () => {
    const x = zeros(device(), [1, 2, 2, 1]);
    const [matrices, gains] = [zeros(device(), [1, 6]), zeros(device(), [1, 2])];
    expect(() => ops.warp(x, zeros(device(), [1, 6], 'i32'), gains)).toThrow('warp: matrices has dtype i32');
    expect(() => ops.warp(x, matrices, zeros(device(), [1, 2], 'u32'))).toThrow(
      'warp: gainOffset has dtype u32',
    );
    expect(() => ops.warp(x, undefined as never, gains)).toThrow('warp: matrices is undefined');
    const [lines, mask] = [zeros(device(), [1, 2, 3]), zeros(device(), [1, 2])];
    expect(() => ops.transformLines(lines, zeros(device(), [1, 2], 'bool'), matrices)).toThrow(
      'mask has dtype bool',
    );
    expect(() => ops.transformLines(lines, mask, 'm' as never)).toThrow("transformLines: matrices is 'm'");
  });
});

describe('transformLines', () => {
  const matrices = [about(30, 1.3, 15, 12, [2, -3]), about(-100, 0.6, 10, 16, [0, 1])];
  const lines = [
    [0.6, 0.8, -20],
    [1, 0, -7.5],
    [0, 1, -14],
    [-0.8, 0.6, 1],
  ];

  it('gives unit lines on which the mapped points of the input lines lie, and zeros for masked ones', async () => {
    const moved = await poisoned(device(), () =>
      ops
        .transformLines(
          tensor(device(), lines.flat(), [2, 2, 3]),
          tensor(device(), [1, 1, 1, 0], [2, 2]),
          tensor(device(), matrices.flat(), [2, 6]),
        )
        .read(),
    );
    const wanted = lines.flatMap(([a, b, d], i) => {
      const [m0, m1, m2, m3, m4, m5] = matrices[i >> 1] as [number, number, number, number, number, number];
      const line = [a! * m0 + b! * m3, a! * m1 + b! * m4, a! * m2 + b! * m5 + d!];
      return i === 3 ? [0, 0, 0] : line.map((v) => v / Math.hypot(line[0]!, line[1]!));
    });
    expectClose(moved, wanted, 1e-6, 'lines');
  });

  it('agrees with warp: a line drawn in the image lies where its coefficients say afterwards', async () => {
    const size = 48;
    const distance = ([a, b, d]: Iterable<number>, i: number) =>
      Math.abs(a! * (i % size) + b! * Math.floor(i / size) + d!);
    const line = [0.6, 0.8, -32];
    const drawn = Array.from({ length: size * size }, (_, i) => Math.exp(-(distance(line, i) ** 2) / 18));
    const matrix = tensor(device(), about(25, 1.1, 24, 24, [1.5, -2]), [1, 6]);
    const one = tensor(device(), [1], [1, 1]);
    const image = tensor(device(), drawn, [1, size, size, 1]);
    const warped = await ops.warp(image, matrix, tensor(device(), [1, 0], [1, 2])).read();
    const moved = await ops.transformLines(tensor(device(), line, [1, 1, 3]), one, matrix).read();
    // one output pixel is 1.1 input pixels, by which σ = 3 shrinks
    const central = [...warped.keys()].filter(
      (i) => Math.hypot((i % size) - 24, Math.floor(i / size) - 24) < 16,
    );
    const wanted = central.map((i) => Math.exp(-((1.1 * distance(moved, i)) ** 2) / 18));
    expectClose(
      central.map((i) => warped[i]!),
      wanted,
      0.02,
      'heatmap',
    );
  });

  it('moves more lines than a grid has workgroups along an axis; what is NaN stays so, unless masked', async () => {
    const count = 1_100_000;
    const many = new Float32Array(count * 3).map((_, i) => [0.6, 0.8, -2][i % 3]!);
    many[3] = many[6] = Number.NaN;
    const mask = new Float32Array(count).fill(1).fill(0, 1, 2);
    const moved = await poisoned(device(), () =>
      ops
        .transformLines(
          tensor(device(), many, [1, count, 3]),
          tensor(device(), mask, [1, count]),
          tensor(device(), identity, [1, 6]),
        )
        .read(),
    );
    expect([...moved.slice(3, 9)]).toEqual([0, 0, 0, Number.NaN, Number.NaN, Number.NaN]);
    expectClose(moved.slice(9), many.slice(9), 1e-6, 'lines');
    device().memory.trim();
  });
});

describe('warp by a displacement', () => {
  const shape = [2, 7, 9, 1] as const;
  const matrices = host([2, 6], [...about(20, 1.2, 4, 3, [0.5, -1]), ...identity].map(Math.fround));
  const gains = host([2, 2], [1, 0, 1.5, -0.25]);
  const displacement = random([2, 7, 9, 2], 8, -2, 2);

  /** An image at a time and a pixel at a time: a displaced pixel is one of a matrix of its own. */
  function displacedReference(x: Host): Host {
    const data = Array.from(x.data, (_, i) => {
      const n = Math.floor(i / 63);
      const m = [...matrices.data.subarray(6 * n, 6 * n + 6)];
      m[2]! += displacement.data[2 * i]!;
      m[5]! += displacement.data[2 * i + 1]!;
      const one = { shape: [1, 7, 9, 1], data: x.data.slice(63 * n, 63 * n + 63) };
      const gain = host([1, 2], gains.data.slice(2 * n, 2 * n + 2));
      return reference(one, host([1, 6], m), gain).data[i % 63]!;
    });
    return host(shape, data);
  }

  it('reads that far from where the matrix says, as f64 does', async () => {
    const [at, gain, by] = [
      [matrices, [2, 6]],
      [gains, [2, 2]],
      [displacement, displacement.shape],
    ].map(([of, own]) => tensor(device(), (of as Host).data, own as number[])) as [Tensor, Tensor, Tensor];
    await checkOp(device(), {
      inputs: [random(shape)],
      forward: (x) => ops.warp(x!, at, gain, { displacement: by }),
      reference: displacedReference,
      gradientOf: [],
      epsilon: 2 ** -18,
    });
  });

  it('moves labels to where it moves their pixels, and a displacement of nothing changes no bit', async () => {
    const values = random(shape, 2).data;
    const x = tensor(device(), values, shape);
    const at = tensor(device(), matrices.data, [2, 6]);
    const none = tensor(device(), [1, 0, 1, 0], [2, 2]);
    const still = zeros(device(), [2, 7, 9, 2]);
    expect(await ops.warp(x, at, none, { displacement: still }).read()).toEqual(
      await ops.warp(x, at, none).read(),
    );
    const whole = tensor(
      device(),
      Array.from({ length: 252 }, (_, i) => (i % 4) - 1 - (i % 2)),
      [2, 7, 9, 2],
    );
    const same = tensor(device(), [...identity, ...identity], [2, 6]);
    const classes = values.map((_, i) => 1 + (i % 50));
    const labels = tensor(device(), classes, [2, 7, 9], 'u32');
    const [moved, image] = await poisoned(device(), () =>
      Promise.all([
        ops.warpLabels(labels, same, { displacement: whole }).read(),
        ops.warp(tensor(device(), classes, shape), same, none, { displacement: whole }).read(),
      ]),
    );
    expect([...moved]).toEqual([...image]);
    expect([...moved]).not.toEqual([...classes]);
  });

  it('refuses one of other images', () => {
    const x = zeros(device(), [1, 2, 2, 1]);
    const [at, gain] = [zeros(device(), [1, 6]), zeros(device(), [1, 2])];
    const wrong = zeros(device(), [1, 2, 3, 2]);
    expect(() => ops.warp(x, at, gain, { displacement: wrong })).toThrow(
      'warp: displacement has shape [1, 2, 3, 2]',
    );
    const labels = zeros(device(), [1, 2, 2], 'u32');
    expect(() => ops.warpLabels(labels, at, { displacement: wrong })).toThrow('warpLabels: displacement');
  });
});
