import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { capture } from '../../src/autograd/step.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { filled, tensor, zeros } from '../../src/tensor/create.ts';
import { checkOp, expectClose, type Host, poisoned, random } from '../check.ts';
import { useDevice } from '../device.ts';
import { hasHalf } from '../half.ts';
import { checkGoldens } from './goldens.ts';

const device = useDevice();

/** Images whose pixels are those of x at `index`. */
function taken(
  x: Host,
  [outHeight, outWidth]: readonly [number, number],
  index: (i: number, size: number, outSize: number) => number,
): Host {
  const [batch, height, width, channels] = x.shape as [number, number, number, number];
  const shape = [batch, outHeight, outWidth, channels];
  const data = new Float64Array(shape.reduce((a, b) => a * b)).map((_, i) => {
    const column = index(Math.floor(i / channels) % outWidth, width, outWidth);
    const row = index(Math.floor(i / channels / outWidth) % outHeight, height, outHeight);
    const n = Math.floor(i / channels / outWidth / outHeight);
    return x.data[((n * height + row) * width + column) * channels + (i % channels)]!;
  });
  return { shape, data };
}

const bySize = (i: number, size: number, outSize: number) => Math.floor((i * size) / outSize);

const cases: [shape: number[], size: [number, number]][] = [
  [
    [1, 1, 1, 1],
    [3, 2],
  ],
  [
    [2, 3, 5, 7],
    [6, 10],
  ],
  [
    [1, 4, 3, 68],
    [11, 9],
  ],
  [
    [2, 5, 6, 4],
    [5, 6],
  ],
  [
    [1, 7, 9, 3],
    [4, 1],
  ],
];

