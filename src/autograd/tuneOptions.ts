/** @file What the tuner is asked for, checked. */
import { describe } from '../base/describe.ts';
import { ConfigError } from '../base/errors.ts';
import { expectNumber, expectSettings } from '../base/settings.ts';
import { Device } from '../tensor/device.ts';

/** A winner found earlier. */
export interface KnownWinner {
  readonly chosen: string;
  /** Names of the variants that it was found among. */
  readonly fitting: readonly string[];
}

/** Winners found earlier on this adapter, by bucket. */
export type KnownWinners = Readonly<Record<string, KnownWinner>>;

/** Of `tune`: how long, and what is known already. */
export interface TuneOptions {
  /**
   * No measurement begins that is not expected to end within this many milliseconds; the rest keeps the order of
   * preference. A compiler that takes longer than ever before is waited for.
   */
  readonly limitMs: number;
  /** Milliseconds; default `performance.now`. */
  readonly now?: () => number;
  /**
   * They are taken, and not measured again, for every problem of their bucket whose variants they were found among: a
   * winner that does not fit, or that a variant never met which does, is none yet: it is only held against those.
   */
  readonly known?: KnownWinners;
  readonly onProgress?: (done: number, total: number, title: string) => void;
}

/** Throws ConfigError unless `list` is one of objects that have a field. */
export function expectList(call: string, list: unknown, field: string, fix: string): void {
  const has = (one: Record<string, unknown> | null) =>
    typeof one === 'object' && one !== null && field in one;
  if (!Array.isArray(list) || !list.every(has))
    throw new ConfigError(`${call} got ${describe(list)}. ${fix}.`);
}

/** Throws ConfigError for arguments of `tune` that are none. */
export function expectTuning(device: unknown, problems: unknown, options: TuneOptions): void {
  if (!(device instanceof Device))
    throw new ConfigError(`tune got ${describe(device)} for its device. Pass one of openDevice().`);
  expectList('tune', problems, 'replicas', 'Pass what problemsOf() gives');
  expectSettings('tune', options, ['limitMs', 'known', 'now', 'onProgress']);
  const { limitMs, known = {} } = options;
  if (limitMs !== Number.POSITIVE_INFINITY) expectNumber('tune.limitMs', limitMs);
  expectSettings('tune.known', known, Object.keys(known ?? {}));
  for (const [bucket, winner] of Object.entries(known))
    if (typeof winner?.chosen !== 'string' || !Array.isArray(winner.fitting))
      throw new ConfigError(`tune.known.${bucket} is ${describe(winner)}. Use { chosen, fitting }.`);
  for (const name of ['now', 'onProgress'] as const)
    if (!['undefined', 'function'].includes(typeof options[name]))
      throw new ConfigError(`tune.${name} is ${describe(options[name])}. Use a function.`);
}
