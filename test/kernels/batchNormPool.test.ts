import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { capture } from '../../src/autograd/step.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { ShapeError } from '../../src/base/errors.ts';
import * as kernels from '../../src/kernels/index.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import type { Float } from '../../src/tensor/dtype.ts';
import { scope } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { checkOp, expectClose, type Host, host, poisoned, random } from '../check.ts';
import { useDevice } from '../device.ts';
import { hasHalf } from '../half.ts';

/** The sums of batch norm as GPUs take them. */
const device = useDevice({ variants: { batchNorm: 'lanes' } });

const upload = ({ data, shape }: Host, dtype: Float = 'f32'): Tensor => tensor(device(), data, shape, dtype);

/** Norm and maxima, the pass forced. */
function inPass([x, weight, bias]: readonly Tensor[], into?: Tensor) {
  const row = [x!.shape[3]!];
  const running = [zeros(device(), row), zeros(device(), row)];
  const attrs = { momentum: 0.25, epsilon: 1e-5 };
  const inputs = [x!, weight!, bias!, ...running];
  const [y, pooled] = ops.applyAll(kernels.batchNormPool, inputs, attrs, { into }) as [Tensor, Tensor];
  return { y, pooled, running };
}

/** By ops of their own. */
function apart([x, weight, bias]: readonly Tensor[], into?: Tensor) {
  const row = [x!.shape[3]!];
  const [runningMean, runningVariance] = [zeros(device(), row), zeros(device(), row)];
  const options = { runningMean, runningVariance, training: true, momentum: 0.25, relu: true, into };
  const y = ops.batchNorm(x!, weight!, bias!, options);
  return { y, pooled: ops.maxPool2d(y, { kernel: 2 }), running: [runningMean, runningVariance] };
}

/** In float64: output, then maxima, in one row. */
function reference(x: Host, weight: Host, bias: Host): Host {
  const [, height, width, channels] = x.shape as [number, number, number, number];
  const rows = x.data.length / channels;
  const of = (c: number, f: (v: number) => number) => {
    let sum = 0;
    for (let i = c; i < x.data.length; i += channels) sum += f(x.data[i]!) / rows;
    return sum;
  };
  const moments = Array.from({ length: channels }, (_, c) => {
    const mean = of(c, (v) => v);
    return { mean, deviation: Math.sqrt(of(c, (v) => (v - mean) ** 2) + 1e-5) };
  });
  const y = Array.from(x.data, (v, i) => {
    const { mean, deviation } = moments[i % channels]!;
    return Math.max(0, ((v - mean) / deviation) * weight.data[i % channels]! + bias.data[i % channels]!);
  });
  const at = (n: number, i: number, j: number, c: number) =>
    y[((n * height + i) * width + j) * channels + c]!;
  const pooled = Array.from({ length: y.length / 4 }, (_, k) => {
    const [c, j] = [k % channels, Math.floor(k / channels) % (width / 2)];
    const line = Math.floor(k / channels / (width / 2));
    const [i, n] = [line % (height / 2), Math.floor(line / (height / 2))];
    return Math.max(...[0, 1, 2, 3].map((p) => at(n, 2 * i + (p >> 1), 2 * j + (p & 1), c)));
  });
  return host([y.length + pooled.length], [...y, ...pooled]);
}

const shapes = [
  [1, 2, 2, 1],
  [3, 4, 10, 4],
  [2, 6, 2, 7],
  [1, 14, 26, 20],
  [2, 4, 4, 68],
];

/** Gradients that differ from element to element. */
const incoming = (shape: readonly number[], seed: number, dtype: Float) => upload(random(shape, seed), dtype);

interface Found {
  readonly exact: readonly Iterable<number>[];
  readonly gradients: readonly Iterable<number>[];
}

/** All that norm and maxima give, the output and its gradient as runs of channels or not. */
function found(way: typeof inPass, x: Host, dtype: Float, runs: boolean): Promise<Found> {
  return poisoned(device(), async () => {
    using _temporaries = scope();
    const channels = x.shape[3]!;
    const leaves = [x, random([channels], 2, 0.5, 2), random([channels], 3)].map((one, i) =>
      Object.assign(upload(one, i === 0 ? dtype : 'f32'), { requiresGrad: true }),
    );
    using tape = new Tape();
    const [place] = runs ? ops.sideBySide(device(), x.shape.slice(0, 3), [channels, 8], dtype) : [];
    const { y, pooled, running } = way(leaves, place);
    const other = zeros(device(), [...x.shape.slice(0, 3), 8], dtype);
    const joined = runs ? ops.concat([y, other]) : y;
    const uses = [joined, pooled].map((one, i) =>
      ops.sum(ops.cast(ops.multiply(one, incoming(one.shape, 7 + i, dtype)), 'f32')),
    );
    tape.backward(ops.add(uses[0]!, uses[1]!));
    const read = (tensors: readonly Tensor[]) =>
      Promise.all(tensors.map((one) => ops.cast(one, 'f32').read()));
    const exact = await read([y, pooled, ...running]);
    const gradients = await read(leaves.map(({ grad }) => grad!));
    for (const { grad } of leaves) grad!.dispose();
    return { exact, gradients };
  });
}

