import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { capture } from '../../src/autograd/step.ts';
import { Tape } from '../../src/autograd/tape.ts';
import type { Pair } from '../../src/kernels/options.ts';
import { filled, tensor, zeros } from '../../src/tensor/create.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { checkOp, type Host, poisoned, random } from '../check.ts';
import { useDevice } from '../device.ts';
import { hasHalf } from '../half.ts';
import { checkGoldens } from './goldens.ts';

const device = useDevice();

interface Window {
  readonly kernel: [number, number];
  readonly stride: [number, number];
  readonly padding: [number, number];
}

/** Calls `use` with the values of every window of x in row order, and how many pixels it has with its padding. */
function pooled(
  x: Host,
  { kernel, stride, padding }: Window,
  use: (values: number[], all: number) => number,
): Host {
  const [batch, height, width, channels] = x.shape as [number, number, number, number];
  const over = (size: number, i: 0 | 1) => Math.floor((size + 2 * padding[i] - kernel[i]) / stride[i]) + 1;
  const shape = [batch, over(height, 0), over(width, 1), channels];
  const data = new Float64Array(shape.reduce((a, b) => a * b)).map((_, i) => {
    const c = i % channels;
    const left = (Math.floor(i / channels) % shape[2]!) * stride[1] - padding[1];
    const top = (Math.floor(i / channels / shape[2]!) % shape[1]!) * stride[0] - padding[0];
    const n = Math.floor(i / channels / shape[2]! / shape[1]!);
    const values: number[] = [];
    for (let y = Math.max(0, top); y < Math.min(height, top + kernel[0]); y++)
      for (let z = Math.max(0, left); z < Math.min(width, left + kernel[1]); z++)
        values.push(x.data[((n * height + y) * width + z) * channels + c]!);
    return use(values, kernel[0] * kernel[1]);
  });
  return { shape, data };
}

const windows: Window[] = [
  { kernel: [2, 3], stride: [2, 1], padding: [1, 0] },
  { kernel: [1, 4], stride: [3, 4], padding: [0, 2] },
  { kernel: [3, 2], stride: [2, 3], padding: [1, 1] },
  { kernel: [5, 1], stride: [1, 2], padding: [2, 0] },
];
const shapes = [
  [1, 4, 4, 1],
  [2, 5, 7, 3],
  [2, 6, 9, 8],
];
const total = (values: number[]) => values.reduce((a, b) => a + b, 0);

describe('windows by axis', () => {
  for (const window of windows) {
    it(`max of ${JSON.stringify(window)} matches f64, output and gradient`, async () => {
      for (const shape of shapes)
        if (shape[1]! + 2 * window.padding[0] >= window.kernel[0])
          await checkOp(device(), {
            inputs: [random(shape, 8)],
            forward: (x) => ops.maxPool2d(x, window),
            reference: (x) => pooled(x, window, (values) => Math.max(...values)),
            reduction: 4,
          });
    });

    it(`means of ${JSON.stringify(window)}, with padding counted and not, match f64, output and gradient`, async () => {
      for (const shape of shapes)
        for (const countIncludePad of [true, false])
          await checkOp(device(), {
            inputs: [random(shape, 8)],
            forward: (x) => ops.avgPool2d(x, { ...window, countIncludePad }),
            reference: (x) =>
              pooled(x, window, (values, all) => total(values) / (countIncludePad ? all : values.length)),
            reduction: 8,
          });
    });
  }

  it('equal PyTorch', async () => {
    await checkGoldens(device(), 'poolWindow', 'maxPool2d', (x, attrs) =>
      ops.maxPool2d(x, attrs as unknown as Window),
    );
    await checkGoldens(device(), 'poolWindow', 'avgPool2d', (x, attrs) =>
      ops.avgPool2d(x, attrs as unknown as Window & { countIncludePad: boolean }),
    );
  });

  it('of f16 give the nearest f16 to what f32 gives', async () => {
    const x = tensor(
      device(),
      new Float64Array(2 * 5 * 7 * 3).map((_, i) => (i * 37) % 64),
      [2, 5, 7, 3],
    );
    const pools = (y: Tensor) =>
      windows.flatMap((window) => [
        ops.maxPool2d(y, window),
        ops.avgPool2d(y, { ...window, countIncludePad: false }),
      ]);
    if (!hasHalf) {
      expect(() => pools(ops.cast(x, 'f16'))).toThrow(
        'maxPool2d: x has dtype f16, which this device only stores',
      );
      return;
    }
    const halves = pools(ops.cast(x, 'f16'));
    for (const [i, wanted] of pools(x).entries())
      expect(await halves[i]!.read()).toEqual(await ops.cast(wanted, 'f16').read());
  });

  it('replay in a captured step', async () => {
    const x = tensor(device(), random([1, 6, 9, 4], 3).data, [1, 6, 9, 4]);
    const window = windows[2]!;
    const both = () => ({ most: ops.maxPool2d(x, window), mean: ops.avgPool2d(x, window) });
    using step = await capture(device(), both);
    step.run();
    const eager = both();
    expect(await step.outputs.most.read()).toEqual(await eager.most.read());
    expect(await step.outputs.mean.read()).toEqual(await eager.mean.read());
  });
});

