/** @file The environment variables of planewise, and how what they say is read and refused. */
import { ConfigError } from './errors.ts';
import { refused } from './needed.ts';

/** All there are; the README says what each does. */
export const variables = [
  'PLANEWISE_ADAPTER',
  'PLANEWISE_GPU',
  'PLANEWISE_MPI',
  'PLANEWISE_RANK_TIMEOUT',
  'PLANEWISE_CACHE',
  'PLANEWISE_KEY',
  'PLANEWISE_STORE_MEMORY',
  'PLANEWISE_WINOGRAD',
  'PLANEWISE_VARIANT',
  'PLANEWISE_MATRICES',
  'PLANEWISE_BOUNDS_CHECKS',
  'PLANEWISE_DRIVER_LOG',
] as const;

export type Variable = (typeof variables)[number];

/** What a variable says; undefined where it is not set, or empty. */
export const variable = (name: Variable): string | undefined => process.env[name] || undefined;

/** `environment: PLANEWISE_ADAPTER=abacus: one of gpu, system, swiftshader is needed.` */
export const refusedVariable = (name: Variable, value: string, needed: string): string =>
  `environment: ${refused(`${name}=`, value, needed)}.`;

/** The choice that a variable names; undefined where it says nothing. @throws ConfigError for what is none */
export function choiceIn<C extends string>(name: Variable, choices: readonly C[]): C | undefined {
  const text = variable(name);
  const known = choices.find((choice) => choice === text);
  if (text === undefined || known !== undefined) return known;
  throw new ConfigError(refusedVariable(name, text, `one of ${choices.join(', ')} is needed`));
}

/** Whether a variable that says `on` or `off` is on. @throws ConfigError for anything else */
export const switchOf = (name: Variable, otherwise: 'on' | 'off' = 'on'): boolean =>
  (choiceIn(name, ['on', 'off']) ?? otherwise) === 'on';
