import { describe, expect, it } from 'vitest';
import { ParameterArena } from '../../src/autograd/arena.ts';
import { Optimizer } from '../../src/autograd/optim.ts';
import type { OptimizerSettings } from '../../src/autograd/optimSettings.ts';
import { LossScaler } from '../../src/autograd/scaler.ts';
import { capture } from '../../src/autograd/step.ts';
import { ConfigError, ShapeError } from '../../src/base/errors.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import { expectClose, poisoned } from '../check.ts';
import { useDevice } from '../device.ts';

const device = useDevice();

const names = ['a.weight', 'a.bias', 'b.weight', 'b.bias'];

function withArena<T>(action: (arena: ParameterArena) => T): T {
  const arena = new ParameterArena(
    device(),
    names.map((name) => ({ name, shape: [3], values: [1, 2, 3] })),
  );
  const end = () => arena.dispose();
  const result = action(arena);
  if (result instanceof Promise) return result.finally(end) as T;
  end();
  return result;
}

function give(arena: ParameterArena, gradient: readonly number[]): void {
  for (const parameter of arena.parameters.values()) {
    parameter.gradSlot!.write(gradient);
    parameter.grad = parameter.gradSlot;
  }
}

/** Settings that are refused, and what the message must say. */
const refused: readonly (readonly [unknown, RegExp])[] = [
  [undefined, /optimizer\.kind is undefined.*'adam', 'adamw', 'sgd'/],
  [null, /optimizer\.kind is undefined/],
  ['adam', /optimizer\.kind is undefined/],
  [{}, /optimizer\.kind is undefined/],
  [{ kind: 'rmsprop' }, /optimizer\.kind is 'rmsprop'.*'adam', 'adamw', 'sgd'/],
  [{ kind: 'toString' }, /optimizer\.kind is 'toString'/],
  [{ kind: 'adam', lr: 0.1 }, /optimizer\.lr is no setting.*prepare\(step, learningRate\)/],
  [{ kind: 'adam', learning_rate: 0.1 }, /optimizer\.learning_rate is no.*prepare\(step, learningRate\)/],
  [{ kind: 'adam', learningRate: 0.1 }, /optimizer\.learningRate is no.*prepare\(step, learningRate\)/],
  [{ kind: 'adam', betas: [0.9, 0.99] }, /optimizer\.betas is no.*beta1 and beta2/],
  [{ kind: 'adam', eps: 1e-6 }, /optimizer\.eps is no.*Use epsilon/],
  [{ kind: 'adam', weight_decay: 0.1 }, /optimizer\.weight_decay is no.*Use weightDecay/],
  [{ kind: 'adam', clipNorm: 1 }, /optimizer\.clipNorm is no.*Use maxGradientNorm/],
  [{ kind: 'adam', amsgrad: true }, /optimizer\.amsgrad is no setting here\. Known are kind, weightDecay/],
  [{ kind: 'adam', momentum: 0.9 }, /optimizer\.momentum is no setting here/],
  [{ kind: 'sgd', beta1: 0.9 }, /optimizer\.beta1 is no setting here\. .*momentum, nesterov/],
  [{ kind: 'adam', beta1: Number.NaN }, /optimizer\.beta1 is NaN/],
  [{ kind: 'adam', beta2: 1 }, /optimizer\.beta2 is 1\. Use a number in \[0, 1\)/],
  [{ kind: 'adam', beta1: '0.9' }, /optimizer\.beta1 is '0\.9'/],
  [{ kind: 'adam', epsilon: -1 }, /optimizer\.epsilon is -1/],
  [{ kind: 'adam', weightDecay: Number.POSITIVE_INFINITY }, /optimizer\.weightDecay is Infinity/],
  [{ kind: 'sgd', l1: Number.NaN }, /optimizer\.l1 is NaN/],
  [{ kind: 'sgd', maxGradientNorm: Number.NaN }, /optimizer\.maxGradientNorm is NaN/],
  [{ kind: 'sgd', maxGradientNorm: null }, /optimizer\.maxGradientNorm is null/],
  [{ kind: 'sgd', momentum: 0.9, nesterov: 1 }, /optimizer\.nesterov is 1/],
  [{ kind: 'sgd', nesterov: true }, /optimizer\.nesterov needs momentum/],
  [{ kind: 'sgd', statistics: {} }, /optimizer\.statistics is no Map/],
  [{ kind: 'sgd', groups: {} }, /optimizer\.groups is an object/],
  [{ kind: 'sgd', groups: [null] }, /optimizer\.groups\[0\] is null/],
  [{ kind: 'sgd', groups: [{}] }, /optimizer\.groups\[0\]\.match is undefined/],
  [{ kind: 'sgd', groups: [{ match: 5 }] }, /optimizer\.groups\[0\]\.match is 5/],
  [{ kind: 'sgd', groups: [{ match: [5] }] }, /optimizer\.groups\[0\]\.match is \[5\]/],
  [
    { kind: 'adam', groups: [{ match: /a/, firstStep: 0 }] },
    /groups\[0\]\.firstStep is 0\. Count steps from 1/,
  ],
  [{ kind: 'sgd', groups: [{ match: /a/, lr: 0.1 }] }, /groups\[0\]\.lr is no.*learningRateScale/],
  [{ kind: 'sgd', groups: [{ match: /a/, frozen: true }] }, /groups\[0\]\.frozen is no.*requiresGrad/],
  [{ kind: 'sgd', groups: [{ match: /a/, l1: -1 }] }, /groups\[0\]\.l1 is -1/],
  [{ kind: 'sgd', groups: [{ match: /a/, learningRateScale: Number.NaN }] }, /learningRateScale is NaN/],
  [
    { kind: 'sgd', groups: [{ match: /gamma/ }] },
    /groups\[0\]\.match matches no parameter.*a\.weight, a\.bias/,
  ],
  [{ kind: 'sgd', groups: [{ match: [] }] }, /groups\[0\]\.match matches no parameter/],
  [
    { kind: 'sgd', groups: [{ match: 'a.gamma' }] },
    /groups\[0\]\.match names a\.gamma, which is no parameter/,
  ],
  [
    { kind: 'sgd', groups: [{ match: /bias/ }, { match: /^a/ }] },
    /groups\[1\]\.match matches a\.bias, as groups\[0\] does/,
  ],
];

