import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { tensor } from '../../src/tensor/create.ts';
import { ShapeError } from '../../src/tensor/errors.ts';
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
        forward: ops.warp,
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
});
