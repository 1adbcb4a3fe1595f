import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { ShapeError } from '../../src/base/errors.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import { checkOp, type Host, random } from '../check.ts';
import { useDevice } from '../device.ts';
import { checkGoldens } from './goldens.ts';

const device = useDevice();

interface Window {
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
}

/** Reduces every window of x, given its values in row order. */
function pooled(x: Host, { kernel, stride, padding }: Window, reduce: (values: number[]) => number): Host {
  const [batch, height, width, channels] = x.shape as [number, number, number, number];
  const over = (size: number) => Math.floor((size + 2 * padding - kernel) / stride) + 1;
  const shape = [batch, over(height), over(width), channels];
  const data = new Float64Array(shape.reduce((a, b) => a * b)).map((_, i) => {
    const c = i % channels;
    const column = Math.floor(i / channels) % shape[2]!;
    const row = Math.floor(i / channels / shape[2]!) % shape[1]!;
    const n = Math.floor(i / channels / shape[2]! / shape[1]!);
    const values: number[] = [];
    for (let y = row * stride - padding; y < row * stride - padding + kernel; y++)
      for (let z = column * stride - padding; z < column * stride - padding + kernel; z++)
        if (y >= 0 && y < height && z >= 0 && z < width)
          values.push(x.data[((n * height + y) * width + z) * channels + c]!);
    return reduce(values);
  });
  return { shape, data };
}

const shapes = [
  [1, 4, 4, 1],
  [2, 5, 7, 3],
  [1, 9, 6, 68],
  [3, 8, 8, 4],
];
const windows: Window[] = [
  { kernel: 2, stride: 2, padding: 0 },
  { kernel: 2, stride: 3, padding: 1 },
  { kernel: 3, stride: 2, padding: 1 },
  { kernel: 3, stride: 1, padding: 1 },
  { kernel: 4, stride: 2, padding: 0 },
  { kernel: 1, stride: 3, padding: 0 },
];

describe('maxPool2d', () => {
  for (const window of windows)
    it(`with ${JSON.stringify(window)} matches f64, output and gradient, over awkward shapes`, async () => {
      for (const shape of shapes)
        await checkOp(device(), {
          inputs: [random(shape, 8)],
          forward: (x) => ops.maxPool2d(x, window),
          reference: (x) => pooled(x, window, (values) => Math.max(...values)),
          reduction: 4,
        });
    });

  it('matches PyTorch', () =>
    checkGoldens(device(), 'pool', 'maxPool2d', (x, attrs) => ops.maxPool2d(x, attrs as unknown as Window)));

  it('gives the gradient to the first of equal maxima', async () => {
    const x = zeros(device(), [1, 2, 2, 4]);
    x.requiresGrad = true;
    using tape = new Tape();
    tape.backward(ops.maxPool2d(x, { kernel: 2 }), tensor(device(), [1, 2, 3, 4], [1, 1, 1, 4]));
    using grad = x.grad!;
    expect([...(await grad.read())]).toEqual([1, 2, 3, 4, ...new Array(12).fill(0)]);
  });

  it('refuses windows that do not fit, and padding that could hold a whole window', () => {
    const x = zeros(device(), [1, 2, 2, 1]);
    expect(() => ops.maxPool2d(x, { kernel: 3 })).toThrow(ShapeError);
    expect(() => ops.maxPool2d(x, { kernel: 2, padding: 2 })).toThrow(ShapeError);
  });
});

describe('avgPool2d', () => {
  for (const window of windows.filter(({ padding }) => padding === 0))
    it(`with ${JSON.stringify(window)} matches f64, output and gradient, over awkward shapes`, async () => {
      for (const shape of shapes)
        await checkOp(device(), {
          inputs: [random(shape, 8)],
          forward: (x) => ops.avgPool2d(x, window),
          reference: (x) => pooled(x, window, (values) => values.reduce((a, b) => a + b) / values.length),
          reduction: 16,
        });
    });

  it('matches PyTorch', () =>
    checkGoldens(device(), 'pool', 'avgPool2d', (x, attrs) => ops.avgPool2d(x, attrs as unknown as Window)));
});