describe('settings of an optimizer', () => {
  for (const [settings, message] of refused) {
    const shown =
      settings instanceof Object ? Object.entries(settings).flat().map(String).join(' ') : `${settings}`;
    it(`${shown}: is refused, naming the setting, and nothing is kept`, () =>
      withArena((arena) => {
        const before = device().memory.liveBytes;
        const make = () => new Optimizer(arena, settings as OptimizerSettings);
        expect(make).toThrow(ConfigError);
        expect(make).toThrow(message);
        expect(device().memory.liveBytes).toBe(before);
      }));
  }

  it('that are undefined stand for their defaults', () =>
    withArena(async (arena) => {
      const given = { kind: 'adam', beta1: undefined, weightDecay: undefined, groups: undefined };
      const optimizer = new Optimizer(arena, given as unknown as OptimizerSettings);
      give(arena, [1, 1, 1]);
      optimizer.prepare(1, 0.5);
      optimizer.apply();
      expectClose(await arena.parameters.get('a.bias')!.read(), [0.5, 1.5, 2.5], 1e-6, 'a.bias');
      optimizer.dispose();
    }));

  it('do without what is no arena and no scaler', () =>
    withArena((arena) => {
      const odd = [undefined, {}, tensor(device(), [1], [1])] as unknown as ParameterArena[];
      for (const one of odd) expect(() => new Optimizer(one, { kind: 'sgd' })).toThrow(/arena.*model\.arena/);
      const make = () => new Optimizer(arena, { kind: 'sgd' }, {} as LossScaler);
      expect(make).toThrow(ConfigError);
      expect(make).toThrow(/scaler/);
    }));

  it('of a scaler are checked alike', () => {
    const state = zeros(device(), [8]);
    const odd: readonly (readonly [unknown, RegExp])[] = [
      [null, /scaler is null/],
      [{ scale: 5 }, /scaler\.scale is no setting here\. Known are undo, initialScale, growthInterval/],
      [{ initialScale: '5' }, /scaler\.initialScale is '5'/],
      [{ growthInterval: 0.5 }, /scaler\.growthInterval is 0\.5/],
      [{ undo: {} }, /scaler\.undo.*module\.undo/],
      [{ undo: { state, before: state } }, /scaler\.undo is not two f32 tensors/],
      [{ undo: { state, before: zeros(device(), [4]) } }, /scaler\.undo is not two f32 tensors/],
    ];
    for (const [settings, message] of odd) {
      const make = () => new LossScaler(device(), settings as { growthInterval: number });
      expect(make).toThrow(ConfigError);
      expect(make).toThrow(message);
    }
  });
});

