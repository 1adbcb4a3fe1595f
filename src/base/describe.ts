/** @file A value in an error message. */

const MOST_SHOWN = 8;
const DEEPEST = 3;

/** A value in an error message: short, whatever it is. */
export const describe = (value: unknown): string => describeAt(value, 0);

function describeAt(value: unknown, depth: number): string {
  if (typeof value === 'string') return `'${value.slice(0, 40)}'`;
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'symbol') return 'a symbol';
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value !== 'object' || value === null) return String(value);
  if (!Array.isArray(value)) return `an object (${classOf(value)})`;
  if (depth === DEEPEST) return '[…]';
  const shown = value.slice(0, MOST_SHOWN).map((one) => describeAt(one, depth + 1));
  return `[${[...shown, ...(value.length > MOST_SHOWN ? ['…'] : [])].join(', ')}]`;
}

function classOf(value: { readonly constructor?: unknown }): string {
  const made = value.constructor;
  return typeof made === 'function' && made.name ? made.name : 'Object';
}
