/** @file Single settings by their path in a configuration: `augmentation.rotationDeg`, `tasks.location.weight`. */
import { ownOf } from '../base/record.ts';

/** A number, list, object, true, false or null where the text is one; else the text itself. */
export function parseValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Puts a value where a path of keys leads. */
export function put(
  target: Record<string, unknown>,
  [first, ...rest]: readonly string[],
  value: unknown,
): void {
  const inner: Record<string, unknown> = { ...(ownOf(target, first!) as object | undefined) };
  if (rest.length > 0) put(inner, rest, value);
  // `__proto__` is a name like any other, and an unknown one
  const own = {
    value: rest.length > 0 ? inner : value,
    enumerable: true,
    configurable: true,
    writable: true,
  };
  Object.defineProperty(target, first!, own);
}

/** Puts a setting into what is given of a configuration; those of tasks apply wherever the tasks are chosen. */
export function assign(given: Record<string, unknown>, path: string, value: unknown): void {
  put(given, path.replace(/^tasks\./, 'taskSettings.').split('.'), value);
}

const isSection = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Every single setting of a configuration with its path, in the order it stands there. */
export function settingsOf(config: object, prefix = ''): [path: string, value: unknown][] {
  return Object.entries(config).flatMap(([key, value]): [string, unknown][] =>
    isSection(value) ? settingsOf(value, `${prefix}${key}.`) : [[`${prefix}${key}`, value]],
  );
}
