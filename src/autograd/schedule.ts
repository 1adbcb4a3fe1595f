/**
 * @file Learning rates over a run, as functions of the step: `optimizer.prepare(step, rate(step))`. Steps count from 1;
 * step t has the rate that PyTorch's scheduler of the same kind has after t − 1 of its steps.
 */
import { ConfigError } from '../base/errors.ts';
import {
  expectNumber,
  expectOneOf,
  expectSettings,
  expectWhole,
  withoutUndefined,
} from '../base/settings.ts';

export { ReduceOnPlateau, type ReduceOnPlateauSettings, type ReduceOnPlateauState } from './plateau.ts';

/** The learning rate of a step, from 1. Throws ConfigError for what is no step. */
export type Schedule = (step: number) => number;

/** A schedule of the number of steps done before. */
function scheduleOf(name: string, rateAfter: (done: number) => number): Schedule {
  return (step) => {
    expectWhole(`step of schedules.${name}`, step, 1);
    return rateAfter(step - 1);
  };
}

/** Engines differ in the last bit of a cosine; 12 digits are the same in all, and more than float32 has. */
const cosine1 = (share: number): number => Number((0.5 * (1 + Math.cos(Math.PI * share))).toPrecision(12));

const share = (done: number, steps: number): number => Math.min(1, done / steps);

/**
 * Always `base`.
 * @example
 * schedules.constant(0.1)(7); // 0.1
 */
export function constant(base: number): Schedule {
  expectNumber('base of schedules.constant', base);
  return scheduleOf('constant', () => base);
}

/** Of `stepDecay`; PyTorch’s StepLR. */
export interface StepDecaySettings {
  /** Steps between two falls. */
  readonly every: number;
  /** Default 0.1. */
  readonly factor?: number;
}

/**
 * base · factor^⌊done/every⌋ (StepLR).
 * @example
 * schedules.stepDecay(0.1, { every: 10, factor: 0.5 })(11); // 0.05
 */
export function stepDecay(base: number, settings: StepDecaySettings): Schedule {
  const call = 'schedules.stepDecay';
  expectNumber(`base of ${call}`, base);
  expectSettings(call, settings, ['every', 'factor'], { stepsize: 'Use every', gamma: 'Use factor' });
  const { every, factor = 0.1 } = settings;
  expectWhole(`${call}.every`, every, 1);
  expectNumber(`${call}.factor`, factor);
  return scheduleOf('stepDecay', (done) => base * factor ** Math.floor(done / every));
}

/** Of `multiStep`; PyTorch’s MultiStepLR. */
export interface MultiStepSettings {
  /** Numbers of steps done after each of which the rate falls. */
  readonly at: readonly number[];
  /** Default 0.1. */
  readonly factor?: number;
}

/**
 * base · factor^(number of `at` that are reached) (MultiStepLR).
 * @example
 * schedules.multiStep(8, { at: [10, 20], factor: 0.5 })(21); // 2
 */
export function multiStep(base: number, settings: MultiStepSettings): Schedule {
  const call = 'schedules.multiStep';
  expectNumber(`base of ${call}`, base);
  expectSettings(call, settings, ['at', 'factor'], { milestones: 'Use at', gamma: 'Use factor' });
  const { at, factor = 0.1 } = settings;
  if (!Array.isArray(at))
    throw new ConfigError(`${call}.at is no array. Use the steps after which it falls.`);
  for (const [i, step] of at.entries()) expectWhole(`${call}.at[${i}]`, step, 1);
  expectNumber(`${call}.factor`, factor);
  const falls = [...at];
  return scheduleOf('multiStep', (done) => base * factor ** falls.filter((step) => step <= done).length);
}

/**
 * base · factor^done (ExponentialLR).
 * @example
 * schedules.exponential(8, { factor: 0.5 })(3); // 2
 */
export function exponential(base: number, settings: { readonly factor: number }): Schedule {
  const call = 'schedules.exponential';
  expectNumber(`base of ${call}`, base);
  expectSettings(call, settings, ['factor'], { gamma: 'Use factor' });
  const { factor } = settings;
  expectNumber(`${call}.factor`, factor);
  return scheduleOf('exponential', (done) => base * factor ** done);
}

/** Of `polynomial`; PyTorch’s PolynomialLR. */
export interface PolynomialSettings {
  /** Steps until the rate is 0. */
  readonly steps: number;
  /** Default 1: a straight line. */
  readonly power?: number;
}

/**
 * base · (1 − done/steps)^power (PolynomialLR); 0 from there on.
 * @example
 * schedules.polynomial(8, { steps: 4 })(3); // 4
 */
export function polynomial(base: number, settings: PolynomialSettings): Schedule {
  const call = 'schedules.polynomial';
  expectNumber(`base of ${call}`, base);
  expectSettings(call, settings, ['steps', 'power'], { totaliters: 'Use steps' });
  const { steps, power = 1 } = settings;
  expectWhole(`${call}.steps`, steps, 1);
  expectNumber(`${call}.power`, power);
  return scheduleOf('polynomial', (done) => base * (1 - share(done, steps)) ** power);
}

/** Of `warmUp`: a linear rise. */
export interface WarmUpSettings {
  /** Steps that the rise takes. */
  readonly steps: number;
  /** The first rate, as a share of the rate to reach; default 0. */
  readonly from?: number;
}

/**
 * A straight rise to `next`, a rate or the first rate of a schedule, which begins after the rise (LinearLR, then with
 * SequentialLR the other): the rate after `steps` steps is the first of `next`.
 * @example
 * schedules.linearWarmUp(8, { steps: 4, from: 0.5 })(3); // 6
 */
