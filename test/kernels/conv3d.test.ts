import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { ShapeError } from '../../src/base/errors.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { checkOp, type Host, host, random } from '../check.ts';
import { useDevice } from '../device.ts';
import { checkGolden } from '../golden-op.ts';
import { goldenCases } from '../goldens.ts';

const device = useDevice();
type Three = readonly [number, number, number];

interface Case {
  readonly volume: readonly [batch: number, ...sides: Three, channels: number];
  readonly out: number;
  readonly kernel: Three;
  readonly stride?: Three;
  readonly padding?: Three;
  readonly relu?: boolean;
}

const cases: readonly Case[] = [
  { volume: [1, 1, 1, 1, 1], out: 1, kernel: [1, 1, 1] },
  { volume: [2, 3, 5, 4, 3], out: 5, kernel: [3, 3, 3], padding: [1, 1, 1], relu: true },
  { volume: [1, 4, 7, 6, 4], out: 8, kernel: [1, 3, 3], stride: [1, 2, 2], padding: [0, 1, 1] },
  { volume: [1, 5, 3, 3, 8], out: 4, kernel: [3, 1, 1], stride: [2, 1, 1], padding: [1, 0, 0] },
  { volume: [1, 7, 5, 5, 4], out: 4, kernel: [3, 3, 3], stride: [2, 2, 2], padding: [1, 1, 1] },
  { volume: [3, 1, 2, 2, 4], out: 4, kernel: [3, 3, 3], padding: [1, 1, 1] },
  { volume: [0, 3, 4, 4, 4], out: 4, kernel: [3, 3, 3], padding: [1, 1, 1] },
];

/** Adds x[n, slice·stride + tap − padding, …, c]·weight[tap, …, c, o] by plain loops; transposed the other way round. */
function convolved(
  one: Case,
  x: Host,
  weight: Host,
  bias: Host,
  large: readonly number[],
  transposed: boolean,
): Host {
  const { kernel, stride = [1, 1, 1], padding = [0, 0, 0], relu } = one;
  const sides = transposed
    ? x.shape.slice(1, 4)
    : kernel.map((k, i) => sideOf(large[i + 1]!, k, stride[i]!, padding[i]!));
  const batch = x.shape[0]!;
  const [first, second] = weight.shape.slice(3) as [number, number];
  const out = transposed ? first : second;
  const shape = [batch, ...(transposed ? large.slice(1, 4) : sides), out];
  const y = new Float64Array(shape.reduce((a, b) => a * b, 1)).map((_, i) => bias.data[i % out]!);
  const wide = large.slice(1, 4) as unknown as Three;
  for (let n = 0; n < batch; n++)
    for (const at of places(sides))
      for (const tap of places(kernel)) {
        const far = at.map((c, i) => c * stride[i]! + tap[i]! - padding[i]!);
        if (far.some((c, i) => c < 0 || c >= wide[i]!)) continue;
        const small = flat([n, ...at], sides);
        const big = flat([n, ...far], wide);
        const taps = flat([0, ...tap], kernel) * first * second;
        for (let a = 0; a < first; a++)
          for (let b = 0; b < second; b++) {
            const w = weight.data[taps + a * second + b]!;
            if (transposed) y[big * first + a]! += x.data[small * second + b]! * w;
            else y[small * second + b]! += x.data[big * first + a]! * w;
          }
      }
  return host(shape, relu ? y.map((v) => Math.max(v, 0)) : y);
}

const sideOf = (side: number, k: number, stride: number, padding: number) =>
  Math.floor((side + 2 * padding - k) / stride) + 1;

const flat = ([n, z, y, x]: readonly number[], [depth, height, width]: readonly number[]) =>
  ((n! * depth! + z!) * height! + y!) * width! + x!;

function places([depth, height, width]: readonly number[]): number[][] {
  const all: number[][] = [];
  for (let z = 0; z < depth!; z++)
    for (let y = 0; y < height!; y++) for (let x = 0; x < width!; x++) all.push([z, y, x]);
  return all;
}

const nameOf = ({ volume, out, kernel, stride = [1, 1, 1] }: Case) =>
  `[${volume}] to ${out} channels, kernel ${kernel.join('×')}, stride ${stride}`;

