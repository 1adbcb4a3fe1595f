/** @file Kinds of settings: schemas of zod whose faults say what is needed. Every section of a configuration uses them. */
import * as z from 'zod/mini';
import { meant } from '../base/needed.ts';

export interface Bounds {
  readonly from?: number;
  readonly to?: number;
  /** Excluded. */
  readonly above?: number;
  /** Excluded. */
  readonly below?: number;
}

const checks = { from: z.gte, to: z.lte, above: z.gt, below: z.lt } as const;

function within<T extends z.ZodMiniNumber>(
  what: string,
  make: (needed: string) => T,
  bounds: Bounds,
): z.ZodMiniType<number> {
  const ends = Object.entries(bounds) as [keyof Bounds, number][];
  const needed = [what, ...ends.map(([end, value]) => `${end} ${value}`)].join(' ');
  return make(`${needed} is needed`).check(...ends.map(([end, value]) => checks[end](value)));
}

/** A number; neither NaN nor infinite. */
export const number = (bounds: Bounds = {}) => within('a number', z.number, bounds);

/** An integer that a double holds exactly. */
export const whole = (bounds: Bounds = {}) => within('a whole number', z.int, bounds);

export const positive = number({ above: 0 });
export const least0 = number({ from: 0 });
/** Of the subjects. */
export const share = number({ from: 0, to: 0.9 });

export const flag = z.boolean('true or false is needed');

/** Text that is not empty. */
export const text = z.string('text is needed').check(z.minLength(1));

export const oneOf = <const T extends string>(choices: readonly T[]) =>
  z.enum(choices, `one of ${choices.join(', ')} is needed`) as z.ZodMiniType<T>;

export const list = <T>(kind: z.ZodMiniType<T>): z.ZodMiniType<readonly T[]> =>
  z.array(kind, 'a list is needed');

/** Of one kind or another. @param needed names both */
export const either = <A, B>(
  one: z.ZodMiniType<A>,
  other: z.ZodMiniType<B>,
  needed: string,
): z.ZodMiniType<A | B> => z.union([one, other], `${needed} is needed`);

/** Some of the choices, at least one and none twice. */
export const someOf = <const T extends string>(choices: readonly T[]) =>
  list(oneOf(choices)).check(
    z.refine((names) => names.length > 0, 'at least one of the names is needed'),
    z.refine((names) => new Set(names).size === names.length, {
      error: 'names one twice',
      // beside names that are no choice, too
      when: ({ value }) => Array.isArray(value),
    }),
  );

/** Two numbers, the smaller first. */
export const range = (kind: z.ZodMiniType<number>): z.ZodMiniType<readonly [number, number]> =>
  z
    .tuple([kind, kind], 'a list of two numbers is needed')
    .check(z.refine(([least, most]) => least <= most, 'the first number must not exceed the second'));

type Shape<T> = { readonly [K in keyof T]-?: z.ZodMiniType<T[K]> };

/** Never for a key that T lacks, and for one whose schema leaves out values of T's. */
type Whole<T, S> = {
  readonly [K in keyof S]: K extends keyof T ? (T[K] extends z.output<S[K]> ? unknown : never) : never;
};

/** A schema for each key of T, checked as it compiles: a key too many or too few, or another type, is an error. */
export const shapeOf =
  <T>() =>
  <S extends Shape<T>>(shape: S & Whole<T, S>): S =>
    shape;

/** An object of these keys and no others. */
export function fields<S extends z.core.$ZodLooseShape>(shape: S) {
  const known = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `${meant(issue.keys as string[], known)}known are ${known.join(', ')}`
        : 'an object is needed',
  });
}
