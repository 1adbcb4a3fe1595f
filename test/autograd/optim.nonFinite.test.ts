import { describe, expect, it } from 'vitest';
import { ParameterArena } from '../../src/autograd/arena.ts';
import type { NonFinite } from '../../src/autograd/nonFinite.ts';
import * as ops from '../../src/autograd/ops.ts';
import { Optimizer } from '../../src/autograd/optim.ts';
import type { OptimizerSettings } from '../../src/autograd/optimSettings.ts';
import { LossScaler } from '../../src/autograd/scaler.ts';
import { capture } from '../../src/autograd/step.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { UNet } from '../../src/models/unet.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import { poisoned, random } from '../check.ts';
import { useDevice } from '../device.ts';

const device = useDevice();

const rules: readonly OptimizerSettings[] = [
  { kind: 'adam' },
  { kind: 'adamw', weightDecay: 0.1 },
  { kind: 'sgd' },
  { kind: 'sgd', momentum: 0.9 },
];

/** Sizes that are no multiples of 4, of a workgroup, or of what an invocation takes; the last has several workgroups. */
const sizes = { first: 5, none: 0, second: 67, third: 9001 };
type Name = keyof typeof sizes;

const bad = {
  NaN: Number.NaN,
  infinite: Number.POSITIVE_INFINITY,
  'minus infinite': Number.NEGATIVE_INFINITY,
};

class Training {
  readonly arena: ParameterArena;
  readonly optimizer: Optimizer;
  readonly scaler: LossScaler | undefined;
  steps = 0;

  constructor(rule: OptimizerSettings, scaled = false) {
    const entries = Object.entries(sizes).map(([name, size]) => ({ name, shape: [size] }));
    this.arena = new ParameterArena(device(), entries);
    this.scaler = scaled ? new LossScaler(device(), { initialScale: 8 }) : undefined;
    this.optimizer = new Optimizer(this.arena, rule, this.scaler);
  }

  /** Values of a parameter and of its gradient, each with some replaced. */
  put(name: Name, gradients: Readonly<Record<number, number>>): void {
    const { gradSlot } = this.arena.parameters.get(name)!;
    const values = random([sizes[name]], 1).data;
    for (const [i, value] of Object.entries(gradients)) values[Number(i)] = value;
    gradSlot!.write(values);
  }

  async step(learningRate = 0.01): Promise<void> {
    for (const parameter of this.arena.parameters.values()) parameter.grad = parameter.gradSlot;
    this.optimizer.prepare(++this.steps, learningRate);
    await poisoned(device(), () => this.optimizer.apply());
  }

  [Symbol.dispose](): void {
    for (const owner of [this.optimizer, this.scaler, this.arena]) owner?.dispose();
  }
}

const shown = (rule: OptimizerSettings): string => Object.entries(rule).flat().join(' ');