describe('conv3d', () => {
  for (const one of cases)
    it(`and its gradients match f64: ${nameOf(one)}`, async () => {
      const { volume, out, kernel, stride, padding, relu } = one;
      const inputs = [random(volume), random([...kernel, volume[4], out], 2), random([out], 3)];
      await checkOp(device(), {
        inputs,
        forward: (x, w, b) =>
          ops.conv3d(x!, w!, b!, { ...(stride && { stride }), padding: padding ?? 0, relu: relu ?? false }),
        reference: (x, w, b) => convolved(one, x!, w!, b!, volume, false),
        reduction: kernel[0] * kernel[1] * kernel[2] * volume[4],
      });
    });

  it('equals torch, with dilations and padding by name', async () => {
    for (const one of await goldenCases('volume', 'conv3d')) {
      const { same, ...rest } = one.attrs as {
        same: boolean;
        stride: Three;
        dilation: Three;
        padding: Three;
      };
      const options = same ? { ...rest, padding: 'same' as const } : rest;
      await checkGolden(
        device(),
        one,
        ({ x, weight, bias }) => ops.conv3d(x!, weight!, bias ?? null, options),
        4e-6,
      );
    }
  });

  it('sides may have zeros of their own, and NaN reaches what it should and nothing else', async () => {
    const values = new Float32Array(3 * 3 * 3).fill(1);
    values[0] = Number.NaN;
    const x = tensor(device(), values, [1, 3, 3, 3, 1]);
    const w = tensor(device(), new Float32Array(27).fill(1), [3, 3, 3, 1, 1]);
    const y = ops.conv3d(x, w, null, { padding: [2, 0, 2, 0, 2, 0] });
    expect(y.shape).toEqual([1, 3, 3, 3, 1]);
    expect([...(await y.read())].every(Number.isNaN)).toBe(true);
    const far = ops.conv3d(x, w, null, { padding: 1 });
    const found = await far.read();
    for (const [i, [z, v, u]] of places([3, 3, 3]).entries())
      expect(Number.isNaN(found[i]!)).toBe(z! < 2 && v! < 2 && u! < 2);
  });

  it('in f16 is the f32 result of the same numbers, where the device computes with it', async () => {
    const [x, w] = [random([1, 3, 4, 4, 4]), random([3, 3, 3, 4, 4], 2)];
    const halves = [x, w].map(({ data, shape }) => tensor(device(), data, shape, 'f16'));
    const call = () => ops.conv3d(halves[0]!, halves[1]!, null, { padding: 1 });
    if (!device().caps.f16) {
      expect(call).toThrow('conv3d: x has dtype f16, which this device only stores');
      return;
    }
    const [a, b] = halves.map((half) => ops.cast(half, 'f32'));
    const wide = await ops.conv3d(a!, b!, null, { padding: 1 }).read();
    for (const [i, v] of (await call().read()).entries()) expect(Math.abs(v - wide[i]!)).toBeLessThan(2e-2);
  });
});

describe('conv3dTranspose', () => {
  for (const one of cases.slice(1))
    it(`and its gradients match f64, back to ${nameOf(one)}`, async () => {
      const { volume, out, kernel, stride = [1, 1, 1], padding = [0, 0, 0], relu } = one;
      const sides = kernel.map((k, i) => sideOf(volume[i + 1]!, k, stride[i]!, padding[i]!));
      const outputPadding = kernel.map(
        (k, i) => volume[i + 1]! - ((sides[i]! - 1) * stride[i]! - 2 * padding[i]! + k),
      ) as unknown as Three;
      const inputs = [
        random([volume[0], ...sides, out]),
        random([...kernel, volume[4], out], 2),
        random([volume[4]], 3),
      ];
      await checkOp(device(), {
        inputs,
        forward: (x, w, b) =>
          ops.conv3dTranspose(x!, w!, b!, { stride, padding, outputPadding, relu: relu ?? false }),
        reference: (x, w, b) => convolved(one, x!, w!, b!, volume, true),
        reduction: kernel[0] * kernel[1] * kernel[2] * out,
      });
    });

  it('equals torch', async () => {
    for (const one of await goldenCases('volume', 'conv3dTranspose')) {
      const options = one.attrs as unknown as ops.Conv3dTransposeOptions;
      await checkGolden(
        device(),
        one,
        ({ x, weight, bias }) => ops.conv3dTranspose(x!, weight!, bias ?? null, options),
        4e-6,
      );
    }
  });

  for (const stride of [
    [2, 2, 2],
    [1, 2, 2],
  ] as const)
    it(`joins a skip without a copy, of stride ${stride}, to the same bits and gradients`, async () => {
      const deep = tensor(device(), random([1, 2, 3, 2, 4]).data, [1, 2, 3, 2, 4]);
      const weight = tensor(device(), random([...stride, 4, 4], 2).data, [...stride, 4, 4]);
      const bias = tensor(device(), random([4], 3).data, [4]);
      const shape = [1, 2 * stride[0], 6, 4, 4];
      const x = tensor(device(), random(shape, 4).data, shape);
      const norm = {
        runningMean: zeros(device(), [4]),
        runningVariance: zeros(device(), [4]),
        training: true,
      };
      const results: number[][] = [];
      for (const placed of [true, false]) {
        for (const leaf of [deep, weight, bias, x]) leaf.requiresGrad = true;
        using tape = new Tape();
        const [place, into] = placed ? ops.sideBySide(device(), shape.slice(0, 4), [4, 4]) : [];
        const skip = ops.batchNorm(x, null, null, { ...norm, into });
        const pooled = ops.maxPool3d(skip, { kernel: stride });
        const up = ops.conv3dTranspose(deep, weight, bias, { stride }, place);
        const joined = ops.concat([up, skip]);
        if (placed) expect(joined.storage).toBe(up.storage);
        tape.backward(ops.add(ops.mean(ops.square(joined)), ops.mean(ops.square(pooled))));
        const leaves = [deep, weight, bias, x].map((leaf) => leaf.grad!);
        const all = await Promise.all(
          [joined, pooled, ...leaves].map(async (one) => [...(await one.read())]),
        );
        results.push(all.flat());
        for (const leaf of [deep, weight, bias, x]) leaf.grad!.dispose();
      }
      expect(results[0]).toEqual(results[1]);
    });
});

