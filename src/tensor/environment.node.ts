/** @file Which device is asked for in Node: by the caller, or by environment variables. */
import { choiceIn, refusedVariable, type Variable, variable } from '../base/environment.node.ts';
import { ConfigError } from '../base/errors.ts';
import { expectOneOf } from '../base/settings.ts';

/** `gpu`: hardware only; `system`: whatever driver the system has; `swiftshader`: the embedded one. */
export type AdapterChoice = 'gpu' | 'system' | 'swiftshader';

/** Every choice, the first that works being taken where nobody says. */
export const adapterChoices: readonly AdapterChoice[] = ['gpu', 'system', 'swiftshader'];

/** What is asked for: by the caller, or else by the environment. @throws ConfigError for an unknown one */
export function choiceOf(given: AdapterChoice | undefined): AdapterChoice | undefined {
  expectOneOf('openDevice.adapter', given, [...adapterChoices, undefined]);
  return given ?? choiceIn('PLANEWISE_ADAPTER', adapterChoices);
}

/** `conv2d:gather,conv2dWeightGrad:gather` */
export function variantsOf(name: Variable): Record<string, string> {
  const pairs = (variable(name) ?? '').split(',').filter(Boolean);
  return Object.fromEntries(
    pairs.map((pair) => {
      const [, op, variant] = /^([^:]+):([^:]+)$/.exec(pair) ?? [];
      if (op && variant) return [op, variant];
      throw new ConfigError(refusedVariable(name, pair, 'op:variant, several with commas, is needed'));
    }),
  );
}
