/** @file What is said of a value that cannot be, of a flag, a key or a field: what it is, and what is needed. */

/** Characters of a wrong value that are repeated. */
const MOST_SHOWN = 80;

/** An object as JSON, where there is such: none refers to itself. */
function json(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    return 'an object';
  }
}

function textOf(value: unknown): string {
  if (typeof value === 'object') return json(value);
  // what could not be seen is quoted
  if (typeof value === 'string' && value.trim() !== value) return json(value);
  return value === '' ? '""' : `${String(value)}${typeof value === 'bigint' ? 'n' : ''}`;
}

/**
 * `--size x: a whole number above 0 is needed`; of undefined `base is missing: an object is needed`.
 * @param what as it is written before its value, with a space or `=` at the end
 */
export function refused(what: string, value: unknown, needed: string): string {
  if (value === undefined) return `${what.replace(/[ =]$/, '')} is missing: ${needed}`;
  const text = textOf(value);
  return `${what}${text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text}: ${needed}`;
}

/** Letters to change, add, leave out or swap with the next to make one word of another. */
function distance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row[j] = Math.min(
        rows[i - 1]![j]! + 1,
        row[j - 1]! + 1,
        rows[i - 1]![j - 1]! + cost,
        swapped ? rows[i - 2]![j - 2]! + 1 : Number.POSITIVE_INFINITY,
      );
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}

/** The known word that a misspelt one is most like; null where none is much like it. */
export function nearest(word: string, known: readonly string[]): string | null {
  // longer words than any that is known are like none
  const short = word.slice(0, MOST_SHOWN);
  const rated = known.map((name) => ({ name, far: distance(short.toLowerCase(), name.toLowerCase()) }));
  const [best] = rated.sort((a, b) => a.far - b.far);
  return best && best.far <= Math.max(1, Math.min(3, Math.floor(best.name.length / 3))) ? best.name : null;
}

/** `did you mean steps? `, or nothing. */
export function meant(words: readonly string[], known: readonly string[]): string {
  const names = words.flatMap((word) => nearest(word, known) ?? []);
  return names.length > 0 ? `did you mean ${names.join(', ')}? ` : '';
}
