/** @file Lists and texts: grouping, and the nearest of some names. */

/** Values grouped by key, both in order of first appearance. */
export function groupBy<T, K>(items: readonly T[], key: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const of = key(item);
    const group = groups.get(of);
    if (group) group.push(item);
    else groups.set(of, [item]);
  }
  return groups;
}

/** At most so many of the items, evenly spaced, in order. */
export const evenly = <T>(items: readonly T[], most: number): readonly T[] =>
  items.length <= most
    ? items
    : Array.from({ length: most }, (_, i) => items[Math.floor((i * items.length) / most)]!);

/** A name with the numbers that count left open: sax_10 and sax_11 are sax_#, 2ch stays. */
export const openNumbers = (name: string): string => name.replace(/\d{2,}|\d+$/g, '#');

/** Endings of file names, the commonest first: "12 .txt, 3 .png". */
export function endings(paths: readonly string[]): string {
  const ending = (path: string): string => /\.[^./]+$/.exec(path)?.[0].toLowerCase() ?? 'without ending';
  const groups = [...groupBy(paths, ending)].sort(([, a], [, b]) => b.length - a.length);
  const listed = groups.slice(0, 4).map(([name, own]) => `${own.length} ${name}`);
  return groups.length > 4 ? `${listed.join(', ')}, …` : listed.join(', ');
}

/** A function of what `key` makes of its argument, computed once for each. */
export function memoized<T, R>(key: (item: T) => string, of: (item: T) => R): (item: T) => R {
  const known = new Map<string, R>();
  return (item) => {
    const name = key(item);
    if (known.has(name)) return known.get(name)!;
    const value = of(item);
    known.set(name, value);
    return value;
  };
}

/** Insertions, deletions and replacements between two texts (Levenshtein). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length]!;
}

const plain = (text: string): string =>
  text
    .normalize('NFC')
    .toLowerCase()
    .replace(/[\s_*?-]+/g, '');

/** Names further than this share of their letters from a text are not what was meant. */
const farthest = 0.7;

/** The `most` names that look most like `text`, likeliest first; none that does not. */
export function nearestNames(text: string, names: readonly string[], most = 3): string[] {
  const wanted = plain(text).slice(0, 64);
  const far = (name: string): number => {
    const other = plain(name).slice(0, 64);
    const within = wanted !== '' && (other.includes(wanted) || wanted.includes(other)) ? 0.5 : 1;
    return (within * editDistance(wanted, other)) / Math.max(wanted.length, other.length, 1);
  };
  return [...new Set(names)]
    .map((name): [string, number] => [name, far(name)])
    .filter(([, distance]) => distance <= farthest)
    .sort(([a, n], [b, m]) => n - m || (a < b ? -1 : 1))
    .slice(0, most)
    .map(([name]) => name);
}
