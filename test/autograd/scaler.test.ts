import { describe, expect, it } from 'vitest';
import { ParameterArena } from '../../src/autograd/arena.ts';
import * as ops from '../../src/autograd/ops.ts';
import { Optimizer } from '../../src/autograd/optim.ts';
import type { OptimizerSettings } from '../../src/autograd/optimSettings.ts';
import { LossScaler, type ScalerSettings } from '../../src/autograd/scaler.ts';
import { capture } from '../../src/autograd/step.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { ConfigError } from '../../src/base/errors.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import { expectClose, poisoned, random } from '../check.ts';
import { useDevice } from '../device.ts';

const device = useDevice();

const rules: readonly OptimizerSettings[] = [
  { kind: 'adam', weightDecay: 0.01, l1: 0.001, maxGradientNorm: 2 },
  { kind: 'adamw', weightDecay: 0.1 },
  { kind: 'sgd', momentum: 0.9, nesterov: true, maxGradientNorm: 1 },
  { kind: 'sgd' },
];

/** A step whose gradients are not finite. */
const overflows = { infinite: Number.POSITIVE_INFINITY, 'no number': Number.NaN } as const;

interface Kept {
  readonly parameters: number[];
  readonly moments: number[][];
  /** Scale, good steps, skipped steps. */
  readonly scaler: number[];
}

const stateOf = (scaler: LossScaler): Promise<number[]> =>
  Promise.all(['scale', 'goodSteps', 'skipped'].map((name) => scaler.state().get(name)!.item()));

class Trained {
  readonly arena = new ParameterArena(device(), [
    { name: 'p', shape: [5], values: [1, -2, 3, 0, 0.5] },
    { name: 'q', shape: [67], values: random([67], 5).data },
  ]);
  readonly scaler: LossScaler | undefined;
  readonly optimizer: Optimizer;
  #steps = 0;

  constructor(rule: OptimizerSettings, scaling: ScalerSettings | null) {
    this.scaler = scaling ? new LossScaler(device(), scaling) : undefined;
    this.optimizer = new Optimizer(this.arena, rule, this.scaler);
  }

