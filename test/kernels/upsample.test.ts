import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { ShapeError } from '../../src/base/errors.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import { checkOp, expectClose, type Host, random } from '../check.ts';
import { useDevice } from '../device.ts';
import { hasHalf } from '../half.ts';
import { checkGoldens } from './goldens.ts';

const device = useDevice();

/** Coordinate in the input of output pixel i. */
function coordinate(i: number, size: number, outSize: number, alignCorners: boolean): number {
  const at = alignCorners ? (i * (size - 1)) / Math.max(1, outSize - 1) : ((i + 0.5) * size) / outSize - 0.5;
  return Math.min(Math.max(at, 0), size - 1);
}

function reference(x: Host, [outHeight, outWidth]: readonly [number, number], alignCorners: boolean): Host {
  const [batch, height, width, channels] = x.shape as [number, number, number, number];
  const shape = [batch, outHeight, outWidth, channels];
  const data = new Float64Array(shape.reduce((a, b) => a * b)).map((_, i) => {
    const c = i % channels;
    const right = coordinate(Math.floor(i / channels) % outWidth, width, outWidth, alignCorners);
    const row = Math.floor(i / channels / outWidth) % outHeight;
    const down = coordinate(row, height, outHeight, alignCorners);
    const n = Math.floor(i / channels / outWidth / outHeight);
    let sum = 0;
    for (let y = 0; y < height; y++)
      for (let z = 0; z < width; z++) {
        const weight = Math.max(0, 1 - Math.abs(right - z)) * Math.max(0, 1 - Math.abs(down - y));
        sum += weight * x.data[((n * height + y) * width + z) * channels + c]!;
      }
    return sum;
  });
  return { shape, data };
}

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

describe('upsampleBilinear2d', () => {
  for (const alignCorners of [false, true])
    it(`${alignCorners ? 'by corners' : 'by edges'} matches f64, output and gradient, up, down and to itself`, async () => {
      for (const [shape, size] of cases)
        await checkOp(device(), {
          inputs: [random(shape, 8)],
          forward: (x) => ops.upsampleBilinear2d(x, { size, alignCorners }),
          reference: (x) => reference(x, size, alignCorners),
          reduction: 16,
        });
    });

  it('matches PyTorch', () =>
    checkGoldens(device(), 'upsample', 'upsampleBilinear2d', (x, { scale, alignCorners }) =>
      ops.upsampleBilinear2d(x, { scale: scale as number, alignCorners: alignCorners as boolean }),
    ));

  it('refuses a size that is not whole', () => {
    const x = zeros(device(), [1, 3, 3, 1]);
    expect(() => ops.upsampleBilinear2d(x, { scale: 1.5 })).toThrow(ShapeError);
  });

  it('spreads NaN to the pixels that read it, and NaN of a gradient to those that were read', async () => {
    const x = tensor(device(), [1, Number.NaN, 3, 4, 5], [1, 1, 5, 1]);
    x.requiresGrad = true;
    using tape = new Tape();
    const y = ops.upsampleBilinear2d(x, { size: [1, 10] });
    // the first reads its neighbour too, with weight 0, as in PyTorch
    const found = [...(await y.read())].map(Number.isNaN);
    expect(found).toEqual([true, true, true, true, true, false, false, false, false, false]);
    const dy = tensor(device(), [1, 1, 1, 1, 1, 1, 1, Number.NaN, 1, 1], y.shape);
    tape.backward(y, dy);
    using grad = x.grad!;
    expect([...(await grad.read())].map(Number.isNaN)).toEqual([false, false, false, true, true]);
  });

  it('of f16 computes in f32', async () => {
    const x = ops.cast(tensor(device(), random([2, 3, 5, 4], 2).data, [2, 3, 5, 4]), 'f16');
    const resize = (image: typeof x) => ops.upsampleBilinear2d(image, { size: [5, 11] });
    if (!hasHalf) {
      expect(() => resize(x)).toThrow('upsampleBilinear2d: x has dtype f16, which this device only stores');
      return;
    }
    const leaves = [ops.cast(x, 'f16'), ops.cast(x, 'f32')];
    for (const leaf of leaves) leaf.requiresGrad = true;
    using tape = new Tape();
    const [half, single] = leaves.map(resize);
    expect(await half!.read()).toEqual(await ops.cast(single!, 'f16').read());
    const dy = ops.cast(tensor(device(), random(half!.shape, 3).data, half!.shape), 'f16');
    tape.backward(half!, dy);
    tape.backward(single!, ops.cast(dy, 'f32'));
    const [got, wanted] = leaves.map((leaf) => leaf.grad!);
    expectClose(await got!.read(), await ops.cast(wanted!, 'f16').read(), 0, 'gradient');
    for (const grad of [got!, wanted!]) grad.dispose();
  });
});