describe('convolutions of volumes, as called', () => {
  it('name the call, the argument and what is wrong', () => {
    const x = zeros(device(), [1, 3, 4, 4, 2]);
    const w = zeros(device(), [3, 3, 3, 2, 5]);
    const call = (options: object) => () => ops.conv3d(x, w, null, options as ops.Conv3dOptions);
    const wrong: [() => unknown, string][] = [
      [
        () => ops.conv3d(zeros(device(), [3, 4, 4, 2]), w),
        'conv3d: x has shape [3, 4, 4, 2]. Rank 5 is needed',
      ],
      [() => ops.conv3d(x, zeros(device(), [3, 3, 2, 5])), 'conv3d: weight has shape'],
      [
        () => ops.conv3d(x, zeros(device(), [3, 3, 3, 3, 5])),
        'conv3d: weight [3, 3, 3, 3, 5] takes 3 channels',
      ],
      [() => ops.conv3d(x, w, zeros(device(), [4])), 'conv3d: bias has shape [4]'],
      [() => ops.conv3d(1 as never, w), 'conv3d: x is 1'],
      [call({ groups: 2 }), 'conv3d: option groups is unknown'],
      [call({ stride: [1, 2] }), 'conv3d: stride is'],
      [call({ stride: [1, 2] }), 'or [depth, vertical, horizontal], is needed'],
      [call({ padding: [1, 1, 1, 1] }), '[front, back, top, bottom, left, right]'],
      [call({ padding: 'same', stride: 2 }), "conv3d: padding is 'same' with stride 2, 2, 2"],
      [call({ dilation: 2 }), 'conv3d: x [1, 3, 4, 4, 2] is smaller than the kernel [3, 3, 3, 2, 5]'],
      [
        () => ops.conv3dTranspose(x, zeros(device(), [2, 2, 2, 3, 2]), null, { stride: 2, outputPadding: 2 }),
        'conv3dTranspose: outputPadding is 2',
      ],
      [
        () =>
          ops.conv3dTranspose(x, zeros(device(), [2, 2, 2, 3, 2]), null, { stride: 2 }, zeros(device(), [1])),
        'conv3dTranspose: into is f32 [1]. f32 [1, 6, 8, 8, 3] is needed',
      ],
    ];
    for (const [wrongly, message] of wrong) {
      expect(wrongly).toThrow(ShapeError);
      expect(wrongly).toThrow(message);
    }
  });

  it('keep of the backward pass what is small: neighbours are laid side by side again', async () => {
    const x: Tensor = tensor(device(), random([1, 8, 8, 8, 8]).data, [1, 8, 8, 8, 8]);
    const w = tensor(device(), random([3, 3, 3, 8, 8], 2).data, [3, 3, 3, 8, 8]);
    for (const leaf of [x, w]) leaf.requiresGrad = true;
    using tape = new Tape();
    const before = device().memory.liveBytes;
    const y = ops.conv3d(x, w, null, { padding: 1 });
    await device().sync();
    // The result and the weight with its axes in another order, not three times x.
    expect(device().memory.liveBytes - before).toBeLessThanOrEqual(y.byteLength + w.byteLength + 512);
    tape.backward(ops.mean(y));
    for (const leaf of [x, w]) leaf.grad!.dispose();
  });
});