describe('prepare and apply', () => {
  it('refuse a learning rate that is missing, negative or not finite, and a step that is not whole from 1', () =>
    withArena((arena) => {
      const optimizer = new Optimizer(arena, { kind: 'adam' });
      const rates = [undefined, null, '0.1', -1e-3, 1e39, Number.NaN, Number.POSITIVE_INFINITY] as number[];
      for (const rate of rates) {
        expect(() => optimizer.prepare(1, rate)).toThrow(ConfigError);
        expect(() => optimizer.prepare(1, rate)).toThrow(/learningRate of Optimizer\.prepare/);
      }
      for (const step of [undefined, '1', 0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY] as number[]) {
        expect(() => optimizer.prepare(step, 0.1)).toThrow(ConfigError);
        expect(() => optimizer.prepare(step, 0.1)).toThrow(/step.*from 1/);
      }
      expect(() => optimizer.apply()).toThrow(/came before prepare/);
      optimizer.prepare(1, 0);
      optimizer.dispose();
    }));

  it('in the wrong order are an error, and change nothing', () =>
    withArena(async (arena) => {
      const optimizer = new Optimizer(arena, { kind: 'adam' });
      give(arena, [1, 1, 1]);
      expect(() => optimizer.apply()).toThrow(ConfigError);
      expect(() => optimizer.apply()).toThrow(/prepare\(step, learningRate\)/);
      expect([...(await arena.parameters.get('b.bias')!.read())]).toEqual([1, 2, 3]);
      optimizer.dispose();
    }));

  for (const scaled of [false, true]) {
    it(`a captured step${scaled ? ' with a scaler' : ''} may be recorded before prepare; run before it, it changes nothing and check() throws`, () =>
      withArena(async (arena) => {
        const scaler = scaled ? new LossScaler(device(), { initialScale: 1 }) : undefined;
        const optimizer = new Optimizer(arena, { kind: 'sgd' }, scaler);
        give(arena, [1, 1, 1]);
        using step = await capture(device(), () => {
          for (const parameter of arena.parameters.values()) parameter.grad = parameter.gradSlot;
          optimizer.apply();
          return {};
        });
        const first = async () => [...(await arena.parameters.get('a.weight')!.read())];
        await poisoned(device(), () => step.run());
        expect(await first()).toEqual([1, 2, 3]);
        if (scaler) {
          const [scale, skipped] = [await scaler.scale.item(), await scaler.skipped.item()];
          expect([scale, skipped]).toEqual([1, 0]);
        }
        await expect(optimizer.check()).rejects.toThrow(ConfigError);
        expect(await optimizer.check()).toBeNull();
        optimizer.prepare(1, 0.5);
        step.run();
        expect(await first()).toEqual([0.5, 1.5, 2.5]);
        expect(await optimizer.check()).toBeNull();
        for (const owner of [optimizer, scaler]) owner?.dispose();
      }));
  }

  it('refuse a loss that is not one f32', () =>
    withArena((arena) => {
      const optimizer = new Optimizer(arena, { kind: 'sgd' });
      optimizer.prepare(1, 0.1);
      for (const loss of [5, null, zeros(device(), [2]), zeros(device(), [], 'u32')]) {
        expect(() => optimizer.apply(loss as never)).toThrow(ShapeError);
        expect(() => optimizer.apply(loss as never)).toThrow(/Optimizer\.apply: loss/);
      }
      optimizer.dispose();
    }));

  it('do with an arena that has no parameter, an empty one, or none with a gradient', async () => {
    for (const entries of [
      [],
      [
        { name: 'none', shape: [0] },
        { name: 'p', shape: [2], values: [1, 2] },
      ],
    ]) {
      const arena = new ParameterArena(device(), entries);
      const optimizer = new Optimizer(arena, { kind: 'adam', maxGradientNorm: 1 });
      optimizer.prepare(1, 0.1);
      await poisoned(device(), () => optimizer.apply());
      expect([...(await optimizer.gradientNorm.read())]).toEqual([0, 1]);
      for (const parameter of arena.parameters.values()) {
        if (parameter.size > 0) parameter.gradSlot!.write([1, 0]);
        parameter.grad = parameter.gradSlot;
      }
      optimizer.prepare(2, 0.1);
      await poisoned(device(), () => optimizer.apply());
      expectClose(await optimizer.gradientNorm.read(), [entries.length > 0 ? 1 : 0, 1], 1e-5, 'norm');
      expect(await optimizer.check()).toBeNull();
      optimizer.dispose();
      arena.dispose();
    }
  });
});
