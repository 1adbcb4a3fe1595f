/** @file Checks of arguments that are no tensors; each throws a ShapeError that names the call and the argument. */
import { describe } from '../base/describe.ts';
import { ShapeError } from '../base/errors.ts';

export { describe } from '../base/describe.ts';

/** Largest size, stride or index that kernels count in. */
const MOST = 2 ** 31 - 1;

/** Throws unless `value` is a whole number of least … most. */
export function expectWhole(call: string, argument: string, value: number, least = 0, most = MOST): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  const range = most === MOST ? `from ${least}` : `${least} … ${most}`;
  throw new ShapeError(call, argument, `is ${describe(value)}`, `A whole number ${range} is needed.`);
}

/** Bounds of a number; NaN and infinities never fit. */
interface Bounds {
  readonly least?: number;
  readonly most?: number;
  /** Exclusive. */
  readonly above?: number;
  readonly below?: number;
}

/** Throws unless `value` is a finite number within the bounds. */
export function expectNumber(call: string, argument: string, value: number, bounds: Bounds = {}): number {
  const { least, most, above, below } = bounds;
  const fits =
    Number.isFinite(value) &&
    !(value < (least ?? -Infinity) || value > (most ?? Infinity)) &&
    !(value <= (above ?? -Infinity) || value >= (below ?? Infinity));
  if (fits) return value;
  const range = [
    least === undefined ? '' : `from ${least}`,
    above === undefined ? '' : `above ${above}`,
    most === undefined ? '' : `up to ${most}`,
    below === undefined ? '' : `below ${below}`,
  ].filter(Boolean);
  const needed = ['A finite number', ...range].join(' ');
  throw new ShapeError(call, argument, `is ${describe(value)}`, `${needed} is needed.`);
}

/** Throws unless `value` is one of `allowed`. */
export function expectOneOf<T>(call: string, argument: string, value: T, allowed: readonly T[]): T {
  if (allowed.includes(value)) return value;
  throw new ShapeError(
    call,
    argument,
    `is ${describe(value)}`,
    `Use one of ${allowed.map(describe).join(', ')}.`,
  );
}

/** Throws for a key of `options` that is not in `known`: a misspelt option must not be a default in silence. */
export function expectKnown(call: string, options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown !== undefined)
    throw new ShapeError(call, `option ${unknown}`, 'is unknown', `Options are ${known.join(', ')}.`);
}
