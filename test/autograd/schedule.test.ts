import { describe, expect, it } from 'vitest';
import * as schedules from '../../src/autograd/schedule.ts';
import { ConfigError } from '../../src/base/errors.ts';
import { describeCase, type GoldenCase, goldenCases } from '../goldens.ts';

const cases = await goldenCases('schedule');

type Maker = (base: number, settings: never) => schedules.Schedule;
const { ReduceOnPlateau, ...makers } = schedules as Record<string, unknown> & typeof schedules;

/** A case's settings with our names. */
function settingsOf({ attrs }: GoldenCase): Record<string, unknown> {
  const { base: _, linear, max, absolute, ...rest } = attrs;
  return {
    ...rest,
    ...(linear ? { shape: 'linear' } : {}),
    ...(max ? { mode: 'max' } : {}),
    ...(absolute ? { thresholdMode: 'absolute' } : {}),
  };
}

function expectRates(rates: readonly number[], one: GoldenCase): void {
  const expected = one.outputs.rates!.data;
  expect(rates).toHaveLength(expected.length);
  for (const [i, rate] of rates.entries())
    expect(Math.abs(rate - expected[i]!), `${rate} for ${expected[i]} in step ${i + 1}`).toBeLessThan(
      2e-7 * Math.abs(expected[i]!) + 1e-9,
    );
}