describe('what is not finite', () => {
  for (const rule of rules) {
    it(`${shown(rule)}: is told with the first gradient's name and the first step, wherever it lies`, async () => {
      for (const value of Object.values(bad)) {
        for (const [name, size] of Object.entries(sizes) as [Name, number][]) {
          for (const index of [0, 3, size - 1].filter((i) => i >= 0 && i < size)) {
            using training = new Training(rule);
            for (const one of ['first', 'second', 'third'] as const) training.put(one, {});
            await training.step();
            expect(await training.optimizer.check()).toBeNull();
            training.put(name, { [index]: value });
            await training.step();
            // later steps, in which all the rest follows, change nothing of the finding
            training.put('first', { 0: value });
            await training.step();
            const expected: NonFinite = { kind: 'gradient', name, step: 2 };
            expect(await training.optimizer.check()).toEqual(expected);
          }
        }
      }
    });

    it(`${shown(rule)}: a finding is told once; later ones again`, async () => {
      using training = new Training(rule);
      training.put('third', { 4000: Number.NaN });
      await training.step();
      expect(await training.optimizer.check()).toMatchObject({ name: 'third', step: 1 });
      expect(await training.optimizer.check()).toBeNull();
      training.put('second', { 66: Number.NaN });
      await training.step();
      expect(await training.optimizer.check()).toEqual({ kind: 'gradient', name: 'second', step: 2 });
    });

    it(`${shown(rule)}: a parameter that overflows under a finite gradient is told`, async () => {
      using training = new Training(rule);
      const second = training.arena.parameters.get('second')!;
      second.write(new Array(67).fill(3e38));
      training.put('second', Object.fromEntries(Array.from({ length: 67 }, (_, i) => [i, -1e10])));
      await training.step(1e37);
      expect(await training.optimizer.check()).toEqual({ kind: 'parameter', name: 'second', step: 1 });
      expect([...(await second.read())].every(Number.isFinite)).toBe(false);
    });
  }

  it('of gradients so large that Adam’s second moment overflows, is told: the parameter would never move again', async () => {
    using training = new Training({ kind: 'adam' });
    training.put('second', { 5: 1e30 });
    await training.step();
    expect([...(await training.arena.parameters.get('second')!.read())].every(Number.isFinite)).toBe(true);
    expect(await training.optimizer.check()).toEqual({ kind: 'moment', name: 'second', step: 1 });
  });

  it('spares ordinary numbers, whatever their size', async () => {
    for (const rule of rules) {
      using training = new Training(rule);
      for (const parameter of training.arena.parameters.values())
        parameter.write(new Array(parameter.size).fill(1e37));
      training.put('third', { 1: 1e18, 2: -1e18, 3: 1e-44, 4: -0 });
      await training.step(0);
      expect(await training.optimizer.check()).toBeNull();
    }
  });

  it('of a norm that overflows, although each gradient is finite, is told as such', async () => {
    using training = new Training({ kind: 'sgd', maxGradientNorm: 1 });
    training.put('second', { 5: 1e30 });
    await training.step();
    expect([...(await training.optimizer.gradientNorm.read())]).toEqual([Number.POSITIVE_INFINITY, 0]);
    expect(await training.optimizer.check()).toEqual({ kind: 'gradientNorm', name: '', step: 1 });
  });

  it('makes norm and factor NaN, and every gradient with them, as in PyTorch', async () => {
    using training = new Training({ kind: 'sgd', maxGradientNorm: 1 });
    training.put('second', { 5: Number.NaN });
    await training.step();
    expect([...(await training.optimizer.gradientNorm.read())]).toEqual([Number.NaN, Number.NaN]);
    expect([...(await training.arena.parameters.get('first')!.read())].every(Number.isNaN)).toBe(true);
    expect(await training.optimizer.check()).toEqual({ kind: 'gradient', name: 'second', step: 1 });
  });

  it('is no finding where a scaler skips the step', async () => {
    using training = new Training({ kind: 'adam', maxGradientNorm: 1 }, true);
    training.put('second', { 5: Number.POSITIVE_INFINITY });
    await training.step();
    expect(await training.scaler!.skipped.item()).toBe(1);
    expect(await training.optimizer.check()).toBeNull();
    training.put('second', {});
    training.arena.parameters.get('third')!.write(new Array(9001).fill(Number.NaN));
    await training.step();
    expect(await training.optimizer.check()).toEqual({ kind: 'parameter', name: 'third', step: 2 });
  });

  it('is found in any group, and steps of many digits are told exactly', async () => {
    using training = new Training({ kind: 'adam', groups: [{ match: 'second', learningRateScale: 0.1 }] });
    training.put('second', { 0: Number.NaN });
    training.put('third', { 0: Number.NaN });
    training.steps = 2 ** 24 + 4;
    await training.step();
    expect(await training.optimizer.check()).toEqual({ kind: 'gradient', name: 'second', step: 2 ** 24 + 5 });
  });
});

describe('watched statistics', () => {
  const settings = { width: 4, depth: 2, heatmaps: 1, locationHead: false, dropout: 0 };

  it('are told by name where a forward pass spoils them and the gradients stay finite', async () => {
    using net = new UNet(device(), settings);
    const optimizer = new Optimizer(net.arena, { kind: 'sgd', statistics: net.statistics });
    const x = tensor(device(), random([2, 8, 8, 1], 1).data, [2, 8, 8, 1]);
    using step = await capture(device(), () => {
      net.arena.zeroGrad();
      using tape = new Tape();
      const loss = ops.mean(ops.square(net.forward(x, { training: true }).heatmaps!));
      tape.backward(loss);
      optimizer.apply();
      return { loss };
    });
    const names = [...net.statistics.keys()];
    expect(names.length).toBeGreaterThan(4);
    for (const [i, name] of names.entries()) {
      optimizer.prepare(2 * i + 1, 1e-3);
      step.run();
      expect(await optimizer.check()).toBeNull();
      const statistic = net.statistics.get(name)!;
      const before = await statistic.read();
      statistic.write(Array.from(before, (v, j) => (j === before.length - 1 ? Number.NaN : v)));
      optimizer.prepare(2 * i + 2, 1e-3);
      step.run();
      expect(await optimizer.check()).toEqual({ kind: 'statistic', name, step: 2 * i + 2 });
      statistic.write(before);
    }
    optimizer.dispose();
  });

  it('are looked at where nothing is trained, and must be those of one module', async () => {
    using net = new UNet(device(), settings);
    using other = new UNet(device(), settings);
    const optimizer = new Optimizer(net.arena, { kind: 'sgd', statistics: net.statistics });
    const [name, statistic] = [...net.statistics].at(-1)!;
    statistic.write(new Array(statistic.size).fill(Number.NaN));
    optimizer.prepare(1, 0.1);
    optimizer.apply();
    expect(await optimizer.check()).toEqual({ kind: 'statistic', name, step: 1 });
    optimizer.dispose();
    const mixed = [new Map([...net.statistics, ['one', zeros(device(), [4])]]), new Map([['x', 5]])];
    for (const [i, statistics] of [
      ...mixed,
      new Map([...net.statistics, ...renamed(other.statistics)]),
    ].entries()) {
      const make = () =>
        new Optimizer(net.arena, { kind: 'sgd', statistics: statistics as typeof net.statistics });
      expect(make, `${i}`).toThrow(/optimizer\.statistics/);
    }
  });
});

const renamed = <T>(map: ReadonlyMap<string, T>): [string, T][] =>
  [...map].map(([name, value]) => [`other.${name}`, value]);