  /** A step with the gradients of seed `seed`, times the scale where there is one; `spoilt` replaces one of them. */
  async step(seed: number, spoilt?: number): Promise<void> {
    const scale = this.scaler ? await this.scaler.scale.item() : 1;
    for (const [i, parameter] of [...this.arena.parameters.values()].entries()) {
      const gradient = random(parameter.shape, 10 * seed + i).data.map((g) => g * scale);
      if (spoilt !== undefined && i === 1) gradient[66] = spoilt;
      parameter.gradSlot!.write(gradient);
      parameter.grad = parameter.gradSlot;
    }
    this.optimizer.prepare(++this.#steps, 0.01);
    await poisoned(device(), () => this.optimizer.apply());
  }

  async kept(): Promise<Kept> {
    const moments = [...this.optimizer.state().values()];
    return {
      parameters: [...(await this.arena.values.read())],
      moments: await Promise.all(moments.map(async (moment) => [...(await moment.read())])),
      scaler: this.scaler ? await stateOf(this.scaler) : [],
    };
  }

  [Symbol.dispose](): void {
    for (const owner of [this.optimizer, this.scaler, this.arena]) owner?.dispose();
  }
}

describe('loss scaler', () => {
  for (const rule of rules) {
    const name = Object.entries(rule).join(' ').replaceAll(',', ' ');
    it(`${name}: steps as without a scale while nothing overflows`, async () => {
      using plain = new Trained(rule, null);
      using scaled = new Trained(rule, { growthInterval: 3 });
      for (let t = 1; t <= 7; t++) for (const one of [plain, scaled]) await one.step(t);
      const [expected, found] = [await plain.kept(), await scaled.kept()];
      expectClose(found.parameters, expected.parameters, 1e-6, 'parameters');
      for (const [i, moment] of found.moments.entries())
        expectClose(moment, expected.moments[i]!, 1e-6, `moment ${i + 1}`);
      expect(found.scaler).toEqual([4 * 65536, 1, 0]);
      const norms = await Promise.all([plain, scaled].map(({ optimizer }) => optimizer.gradientNorm.read()));
      if (rule.maxGradientNorm) expectClose([norms[1]![0]!], [norms[0]![0]!], 1e-6, 'norm without the scale');
    });

    for (const [what, spoilt] of Object.entries(overflows)) {
      it(`${name}: a step with a gradient that is ${what} changes nothing but the scale, and counts for nothing`, async () => {
        using undisturbed = new Trained(rule, {});
        using disturbed = new Trained(rule, {});
        await disturbed.step(9, spoilt);
        for (const one of [undisturbed, disturbed]) await one.step(1);
        const before = await disturbed.kept();
        await disturbed.step(9, spoilt);
        const after = await disturbed.kept();
        expect(after).toEqual({ ...before, scaler: [65536 / 4, 0, 2] });
        for (const one of [undisturbed, disturbed]) await one.step(2);
        // scales are powers of two, so that undoing them is exact
        const { scaler: _, ...expected } = await undisturbed.kept();
        expect(await disturbed.kept()).toEqual({ ...expected, scaler: [65536 / 4, 1, 2] });
      });
    }
  }

  it('scales the gradients of a captured step and skips in it, without the host', async () => {
    const arena = new ParameterArena(device(), [{ name: 'w', shape: [4], values: [1, 2, 3, 4] }]);
    const scaler = new LossScaler(device(), { initialScale: 1024, growthInterval: 2 });
    const optimizer = new Optimizer(arena, { kind: 'adam' }, scaler);
    const x = zeros(device(), [4]);
    const w = arena.parameters.get('w')!;
    using step = await capture(device(), () => {
      arena.zeroGrad();
      using tape = new Tape();
      const loss = ops.mean(ops.multiply(x, w));
      tape.backward(loss, scaler.scale);
      optimizer.apply();
      return { loss };
    });
    const states: number[][] = [];
    for (const [t, value] of [1, 2, 3e38, 1, 3e38].entries()) {
      x.write([value, 1, 1, 1]);
      optimizer.prepare(t + 1, 0.1);
      step.run();
      states.push(await stateOf(scaler));
    }
    expect(states).toEqual([
      [1024, 1, 0],
      [2048, 0, 0],
      [1024, 0, 1],
      [1024, 1, 1],
      [512, 0, 2],
    ]);
    // three of five steps were taken, of about the learning rate each
    expectClose(await w.read(), [0.7, 1.7, 2.7, 3.7], 0.01, 'weights');
    for (const owner of [optimizer, scaler, arena]) owner.dispose();
  });

  // more elements than a workgroup of 16 or 256 lanes reads at once, and a tail
  for (const size of [4, 5000]) {
    it(`gives back ${size} elements of state where one of them or the loss is not finite, and leaves the scale`, async () => {
      const arena = new ParameterArena(device(), [{ name: 'w', shape: [4], values: [1, 2, 3, 4] }]);
      const old = random([size], 3).data;
      const undo = { state: zeros(device(), [size]), before: tensor(device(), old, [size]) };
      const scaler = new LossScaler(device(), { initialScale: 1024, undo });
      const optimizer = new Optimizer(arena, { kind: 'sgd' }, scaler);
      const loss = zeros(device(), []);
      const w = arena.parameters.get('w')!;
      const step = async (gradient: number, lossIs: number, stateIs: number) => {
        const now = random([size], 4).data;
        now[size - 1] = stateIs;
        undo.state.write(now);
        loss.write([lossIs]);
        w.gradSlot!.write(new Array(4).fill(1024 * gradient));
        w.grad = w.gradSlot;
        optimizer.prepare(1, 0.5);
        await poisoned(device(), () => optimizer.apply(loss));
        const [first] = await w.read();
        const state = await undo.state.read();
        const kept = [old, now].findIndex((values) => values.every((v, i) => v === state[i]));
        return { first, scaler: await stateOf(scaler), state: ['given back', 'moved on'][kept] };
      };
      const skipped = { first: 1, state: 'given back' };
      expect(await step(1, Number.NaN, 1)).toEqual({ ...skipped, scaler: [1024, 0, 1] });
      expect(await step(1, Number.NEGATIVE_INFINITY, 1)).toEqual({ ...skipped, scaler: [1024, 0, 2] });
      expect(await step(1, 1, Number.POSITIVE_INFINITY)).toEqual({ ...skipped, scaler: [1024, 0, 3] });
      expect(await step(1, 1, Number.NaN)).toEqual({ ...skipped, scaler: [1024, 0, 4] });
      expect(await step(Number.NaN, Number.NaN, 1)).toEqual({ ...skipped, scaler: [1024, 0, 5] });
      expect(await step(Number.NaN, 1, 1)).toEqual({ ...skipped, scaler: [512, 0, 6] });
      expect(await step(0.5, 2 ** 127, 2 ** 127)).toEqual({
        first: 0.5,
        state: 'moved on',
        scaler: [512, 1, 6],
      });
      for (const owner of [optimizer, scaler, arena]) owner.dispose();
    });
  }

  it('goes on from its saved state to the same bits', async () => {
    const run = async (resumed: boolean): Promise<Kept> => {
      let trained = new Trained(rules[0]!, { growthInterval: 2 });
      for (let t = 1; t <= 6; t++) {
        await trained.step(t, t === 2 ? Number.NaN : undefined);
        if (!resumed) continue;
        const moments = await Promise.all([...trained.optimizer.state().values()].map((m) => m.read()));
        const values = await trained.arena.values.read();
        const state = await Promise.all([...trained.scaler!.state().values()].map((field) => field.read()));
        trained[Symbol.dispose]();
        trained = new Trained(rules[0]!, { growthInterval: 2 });
        trained.arena.values.write(values);
        for (const [i, field] of [...trained.scaler!.state().values()].entries()) field.write(state[i]!);
        for (const [i, moment] of [...trained.optimizer.state().values()].entries())
          moment.write(moments[i]!);
      }
      const kept = await trained.kept();
      trained[Symbol.dispose]();
      return kept;
    };
    expect(await run(true)).toEqual(await run(false));
  });

  it('refuses settings out of range', () => {
    for (const settings of [{ initialScale: 0 }, { initialScale: Number.NaN }, { growthInterval: 0.5 }])
      expect(() => new LossScaler(device(), settings)).toThrow(ConfigError);
  });
});
