/** @file Weights and arenas larger than what one binding of the adapter holds, against the same where it holds them. */
import { describe, expect, it } from 'vitest';
import { type ArenaEntry, ParameterArena } from '../../src/autograd/arena.ts';
import * as ops from '../../src/autograd/ops.ts';
import { Optimizer } from '../../src/autograd/optim.ts';
import type { OptimizerSettings } from '../../src/autograd/optimSettings.ts';
import { LossScaler } from '../../src/autograd/scaler.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { ShapeError } from '../../src/base/errors.ts';
import { tensor } from '../../src/tensor/create.ts';
import { expectClose, poisoned, random } from '../check.ts';
import { useDevice } from '../device.ts';

const device = useDevice();

/** The device as if a binding held so many bytes; its own launches check it. */
async function bound<T>(bytes: number | null, action: () => Promise<T>): Promise<T> {
  const caps = device().caps as { maxBinding: number };
  const own = caps.maxBinding;
  if (bytes !== null) caps.maxBinding = bytes;
  try {
    return await action();
  } finally {
    caps.maxBinding = own;
  }
}

const weightOf = (shape: readonly number[]) => random(shape, 2).data.map((value) => value / 8);

/** 18 kB of weight, 6 kB a row of taps; all images are smaller. */
const cases = [
  { name: 'a convolution', attrs: { padding: 1 }, transposed: false },
  { name: 'with stride and ReLU', attrs: { padding: 1, stride: 2, relu: true }, transposed: false },
  { name: 'dilated', attrs: { padding: 2, dilation: 2 }, transposed: false },
  { name: 'without padding', attrs: {}, transposed: false },
  { name: 'a transposed convolution', attrs: { padding: 1, stride: 2 }, transposed: true },
  { name: 'with ReLU', attrs: { relu: true }, transposed: true },
];

async function convolve({ attrs, transposed }: (typeof cases)[number], which: 'both' | 'weight') {
  const [x, weight, bias] = [random([2, 3, 5, 16], 1).data, weightOf([3, 3, 16, 32]), random([32], 3).data];
  const image = tensor(device(), x, [2, 3, 5, 16]);
  const w = tensor(device(), weight, transposed ? [3, 3, 32, 16] : [3, 3, 16, 32]);
  const b = tensor(device(), bias, [32]);
  image.requiresGrad = which === 'both';
  w.requiresGrad = b.requiresGrad = true;
  return poisoned(device(), async () => {
    using tape = new Tape();
    const y = transposed ? ops.conv2dTranspose(image, w, b, attrs) : ops.conv2d(image, w, b, attrs);
    const dy = tensor(device(), random(y.shape, 4).data, y.shape);
    tape.backward(y, dy);
    const found = [y, image.grad, w.grad, b.grad].map((one) => one?.read());
    return { shape: y.shape, values: await Promise.all(found) };
  });
}

describe('a weight larger than a binding', () => {
  for (const one of cases)
    for (const which of ['both', 'weight'] as const)
      it(`${one.name}, gradients of ${which}: is taken by rows of taps`, async () => {
        const want = await bound(null, () => convolve(one, which));
        const got = await bound(17_000, () => convolve(one, which));
        expect(got.shape).toEqual(want.shape);
        for (const [i, values] of want.values.entries()) {
          if (values) expectClose(got.values[i]!, values, 2e-6, ['y', 'dx', 'dw', 'db'][i]!);
          else expect(got.values[i]).toBeUndefined();
        }
      });

  it('is refused by name where a row of taps is larger, too, before anything is launched', async () => {
    const wrong = bound(4096, () => convolve(cases[0]!, 'both'));
    await expect(wrong).rejects.toThrow(ShapeError);
    await expect(wrong).rejects.toThrow(
      /conv2d: weight \[3, 3, 16, 32\] has 18432 bytes; this adapter takes 4096 at once. Use fewer channels/,
    );
  });

  it('other tensors are refused by the launch that would bind them', async () => {
    const x = tensor(device(), random([40, 40], 1).data, [40, 40]);
    const wrong = bound(4096, async () => ops.relu(x));
    await expect(wrong).rejects.toThrow(/relu.*has 6400 bytes; this adapter takes 4096 at once/);
  });
});

const shapes = { first: [5], second: [23, 31], third: [67], last: [9, 9, 9] };
const entries: ArenaEntry[] = Object.entries(shapes).map(([name, shape], i) => ({
  name,
  shape,
  values: random(shape, i + 1).data,
}));

/** Parameters after three steps, in which one has no gradient, and the norm. */
async function trained(settings: OptimizerSettings, halves: boolean, bytes: number | null) {
  return bound(bytes, async () => {
    const arena = await poisoned(device(), () => new ParameterArena(device(), entries, { halves }));
    const scaler = halves ? new LossScaler(device(), { initialScale: 8 }) : undefined;
    const optimizer = new Optimizer(arena, settings, scaler);
    for (let step = 1; step <= 3; step++) {
      arena.zeroGrad();
      for (const [name, parameter] of arena.parameters) {
        if (name === 'third') continue;
        parameter.gradSlot!.write(random(parameter.shape, 10 * step).data);
        parameter.grad = parameter.gradSlot;
      }
      optimizer.prepare(step, 0.01);
      optimizer.apply();
    }
    if (halves) arena.refreshHalves();
    const { windows } = arena;
    const found = [...arena.parameters.values(), ...(arena.halves?.values() ?? [])].map((one) => one.read());
    const values = await Promise.all(found);
    const norm = [...(await optimizer.gradientNorm.read())];
    const gradients = await arena.gradients.read();
    expect(await optimizer.check()).toBeNull();
    const last = arena.parameters.get('last')!;
    last.gradSlot!.write([...new Array(728).fill(1), Number.NaN]);
    last.grad = last.gradSlot;
    optimizer.prepare(4, 0.01);
    optimizer.apply();
    const told = halves ? null : await optimizer.check();
    for (const owner of [optimizer, scaler, arena]) owner?.dispose();
    return { windows: windows.length, values, norm, gradients, told };
  });
}

describe('an arena larger than a binding', () => {
  const rules: OptimizerSettings[] = [
    { kind: 'adam' },
    { kind: 'sgd', momentum: 0.9 },
    { kind: 'adamw', weightDecay: 0.1, groups: [{ match: /last/, learningRateScale: 0.5 }] },
    { kind: 'sgd', maxGradientNorm: 1 },
  ];
  for (const settings of rules)
    for (const halves of [false, true])
      it(`${settings.kind} ${JSON.stringify(settings)}${halves ? ', scaled, in f16 too' : ''}: in windows`, async (context) => {
        if (halves && !device().caps.f16) return context.skip('needs f16');
        const want = await trained(settings, halves, null);
        const got = await trained(settings, halves, 3000);
        expect(want.windows).toBe(1);
        expect(got.windows).toBeGreaterThan(2);
        expectClose(got.norm, want.norm, 1e-6, 'norm');
        if (settings.maxGradientNorm === undefined) expect(got.values).toEqual(want.values);
        else for (const [i, one] of want.values.entries()) expectClose(got.values[i]!, one, 1e-6, `${i}`);
        expect(got.gradients).toEqual(want.gradients);
        expect(got.told).toEqual(want.told);
        if (!halves) expect(got.told).toMatchObject({ name: 'last', step: 4 });
      });
});
