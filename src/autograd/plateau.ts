/** @file A learning rate that falls where a metric no longer gets better. */

import { ConfigError } from '../base/errors.ts';
import {
  expectNumber,
  expectOneOf,
  expectSettings,
  expectWhole,
  withoutUndefined,
} from '../base/settings.ts';
import { describe } from '../kernels/checks.ts';

/** Of `ReduceOnPlateau`; PyTorch’s ReduceLROnPlateau has the same. */
export interface ReduceOnPlateauSettings {
  /** Whether the least metric is the best (default) or the largest. */
  readonly mode?: 'min' | 'max';
  /** Of the rate at each fall, below 1; default 0.1. */
  readonly factor?: number;
  /** Metrics in a row that are no better before the rate falls with the next one; default 10. */
  readonly patience?: number;
  /** How much better counts; default 1e-4. */
  readonly threshold?: number;
  /** Of the best metric (default), or as a difference. */
  readonly thresholdMode?: 'relative' | 'absolute';
  /** Metrics after a fall that do not count; default 0. */
  readonly cooldown?: number;
  /** The rate falls no further; default 0. */
  readonly least?: number;
  /** Falls of no more are not made; default 1e-8. */
  readonly smallest?: number;
}

/** What a checkpoint must keep; it goes through JSON unchanged. */
export interface ReduceOnPlateauState {
  readonly learningRate: number;
  /** The best metric so far, null before the first. */
  readonly best: number | null;
  readonly worse: number;
  readonly cooldown: number;
}

const defaults: Required<ReduceOnPlateauSettings> = {
  ...{ factor: 0.1, patience: 10, threshold: 1e-4, cooldown: 0, least: 0, smallest: 1e-8 },
  mode: 'min',
  thresholdMode: 'relative',
};

const hints = {
  ...{ minlr: 'Use least', eps: 'Use smallest', epsilon: 'Use smallest', min: 'Use least' },
};

const call = 'schedules.ReduceOnPlateau';

function settingsOf(given: ReduceOnPlateauSettings): Required<ReduceOnPlateauSettings> {
  expectSettings(call, given, Object.keys(defaults), hints);
  const settings = { ...defaults, ...withoutUndefined(given) };
  expectOneOf(`${call}.mode`, settings.mode, ['min', 'max']);
  expectOneOf(`${call}.thresholdMode`, settings.thresholdMode, ['relative', 'absolute']);
  expectNumber(`${call}.factor`, settings.factor, { below: 1 });
  for (const name of ['patience', 'cooldown'] as const) expectWhole(`${call}.${name}`, settings[name], 0);
  for (const name of ['threshold', 'least', 'smallest'] as const)
    expectNumber(`${call}.${name}`, settings[name]);
  return settings;
}

/**
 * The rate falls by a factor where a metric, a validation loss for example, has not become better for a while
 * (ReduceLROnPlateau): `observe` each metric, train with `learningRate`. A metric that is NaN is no better than any.
 * @throws ConfigError for settings that are unknown or out of range
 * @example
 * const plateau = new schedules.ReduceOnPlateau(8, { patience: 0, factor: 0.5 });
 * plateau.observe(1);
 * plateau.observe(2); // 4
 */
export class ReduceOnPlateau {
  readonly #settings: Required<ReduceOnPlateauSettings>;
  #learningRate: number;
  #best: number | null = null;
  #worse = 0;
  #cooldown = 0;

  constructor(base: number, settings: ReduceOnPlateauSettings = {}) {
    expectNumber(`base of ${call}`, base);
    this.#settings = settingsOf(settings);
    this.#learningRate = base;
  }

  get learningRate(): number {
    return this.#learningRate;
  }

  /** Takes note of a metric; the rate from here on. */
  observe(metric: number): number {
    if (typeof metric !== 'number')
      throw new ConfigError(`The metric of ${call}.observe is ${describe(metric)}. Use a number.`);
    const { patience, cooldown } = this.#settings;
    if (this.#better(metric)) {
      this.#best = metric;
      this.#worse = 0;
    } else this.#worse++;
    if (this.#cooldown > 0) {
      this.#cooldown--;
      this.#worse = 0;
    }
    if (this.#worse > patience) {
      this.#fall();
      this.#cooldown = cooldown;
      this.#worse = 0;
    }
    return this.#learningRate;
  }

  state(): ReduceOnPlateauState {
    return {
      learningRate: this.#learningRate,
      best: this.#best,
      worse: this.#worse,
      cooldown: this.#cooldown,
    };
  }

  /** Goes on from a state. @throws ConfigError where it is none; then nothing has changed */
  restore(state: ReduceOnPlateauState): void {
    const where = `state of ${call}.restore`;
    expectSettings(where, state, ['learningRate', 'best', 'worse', 'cooldown']);
    const { learningRate, best, worse, cooldown } = state;
    expectNumber(`${where}.learningRate`, learningRate);
    if (best !== null) expectNumber(`${where}.best`, best, { least: -Number.MAX_VALUE });
    expectWhole(`${where}.worse`, worse, 0);
    expectWhole(`${where}.cooldown`, cooldown, 0);
    this.#learningRate = learningRate;
    this.#best = best;
    this.#worse = worse;
    this.#cooldown = cooldown;
  }

  #better(metric: number): boolean {
    const { mode, threshold, thresholdMode } = this.#settings;
    const sign = mode === 'min' ? -1 : 1;
    const best = this.#best;
    // only a finite metric can be the best, so that the state goes through JSON
    if (!Number.isFinite(metric)) return false;
    if (best === null) return true;
    const goal = thresholdMode === 'relative' ? best * (1 + sign * threshold) : best + sign * threshold;
    return sign * metric > sign * goal;
  }

  #fall(): void {
    const { factor, least, smallest } = this.#settings;
    const next = Math.max(this.#learningRate * factor, least);
    if (this.#learningRate - next > smallest) this.#learningRate = next;
  }
}
