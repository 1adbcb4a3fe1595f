/** @file What values a setting may have, as data: a schema goes over the whole of a value and reports every fault. */

export type Path = readonly string[];

/**
 * Takes what is wrong with the value at a path, as a clause that says what is needed; `whole` where the clause says
 * all there is to say, path included.
 */
export type Report = (path: Path, problem: string, whole?: true) => void;

/** Checks a value and gives it back, objects with their keys in the schema's order. */
export type Schema = (value: unknown, path: Path, report: Report) => unknown;

export interface Bounds {
  readonly from?: number;
  readonly to?: number;
  /** Excluded. */
  readonly above?: number;
  /** Excluded. */
  readonly below?: number;
}

function numeric(what: string, fits: (value: number) => boolean, bounds: Bounds): Schema {
  const { from = -Infinity, to = Infinity, above = -Infinity, below = Infinity } = bounds;
  const ends = Object.entries(bounds).map(([end, value]) => `${end} ${value}`);
  const needed = [what, ...ends].join(' ');
  return (value, path, report) => {
    const inside =
      typeof value === 'number' && value >= from && value <= to && value > above && value < below;
    if (!inside || !fits(value)) report(path, `${needed} is needed`);
    return value;
  };
}

/** A number; neither NaN nor infinite. */
export const number = (bounds: Bounds = {}): Schema => numeric('a number', Number.isFinite, bounds);

/** An integer that a double holds exactly. */
export const whole = (bounds: Bounds = {}): Schema => numeric('a whole number', Number.isSafeInteger, bounds);

export const flag: Schema = (value, path, report) => {
  if (typeof value !== 'boolean') report(path, 'true or false is needed');
  return value;
};

/** Text that is not empty. */
export const text: Schema = (value, path, report) => {
  if (typeof value !== 'string' || value === '') report(path, 'text is needed');
  return value;
};

export function oneOf(choices: readonly string[]): Schema {
  return (value, path, report) => {
    if (!choices.includes(value as string)) report(path, `one of ${choices.join(', ')} is needed`);
    return value;
  };
}

export function orNull(schema: Schema): Schema {
  return (value, path, report) => (value === null ? null : schema(value, path, report));
}

function items(value: readonly unknown[], schema: Schema, path: Path, report: Report): unknown[] {
  return value.map((item, index) => schema(item, [...path, String(index)], report));
}

export function list(schema: Schema): Schema {
  return (value, path, report) => {
    if (Array.isArray(value)) return items(value, schema, path, report);
    report(path, 'a list is needed');
    return value;
  };
}

/** Some of the choices, at least one and none twice. */
export function someOf(choices: readonly string[]): Schema {
  const all = list(oneOf(choices));
  return (value, path, report) => {
    if (Array.isArray(value) && value.length === 0) report(path, 'at least one of the names is needed');
    if (Array.isArray(value) && new Set(value).size < value.length) report(path, 'names one twice');
    return all(value, path, report);
  };
}

/** Two numbers, the smaller first. */
export function range(schema: Schema): Schema {
  return (value, path, report) => {
    if (!Array.isArray(value) || value.length !== 2) report(path, 'a list of two numbers is needed');
    else if (value[0] > value[1]) report(path, 'the first number must not exceed the second');
    return Array.isArray(value) ? items(value, schema, path, report) : value;
  };
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** An object of these keys and no others; where it is `partial`, any of them, and undefined stands for none. */
export function fields(schemas: Readonly<Record<string, Schema>>, { partial = false } = {}): Schema {
  const known = Object.keys(schemas);
  return (value, path, report) => {
    if (!isRecord(value)) {
      report(path, 'an object is needed');
      return value;
    }
    const unknown = Object.keys(value).filter((key) => !known.includes(key));
    if (unknown.length > 0) {
      const where = path.length > 0 ? ` in ${path.join('.')}` : '';
      report(path, `unknown key "${unknown.join('", "')}"${where}; known are ${known.join(', ')}`, true);
    }
    const given = known.filter((key) => !partial || value[key] !== undefined);
    return Object.fromEntries(
      given.map((key) => [key, schemas[key]!(value[key], [...path, key], report)] as const),
    );
  };
}