describe('upsampleNearest2d', () => {
  it('matches ⌊i·in/out⌋, output and gradient, up, down and to itself', async () => {
    for (const [shape, size] of cases)
      await checkOp(device(), {
        inputs: [random(shape, 8)],
        forward: (x) => ops.upsampleNearest2d(x, { size }),
        reference: (x) => taken(x, size, bySize),
        reduction: 16,
      });
  });

  it('by a scale takes pixel ⌊i/scale⌋, the last at most', async () => {
    for (const scale of [2, 3, 1.5, 1.3, 0.4, 2 / 3, Math.SQRT2]) {
      const shape = [2, 7, 9, 4];
      const size: [number, number] = [Math.floor(7 * scale), Math.floor(9 * scale)];
      await checkOp(device(), {
        inputs: [random(shape, 8)],
        forward: (x) => ops.upsampleNearest2d(x, { scale }),
        reference: (x) => taken(x, size, (i, inSize) => Math.min(Math.floor(i / scale + 1e-12), inSize - 1)),
        reduction: 16,
      });
    }
    expect(ops.upsampleNearest2d(zeros(device(), [1, 2, 3, 1]), { scale: [2, 3] }).shape).toEqual([
      1, 4, 9, 1,
    ]);
    expect(ops.upsampleNearest2d(zeros(device(), [1, 2, 3, 1])).shape).toEqual([1, 4, 6, 1]);
  });

  it('equals PyTorch', () =>
    checkGoldens(device(), 'nearest', 'upsampleNearest2d', (x, attrs) =>
      ops.upsampleNearest2d(x, attrs as object),
    ));

  it('finds every pixel of wide images, where float32 cannot', async () => {
    // 49·(1/49) is below 1 in float32, and so are many of its multiples
    for (const [width, outWidth] of [
      [2, 98],
      [1000, 49_000],
      [69_999, 70_001],
      [70_001, 69_999],
    ] as const) {
      const x = tensor(
        device(),
        Float64Array.from({ length: width }, (_, i) => i),
        [1, 1, width, 1],
      );
      x.requiresGrad = true;
      using tape = new Tape();
      const y = ops.upsampleNearest2d(x, { size: [1, outWidth] });
      const wanted = Float32Array.from({ length: outWidth }, (_, i) => bySize(i, width, outWidth));
      expectClose(await y.read(), wanted, 0, `${width} to ${outWidth}`);
      tape.backward(y, filled(device(), 1, y.shape));
      const counts = new Float32Array(width);
      for (const index of wanted) counts[index]!++;
      using grad = x.grad!;
      expectClose(await grad.read(), counts, 0, `gradient of ${width} to ${outWidth}`);
    }
  });

  it('repeats NaN where it is, and keeps it in the gradient of its pixel', async () => {
    const x = tensor(device(), [1, Number.NaN, Infinity], [1, 1, 3, 1]);
    x.requiresGrad = true;
    using tape = new Tape();
    const y = ops.upsampleNearest2d(x, { size: [1, 6] });
    expect([...(await y.read())]).toEqual([1, 1, Number.NaN, Number.NaN, Infinity, Infinity]);
    tape.backward(y, tensor(device(), [1, 1, 1, Number.NaN, 1, 1], y.shape));
    using grad = x.grad!;
    expect([...(await grad.read())]).toEqual([2, Number.NaN, 2]);
  });

  it('of f16 moves them as they are, and replays in a captured step', async () => {
    const single = tensor(
      device(),
      new Float64Array(2 * 3 * 5 * 4).map((_, i) => i / 4),
      [2, 3, 5, 4],
    );
    const x = hasHalf ? ops.cast(single, 'f16') : single;
    const resize = () => ({ y: ops.upsampleNearest2d(x, { size: [4, 7] }) });
    using step = await capture(device(), resize);
    step.run();
    expect(step.outputs.y.dtype).toBe(x.dtype);
    expect(await step.outputs.y.read()).toEqual(await resize().y.read());
    expect(await resize().y.read()).toEqual(await ops.upsampleNearest2d(single, { size: [4, 7] }).read());
  });

  it('and the bilinear take more images and rows than a grid has workgroups along an axis', async () => {
    for (const resize of [ops.upsampleNearest2d, ops.upsampleBilinear2d])
      for (const shape of [
        [70_000, 1, 2, 1],
        [1, 70_000, 1, 4],
        [1, 1, 1_100_000, 1],
      ]) {
        const x = filled(device(), 1, shape);
        x.requiresGrad = true;
        await poisoned(device(), async () => {
          using tape = new Tape();
          const y = resize(x);
          expect(await ops.min(y).item()).toBe(1);
          tape.backward(y, filled(device(), 1, y.shape));
          using grad = x.grad!;
          expect(await ops.sum(grad).item()).toBeCloseTo(y.size, -1);
        });
        device().memory.trim();
      }
    for (const resize of [ops.upsampleNearest2d, ops.upsampleBilinear2d]) {
      const x = zeros(device(), [0, 3, 4, 2]);
      x.requiresGrad = true;
      using tape = new Tape();
      const y = resize(x);
      expect(y.shape).toEqual([0, 6, 8, 2]);
      tape.backward(y, zeros(device(), y.shape));
      using grad = x.grad!;
      expect(grad.shape).toEqual([0, 3, 4, 2]);
    }
  });

  const refused: [what: string, options: object, says: string][] = [
    ['a size of one number', { size: 4 }, 'size is 4. [height, width] is needed.'],
    ['a fractional size', { size: [2, 2.5] }, 'width is 2.5'],
    ['a size of 0', { size: [0, 2] }, 'height is 0'],
    ['a negative scale', { scale: -1 }, 'scale is -1'],
    ['a scale that leaves nothing', { scale: 0.25 }, 'scale 0.25 makes'],
    ['a scale and a size', { scale: 2, size: [2, 2] }, 'size and scale are both given'],
    ['an unknown option', { mode: 'nearest' }, 'option mode is unknown'],
  ];
  for (const [what, options, says] of refused)
    it(`refuses ${what}`, () => {
      const x = zeros(device(), [1, 3, 3, 1]);
      expect(() => ops.upsampleNearest2d(x, options as never)).toThrow(`upsampleNearest2d: ${says}`);
      expect(() => ops.upsampleBilinear2d(x, options as never)).toThrow(`upsampleBilinear2d: ${says}`);
    });

  it('refuses what is no image of floats', () => {
    expect(() => ops.upsampleNearest2d(zeros(device(), [3, 3, 1]))).toThrow('x has shape [3, 3, 1]. Rank 4');
    expect(() => ops.upsampleBilinear2d(zeros(device(), [3, 3, 1]))).toThrow('x has shape [3, 3, 1]. Rank 4');
    expect(() => ops.upsampleNearest2d(undefined as never)).toThrow('upsampleNearest2d: x is undefined');
    expect(() => ops.upsampleBilinear2d('x' as never)).toThrow("upsampleBilinear2d: x is 'x'");
    expect(() => ops.upsampleNearest2d(zeros(device(), [1, 3, 3, 1], 'i32'))).toThrow('x has dtype i32');
    expect(() => ops.upsampleNearest2d(zeros(device(), [1, 0, 3, 1]))).toThrow('at least one pixel');
    expect(() => ops.upsampleBilinear2d(zeros(device(), [1, 3, 3, 1]), { alignCorners: 1 as never })).toThrow(
      'alignCorners is 1',
    );
  });
});
