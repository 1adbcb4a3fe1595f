/** @file Compares two values out of JSON, the order of an object's keys left aside. */

const isObject = (value) => typeof value === 'object' && value !== null;

function shown(value) {
  if (value === undefined) return 'nothing';
  const text = Object.is(value, -0) ? '-0' : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

const joined = (path, key) => (path ? `${path}.${key}` : String(key));

/** Every leaf that differs, by its dotted path; a list's items by their index. */
export function differingValues(base, work, path = '') {
  if (isObject(base) && isObject(work) && Array.isArray(base) === Array.isArray(work)) {
    const keys = new Set([...Object.keys(base), ...Object.keys(work)]);
    return [...keys].flatMap((key) => differingValues(base[key], work[key], joined(path, key)));
  }
  if (Object.is(base, work)) return [];
  return [{ path, text: `${shown(base)} and ${shown(work)}` }];
}
