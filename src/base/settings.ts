/** @file Checks of settings: a ConfigError names the setting as it was written, what it is and what to use. */

import { describe } from './describe.ts';
import { ConfigError } from './errors.ts';
import { ownOf } from './record.ts';

/** What settings go by elsewhere, in lower case without underscores, and what to do here. */
export type Hints = Readonly<Record<string, string>>;

/** Throws unless `given` is an object whose keys are all known; a misspelt one must not be a default in silence. */
export function expectSettings(
  where: string,
  given: unknown,
  known: readonly string[],
  hints: Hints = {},
): void {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw new ConfigError(`${where} is ${describe(given)}. Use an object of settings: ${known.join(', ')}.`);
  const unknown = Object.keys(given).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const hint = ownOf(hints, unknown.toLowerCase().replaceAll('_', ''));
  const help = hint === undefined ? '' : `${hint}. `;
  throw new ConfigError(`${where}.${unknown} is no setting here. ${help}Known are ${known.join(', ')}.`);
}

/** Without what is undefined, which stands for its default. */
export function withoutUndefined<T extends object>(settings: T): T {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as T;
}

/** What a number must be: `below` exclusive, `most` inclusive. */
interface Range {
  readonly least?: number;
  readonly below?: number;
  readonly most?: number;
}

/** Throws unless the value is a finite number in the range, by default not negative. */
export function expectNumber(name: string, value: unknown, { least = 0, below, most }: Range = {}): void {
  const fits =
    typeof value === 'number' &&
    Number.isFinite(value) &&
    value >= least &&
    value < (below ?? Number.POSITIVE_INFINITY) &&
    value <= (most ?? Number.POSITIVE_INFINITY);
  if (fits) return;
  const bounded = most !== undefined ? `in [${least}, ${most}]` : `that is finite and at least ${least}`;
  const range = below !== undefined ? `in [${least}, ${below})` : bounded;
  throw new ConfigError(`${name} is ${describe(value)}. Use a number ${range}.`);
}

/** Throws unless the value is a whole number of at least `least`. */
export function expectWhole(name: string, value: unknown, least: number): void {
  if (Number.isSafeInteger(value) && (value as number) >= least) return;
  throw new ConfigError(`${name} is ${describe(value)}. Use a whole number of at least ${least}.`);
}

/** Throws unless the value is one of the allowed. */
export function expectOneOf(name: string, value: unknown, allowed: readonly unknown[]): void {
  if (allowed.includes(value)) return;
  throw new ConfigError(`${name} is ${describe(value)}. Use one of ${allowed.map(describe).join(', ')}.`);
}