/** Result and gradient of a pool over one image of these values, by one channel and by four, in f32 and in f16. */
async function overOne(values: readonly number[], shape: readonly number[], pool: (x: Tensor) => Tensor) {
  const found: { y: number[]; dx: number[] }[] = [];
  for (const dtype of hasHalf ? (['f32', 'f16'] as const) : (['f32'] as const))
    for (const channels of [1, 4]) {
      const spread = values.flatMap((v) => new Array<number>(channels).fill(v));
      const x = tensor(device(), spread, [1, ...shape, channels], dtype);
      x.requiresGrad = true;
      await poisoned(device(), async () => {
        using tape = new Tape();
        const y = pool(x);
        tape.backward(y, filled(device(), 1, y.shape, dtype));
        using grad = x.grad!;
        const every = (all: ArrayLike<number>) =>
          Array.from(all).filter((_, i) => i % channels === channels - 1);
        found.push({ y: every(await y.read()), dx: every(await grad.read()) });
      });
    }
  for (const one of found) expect(one).toEqual(found[0]);
  return found[0]!;
}

describe('NaN and infinities in windows', () => {
  it('NaN wins wherever it stands, and the first NaN gets the gradient', async () => {
    for (const kernel of [2, [1, 4], [4, 1]] as Pair[])
      for (const negative of [false, true])
        for (let at = 0; at < 4; at++)
          for (const second of [at, 3]) {
            const values = [3, Infinity, -2, 5].map((v, i) =>
              i === at || i === second ? Number.NaN : negative ? -v : v,
            );
            const shape = Array.isArray(kernel) ? kernel : [2, 2];
            const { y, dx } = await overOne(values, shape, (x) => ops.maxPool2d(x, { kernel }));
            expect(y).toEqual([Number.NaN]);
            expect(dx).toEqual([0, 1, 2, 3].map((i) => Number(i === Math.min(at, second))));
          }
  });

  it('padding never wins, not even against −∞, and overlapping windows keep NaN to themselves', async () => {
    const { y } = await overOne([-Infinity, -Infinity, Number.NaN, 4, 5, 6], [1, 6], (x) =>
      ops.maxPool2d(x, { kernel: [1, 3], stride: 1, padding: [0, 1] }),
    );
    expect(y).toEqual([-Infinity, Number.NaN, Number.NaN, Number.NaN, 6, 6]);
  });

  it('NaN and infinities make means NaN and infinite, those of other windows not', async () => {
    const { y } = await overOne([Number.NaN, 1, 2, 3, Infinity, 5, -Infinity, Infinity], [1, 8], (x) =>
      ops.avgPool2d(x, { kernel: [1, 2] }),
    );
    expect(y).toEqual([Number.NaN, 2.5, Infinity, Number.NaN]);
  });
});

describe('pools of any size', () => {
  const sizes: [shape: number[], kernel: Pair][] = [
    [[70_000, 2, 2, 4], 2],
    [[1, 140_002, 2, 1], 2],
    [
      [1, 3, 4_300_000, 1],
      [2, 1],
    ],
    [
      [65_540, 3, 1, 4],
      [3, 1],
    ],
  ];
  for (const [shape, kernel] of sizes)
    it(`take images [${shape}] with kernel ${kernel}`, async () => {
      const x = filled(device(), 1, shape);
      x.requiresGrad = true;
      await poisoned(device(), async () => {
        using tape = new Tape();
        const y = ops.add(ops.maxPool2d(x, { kernel }), ops.avgPool2d(x, { kernel }));
        expect(await ops.sum(y).item()).toBe(2 * y.size);
        expect(await ops.min(y).item()).toBe(2);
        tape.backward(y, filled(device(), 1, y.shape));
        using gradient = x.grad!;
        expect(await ops.sum(gradient).item()).toBeCloseTo(2 * y.size, -1);
      });
      device().memory.trim();
    });

  it('give nothing of no images, and no gradient to none', async () => {
    for (const shape of [
      [0, 4, 4, 3],
      [2, 4, 4, 0],
    ]) {
      const x = zeros(device(), shape);
      x.requiresGrad = true;
      using tape = new Tape();
      const y = ops.add(ops.maxPool2d(x, { kernel: 2 }), ops.avgPool2d(x, { kernel: 2 }));
      expect(y.shape).toEqual([shape[0], 2, 2, shape[3]]);
      tape.backward(y, zeros(device(), y.shape));
      using gradient = x.grad!;
      expect(gradient.shape).toEqual(shape);
    }
  });
});
