/** @file Which device is asked for in Node: by the caller, or by environment variables. */
import { ConfigError } from '../base/errors.ts';
import { expectOneOf } from '../base/settings.ts';

/** `gpu`: hardware only; `system`: whatever driver the system has; `swiftshader`: the embedded one. */
export type AdapterChoice = 'gpu' | 'system' | 'swiftshader';

/** Every choice, the first that works being taken where nobody says. */
export const adapterChoices: readonly AdapterChoice[] = ['gpu', 'system', 'swiftshader'];

/** What is asked for: by the caller, or else by the environment. @throws ConfigError for an unknown one */
export function choiceOf(given: AdapterChoice | undefined): AdapterChoice | undefined {
  expectOneOf('openDevice.adapter', given, [...adapterChoices, undefined]);
  const named = process.env.PLANEWISE_ADAPTER;
  if (given || !named) return given;
  const known = adapterChoices.find((choice) => choice === named);
  if (known) return known;
  throw new ConfigError(`Unknown adapter "${named}" in PLANEWISE_ADAPTER. Use gpu, system or swiftshader.`);
}

/** Whether a variable that says `on` or `off` is on. @throws ConfigError for anything else */
export function switchOf(name: string, otherwise: 'on' | 'off' = 'on'): boolean {
  const text = process.env[name] ?? otherwise;
  if (text === 'on' || text === 'off') return text === 'on';
  throw new ConfigError(`${name} is "${text}". Use on or off.`);
}

/** `conv2d:gather,conv2dWeightGrad:gather` */
export function variantsOf(name: string): Record<string, string> {
  const pairs = (process.env[name] ?? '').split(',').filter(Boolean);
  return Object.fromEntries(
    pairs.map((pair) => {
      const [, op, variant] = /^([^:]+):([^:]+)$/.exec(pair) ?? [];
      if (op && variant) return [op, variant];
      throw new ConfigError(`${name} has "${pair}". Write op:variant, several with commas.`);
    }),
  );
}