describe('learning-rate schedules', () => {
  for (const one of cases.filter(({ op }) => op !== 'ReduceOnPlateau')) {
    it(`${describeCase(one).replaceAll(',', ' ')} follows PyTorch`, () => {
      const rate = (makers[one.op as keyof typeof makers] as Maker)(
        one.attrs.base as number,
        settingsOf(one) as never,
      );
      expectRates(
        Array.from(one.outputs.rates!.data, (_, i) => rate(i + 1)),
        one,
      );
    });
  }

  it('stay where they ended', () => {
    const { cosine, oneCycle, polynomial, linearWarmUp } = schedules;
    expect(cosine(1, { steps: 10, least: 0.25 })(50)).toBe(0.25);
    expect(polynomial(1, { steps: 10 })(50)).toBe(0);
    const cycle = oneCycle(1, { steps: 10 });
    expect(cycle(50)).toBe(cycle(10));
    expect(linearWarmUp(0.5, { steps: 4 })(50)).toBe(0.5);
  });

  it('go on after a warm-up as if they began there', () => {
    const fall = schedules.exponential(0.8, { factor: 0.5 });
    const rate = schedules.linearWarmUp(fall, { steps: 4, from: 0.25 });
    const rates = [1, 2, 3, 4, 5, 6, 7].map(rate);
    for (const [i, expected] of [0.2, 0.35, 0.5, 0.65, 0.8, 0.4, 0.2].entries())
      expect(rates[i]).toBeCloseTo(expected, 12);
    expect(schedules.linearWarmUp(2, { steps: 2 })(1)).toBe(0);
  });

  const { constant, stepDecay, multiStep, exponential, polynomial, cosine, oneCycle, linearWarmUp } =
    schedules;
  const refused: readonly (readonly [() => unknown, RegExp])[] = [
    [() => constant(Number.NaN), /base of schedules\.constant is NaN/],
    [() => constant(-1), /base of schedules\.constant is -1/],
    [() => stepDecay(1, undefined as never), /schedules\.stepDecay is undefined/],
    [() => stepDecay(1, { every: 0 }), /schedules\.stepDecay\.every is 0/],
    [() => stepDecay(1, { step_size: 3 } as never), /schedules\.stepDecay\.step_size is no.*Use every/],
    [() => stepDecay(1, { every: 3, factor: -1 }), /schedules\.stepDecay\.factor is -1/],
    [() => multiStep(1, { at: 5 } as never), /schedules\.multiStep\.at is no array/],
    [() => multiStep(1, { at: [3, 0.5] }), /schedules\.multiStep\.at\[1\] is 0\.5/],
    [() => exponential(1, { gamma: 0.9 } as never), /schedules\.exponential\.gamma is no.*Use factor/],
    [
      () => exponential(1, { factor: Number.POSITIVE_INFINITY }),
      /schedules\.exponential\.factor is Infinity/,
    ],
    [() => polynomial(1, { steps: 1.5 }), /schedules\.polynomial\.steps is 1\.5/],
    [() => cosine(1, { steps: 10, warmUp: 10 }), /schedules\.cosine\.warmUp is 10 of 10 steps/],
    [() => cosine(1, { steps: 10, least: 2 }), /schedules\.cosine\.least is 2\. Use a number in \[0, 1\]/],
    [() => cosine(1, { steps: 10, T_max: 5 } as never), /schedules\.cosine\.T_max is no.*Use steps/],
    [() => linearWarmUp(1, { steps: 4, from: 1.5 }), /schedules\.linearWarmUp\.from is 1\.5/],
    [() => linearWarmUp('1' as never, { steps: 4 }), /is '1'/],
    [() => oneCycle(1, { steps: 1 }), /schedules\.oneCycle\.steps is 1/],
    [() => oneCycle(1, { steps: 9, shape: 'cos' as never }), /schedules\.oneCycle\.shape is 'cos'.*'cosine'/],
    [() => oneCycle(1, { steps: 9, rise: 0.7, threePhases: true }), /schedules\.oneCycle\.rise is 0\.7/],
    [() => oneCycle(1, { steps: 9, pct_start: 0.1 } as never), /pct_start is no.*Use rise/],
    [() => constant(1)(0), /step of schedules\.constant is 0/],
    [() => cosine(1, { steps: 5 })(1.5), /step of schedules\.cosine is 1\.5/],
    [() => new ReduceOnPlateau(1, { factor: 1 }), /ReduceOnPlateau\.factor is 1/],
    [() => new ReduceOnPlateau(1, { mode: 'least' as never }), /ReduceOnPlateau\.mode is 'least'/],
    [() => new ReduceOnPlateau(1, { min_lr: 0 } as never), /ReduceOnPlateau\.min_lr is no.*Use least/],
    [() => new ReduceOnPlateau(1, { patience: -1 }), /ReduceOnPlateau\.patience is -1/],
    [() => new ReduceOnPlateau(1).observe('1' as never), /metric.*is '1'/],
    [() => new ReduceOnPlateau(1).restore({} as never), /restore\.learningRate is undefined/],
    [() => new ReduceOnPlateau(1).restore(null as never), /restore is null/],
  ];
  it('refuse settings out of range, naming them', () => {
    for (const [make, message] of refused) {
      expect(make, `${message}`).toThrow(ConfigError);
      expect(make).toThrow(message);
    }
  });
});

describe('ReduceOnPlateau', () => {
  for (const one of cases.filter(({ op }) => op === 'ReduceOnPlateau')) {
    it(`${describeCase(one).replaceAll(',', ' ')} follows PyTorch, and goes on from its state`, () => {
      const base = one.attrs.base as number;
      const metrics = [...one.inputs.metrics!.data];
      const make = () => new ReduceOnPlateau(base, settingsOf(one));
      const plain = make();
      const rates = metrics.map((metric) => plain.observe(metric));
      expectRates(rates, one);
      const resumed = metrics.map((metric, i) => {
        const before = make();
        for (const earlier of metrics.slice(0, i)) before.observe(earlier);
        const next = make();
        next.restore(JSON.parse(JSON.stringify(before.state())));
        return next.observe(metric);
      });
      expect(resumed).toEqual(rates);
    });
  }

  it('counts what is no number as no better', () => {
    const plateau = new ReduceOnPlateau(1, { patience: 1 });
    const rates = [Number.NaN, Number.NaN, 1, Number.NaN, Number.POSITIVE_INFINITY].map((m) =>
      plateau.observe(m),
    );
    expect(rates).toEqual([1, 0.1, 0.1, 0.1, 0.1 * 0.1]);
  });
});
