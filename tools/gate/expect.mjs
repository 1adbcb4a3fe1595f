/** @file Differences that are meant: a list of { case, file, path, why }; `*` stands for any text. */
import { readFile } from 'node:fs/promises';

const keys = ['case', 'file', 'path', 'why'];

/** Whether a text is what a pattern says as a whole. */
export function matches(pattern, text) {
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's').test(text);
}

function check(entry, index, file) {
  const wrong = keys.filter((key) => typeof entry?.[key] !== 'string');
  const unknown = Object.keys(entry ?? {}).filter((key) => !keys.includes(key));
  if (wrong.length > 0) throw new Error(`${file}: entry ${index + 1} lacks text for ${wrong.join(', ')}.`);
  if (unknown.length > 0)
    throw new Error(`${file}: entry ${index + 1} has unknown keys ${unknown.join(', ')}.`);
  if (entry.why.trim() === '') throw new Error(`${file}: entry ${index + 1} does not say why.`);
}

/** Differences that are meant, and which of them came. */
export class Expectations {
  #entries;
  #met = new Set();

  constructor(entries, file = 'the expectations') {
    if (!Array.isArray(entries)) throw new Error(`${file}: a list is needed.`);
    for (const [index, entry] of entries.entries()) check(entry, index, file);
    this.#entries = entries;
  }

  /** Why a difference is meant, or null where it is not. */
  why(name, file, path) {
    const fits = (entry) =>
      matches(entry.case, name) && matches(entry.file, file) && matches(entry.path, path);
    const found = this.#entries.filter(fits);
    for (const entry of found) this.#met.add(entry);
    return found[0]?.why ?? null;
  }

  /** Entries that concern one of the cases that ran and matched nothing. */
  unmet(names) {
    return this.#entries.filter(
      (entry) => !this.#met.has(entry) && names.some((name) => matches(entry.case, name)),
    );
  }
}

export async function readExpectations(file) {
  if (file === undefined) return new Expectations([]);
  return new Expectations(JSON.parse(await readFile(file, 'utf8')), file);
}