export function linearWarmUp(next: number | Schedule, settings: WarmUpSettings): Schedule {
  const call = 'schedules.linearWarmUp';
  const then = typeof next === 'function' ? next : constant(next);
  expectSettings(call, settings, ['steps', 'from'], { totaliters: 'Use steps', startfactor: 'Use from' });
  const { steps, from = 0 } = settings;
  expectWhole(`${call}.steps`, steps, 1);
  expectNumber(`${call}.from`, from, { most: 1 });
  return scheduleOf('linearWarmUp', (done) =>
    done < steps ? then(1) * (from + ((1 - from) * done) / steps) : then(done - steps + 1),
  );
}

/** Of `cosine` (Loshchilov & Hutter 2017, without restarts). */
export interface CosineSettings {
  /** Steps in all, the warm-up included. */
  readonly steps: number;
  /** The last rate; default 0. */
  readonly least?: number;
  /** Steps of a linear warm-up before; default 0. */
  readonly warmUp?: number;
  /** The warm-up's first rate, as a share of `base`; default 0. */
  readonly warmUpFrom?: number;
}

/**
 * From `base` to `least` along half a cosine (CosineAnnealingLR of Loshchilov and Hutter 2017, without restarts), after
 * a linear warm-up if asked. After `steps` steps the rate stays; PyTorch's would rise again.
 * @example
 * schedules.cosine(8, { steps: 4 })(3); // 4
 */
export function cosine(base: number, settings: CosineSettings): Schedule {
  const call = 'schedules.cosine';
  expectNumber(`base of ${call}`, base);
  const hints = { tmax: 'Use steps', etamin: 'Use least', min: 'Use least' };
  expectSettings(call, settings, ['steps', 'least', 'warmUp', 'warmUpFrom'], hints);
  const { steps, least = 0, warmUp = 0, warmUpFrom = 0 } = settings;
  expectWhole(`${call}.steps`, steps, 1);
  expectNumber(`${call}.least`, least, { most: base });
  expectWhole(`${call}.warmUp`, warmUp, 0);
  expectNumber(`${call}.warmUpFrom`, warmUpFrom, { most: 1 });
  if (warmUp >= steps)
    throw new ConfigError(`${call}.warmUp is ${warmUp} of ${steps} steps. Leave some for the cosine.`);
  const falling = steps - warmUp;
  const fall = scheduleOf('cosine', (done) => least + (base - least) * cosine1(share(done, falling)));
  return warmUp === 0 ? fall : linearWarmUp(fall, { steps: warmUp, from: warmUpFrom });
}

/** Of `oneCycle`; PyTorch’s OneCycleLR. */
export interface OneCycleSettings {
  /** Steps in all. */
  readonly steps: number;
  /** Share of them that the rise takes; default 0.3. */
  readonly rise?: number;
  /** The first rate is max/initialDivisor; default 25. */
  readonly initialDivisor?: number;
  /** The last rate is the first one/finalDivisor; default 10⁴. */
  readonly finalDivisor?: number;
  /** Default 'cosine'. */
  readonly shape?: 'cosine' | 'linear';
  /** Whether the fall first mirrors the rise and then goes on to the last rate; default false. */
  readonly threePhases?: boolean;
}

const oneCycleDefaults = {
  ...{ rise: 0.3, initialDivisor: 25, finalDivisor: 1e4, threePhases: false },
  shape: 'cosine' as const,
};

function oneCycleOf(call: string, settings: OneCycleSettings): Required<OneCycleSettings> {
  const hints = {
    ...{ totalsteps: 'Use steps', pctstart: 'Use rise', annealstrategy: 'Use shape' },
    ...{ divfactor: 'Use initialDivisor', finaldivfactor: 'Use finalDivisor', threephase: 'Use threePhases' },
  };
  expectSettings(call, settings, ['steps', ...Object.keys(oneCycleDefaults)], hints);
  const full = { ...oneCycleDefaults, ...withoutUndefined(settings) };
  expectWhole(`${call}.steps`, full.steps, 2);
  expectNumber(`${call}.rise`, full.rise, { most: full.threePhases ? 0.5 : 1 });
  for (const name of ['initialDivisor', 'finalDivisor'] as const)
    expectNumber(`${call}.${name}`, full[name], { least: 1 });
  expectOneOf(`${call}.shape`, full.shape, ['cosine', 'linear']);
  expectOneOf(`${call}.threePhases`, full.threePhases, [true, false]);
  return full;
}

/**
 * Up from a small rate to `max` and down to a tiny one (OneCycleLR; Smith and Topin 2018). Then the rate stays.
 * @example
 * schedules.oneCycle(8, { steps: 10 })(3); // 8
 */
export function oneCycle(max: number, settings: OneCycleSettings): Schedule {
  const call = 'schedules.oneCycle';
  expectNumber(`max of ${call}`, max);
  const { steps, rise, initialDivisor, finalDivisor, shape, threePhases } = oneCycleOf(call, settings);
  const initial = max / initialDivisor;
  const last = initial / finalDivisor;
  const top: Phase = { end: rise * steps - 1, rate: max };
  const back: Phase[] = threePhases ? [{ end: 2 * rise * steps - 2, rate: initial }] : [];
  const phases = [top, ...back, { end: steps - 1, rate: last }];
  return scheduleOf('oneCycle', (done) => {
    const at = Math.min(done, steps - 1);
    const index = phases.findIndex(({ end }) => at <= end);
    const { end, rate } = phases[index]!;
    const before = phases[index - 1] ?? { end: 0, rate: initial };
    const part = end > before.end ? (at - before.end) / (end - before.end) : 1;
    return shape === 'linear'
      ? before.rate + (rate - before.rate) * part
      : rate + (before.rate - rate) * cosine1(part);
  });
}

/** Up to `end` steps done the rate moves to `rate`. */
interface Phase {
  readonly end: number;
  readonly rate: number;
}