describe('global pools', () => {
  it('globalMaxPool matches PyTorch', () =>
    checkGoldens(device(), 'pool', 'globalMaxPool', ops.globalMaxPool));

  it('globalAvgPool matches PyTorch', () =>
    checkGoldens(device(), 'pool', 'globalAvgPool', ops.globalAvgPool));
});

describe('global pools of any rank', () => {
  it('reduce all axes between the first and the last', async () => {
    const x = tensor(device(), random([2, 3, 4, 5, 3], 7).data, [2, 3, 4, 5, 3]);
    expect(await ops.globalMaxPool(x).read()).toEqual(await ops.max(x, { axes: [1, 2, 3] }).read());
    expect(await ops.globalAvgPool(x).read()).toEqual(await ops.mean(x, { axes: [1, 2, 3] }).read());
    expect(() => ops.globalMaxPool(zeros(device(), [2, 3]))).toThrow('globalMaxPool: x has shape [2, 3]');
    expect(() => ops.globalAvgPool(3 as never)).toThrow('globalAvgPool: x is 3. A tensor is needed.');
    expect(() => ops.globalMaxPool(zeros(device(), [2, 0, 3, 4]))).toThrow(
      'globalMaxPool: x has no elements',
    );
  });
});

describe('pools refuse', () => {
  const refused: [what: string, options: object, says: string][] = [
    ['a fractional kernel', { kernel: 1.5 }, 'kernel is 1.5. A whole number from 1 is needed.'],
    ['a missing kernel', {}, 'kernel is undefined'],
    ['a kernel of three sizes', { kernel: [1, 2, 3] }, 'kernel is [1, 2, 3]. A number or [y, x] is needed.'],
    ['a stride of 0', { kernel: 2, stride: [1, 0] }, 'stride is 0'],
    ['negative padding', { kernel: 2, padding: -1 }, 'padding is -1'],
    ['padding above half a window', { kernel: [4, 2], padding: 2 }, 'padding is 2×2, the kernel 4×2'],
    [
      'windows larger than the image',
      { kernel: 7 },
      'x has shape [1, 4, 4, 3]. A 7×7 window needs more pixels.',
    ],
    ['options misspelt', { kernel: 2, strides: 2 }, 'option strides is unknown'],
  ];
  for (const [what, options, says] of refused)
    it(what, () => {
      const x = zeros(device(), [1, 4, 4, 3]);
      expect(() => ops.maxPool2d(x, options as never)).toThrow(`maxPool2d: ${says}`);
      expect(() => ops.avgPool2d(x, options as never)).toThrow(`avgPool2d: ${says}`);
    });

  it('what is no tensor of images of floats, and no options', () => {
    const x = zeros(device(), [1, 32, 32, 1]);
    expect(() => ops.maxPool2d(zeros(device(), [4, 4, 3]), { kernel: 2 })).toThrow('Rank 4 is needed.');
    expect(() => ops.avgPool2d(ops.cast(x, 'i32'), { kernel: 2 })).toThrow('avgPool2d: x has dtype i32');
    expect(() => ops.maxPool2d([1] as never, { kernel: 2 })).toThrow(
      'maxPool2d: x is [1]. A tensor is needed.',
    );
    expect(() => ops.maxPool2d(x, 2 as never)).toThrow('maxPool2d: options is 2');
    expect(() => ops.maxPool2d(x, { kernel: 17 })).toThrow('maxPool2d: kernel is 17×17. At most 256 pixels');
    expect(() => ops.avgPool2d(x, { kernel: 2, countIncludePad: 1 as never })).toThrow(
      'countIncludePad is 1',
    );
  });
});