describe('batch norm and its maxima in one pass', () => {
  it('match f64, output and gradients, over awkward shapes', async () => {
    for (const shape of shapes) {
      const row = [shape[3]!];
      await checkOp(device(), {
        inputs: [random(shape, 1, -1, 3), random(row, 2, 0.5, 2), random(row, 3)],
        forward: (x, weight, bias) => {
          const { y, pooled } = inPass([x!, weight!, bias!]);
          return ops.concat([ops.flatten(y, 0), ops.flatten(pooled, 0)]);
        },
        reference: (x, weight, bias) => reference(x!, weight!, bias!),
        reduction: 64,
      });
    }
  });

  for (const dtype of hasHalf ? (['f32', 'f16'] as const) : (['f32'] as const))
    it(`give what norm and pool by themselves do, in ${dtype}, to the last bit going forward`, async () => {
      for (const shape of shapes)
        for (const runs of [false, true]) {
          const x = random(shape, 1, -1, 3);
          const [a, b] = [await found(inPass, x, dtype, runs), await found(apart, x, dtype, runs)];
          expect(a.exact, `${shape}`).toEqual(b.exact);
          for (const [i, values] of a.gradients.entries())
            expectClose(
              [...values, 1],
              [...b.gradients[i]!, 1],
              dtype === 'f16' ? 4e-3 : 1e-5,
              `${shape}: ${i}`,
            );
        }
    });

  it('send the gradient of equal maxima to the first', async () => {
    // whole numbers of which several are the largest in most windows
    const x = random([2, 6, 8, 4], 5, 0, 3);
    const equal = host(x.shape, x.data.map(Math.floor));
    const [a, b] = [await found(inPass, equal, 'f32', false), await found(apart, equal, 'f32', false)];
    expect(a.exact).toEqual(b.exact);
    for (const [i, values] of a.gradients.entries())
      expectClose([...values], [...b.gradients[i]!], 1e-5, `gradient ${i}`);
  });

  it('pass NaN and infinities on as norm and pool do', async () => {
    for (const channels of [3, 4])
      for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
        const x = random([2, 4, 4, channels], 1);
        x.data[1] = bad;
        const [a, b] = [await found(inPass, x, 'f32', false), await found(apart, x, 'f32', false)];
        const whichNaN = ({ exact, gradients }: Found) =>
          [...exact, ...gradients].map((values) => Array.from(values, Number.isNaN));
        expect(whichNaN(a)).toEqual(whichNaN(b));
        expect(whichNaN(a).flat().some(Boolean)).toBe(true);
      }
  });

  it('refuse images of odd sides and none', () => {
    const row = () => zeros(device(), [4]);
    const attrs = { momentum: 0.1, epsilon: 1e-5 };
    const call = (shape: readonly number[]) => () =>
      ops.applyAll(kernels.batchNormPool, [zeros(device(), shape), row(), row(), row(), row()], attrs);
    for (const shape of [
      [1, 3, 4, 4],
      [1, 4, 3, 4],
      [0, 4, 4, 4],
    ]) {
      expect(call(shape)).toThrow(ShapeError);
      expect(call(shape)).toThrow(/batchNormPool: x has shape .* even sides/);
    }
    expect(call([4, 4, 4])).toThrow(/Rank 4 is needed/);
  });
});

describe('ops.batchNormPool', () => {
  const labels = async (shape: readonly number[], options: Partial<ops.BatchNormOptions> = {}) => {
    using _temporaries = scope();
    const row = [shape.at(-1)!];
    const [x, mean, variance] = [zeros(device(), shape), zeros(device(), row), zeros(device(), row)];
    const all = { runningMean: mean, runningVariance: variance, training: true, relu: true, ...options };
    using step = await capture(device(), () => ({ ...ops.batchNormPool(x, null, null, all) }));
    return step.labels.join();
  };

  it('is in one pass on GPUs, of even sides and with the ReLU of a training', async () => {
    const { caps } = device();
    const { software } = caps;
    try {
      Object.assign(caps, { software: false });
      expect(await labels([2, 4, 6, 4])).toContain('batchNorm.pool.forward');
      expect(await labels([2, 4, 6, 4])).not.toContain('maxPool2d');
      for (const apart of [
        labels([2, 5, 6, 4]),
        labels([2, 4, 6, 4], { training: false }),
        labels([2, 4, 6, 4], { relu: false }),
      ]) {
        expect(await apart).toContain('maxPool2d');
        expect(await apart).not.toContain('pool.forward');
      }
    } finally {
      Object.assign(caps, { software });
    }
    expect(await labels([2, 4, 6, 4])).toContain('maxPool2d');
  });
});
