/** @file Lists of file sources: names that do not collide, order, and sources that only say why they cannot be read. */

import { FileError } from '../../base/errors.ts';
import type { FileSource } from '../types.ts';

/** A file that cannot be read, by the error that says so. */
export function failing(path: string, error: unknown): FileSource {
  return { path, read: () => Promise.reject(error) };
}

/** A file that is not read, and why; the FileError is made when it is asked for. */
export function refused(path: string, problem: string, fix: string): FileSource {
  return { path, read: () => Promise.reject(new FileError(path, problem, fix)) };
}

/** Whether a file is opened as a zip archive: by its name, for its first bytes would have to be read of every file. */
export const isZip = (path: string): boolean => /\.zip$/i.test(path);

/** The number that each name got last, so that of ten thousand of one name not each tries all. */
const lastNumbers = new WeakMap<Set<string>, Map<string, number>>();

/** The name, or where it is taken the first of `name (2).ext`, `name (3).ext` … that is free; takes it. */
export function unique(name: string, taken: Set<string>): string {
  const numbers = lastNumbers.get(taken) ?? new Map<string, number>();
  lastNumbers.set(taken, numbers);
  let [free, n] = [name, numbers.get(name) ?? 1];
  while (taken.has(free)) free = name.replace(/(\.\w{1,5})?$/, ` (${++n})$1`);
  numbers.set(name, n);
  taken.add(free);
  return free;
}

/** macOS keeps a file's attributes in `._name` beside it, in archives under `__MACOSX/`: the file it belongs to. */
function attributesOf(path: string): string | null {
  if (!/(^|\/)\._[^/]+$/.test(path)) return null;
  return path.replace(/(^|\/)__MACOSX\//, '$1').replace(/\._([^/]+)$/, '$1');
}

/** Sorted by path (code units), without the attributes that macOS keeps beside listed files. */
export function inOrder(sources: readonly FileSource[]): FileSource[] {
  const paths = new Set(sources.map(({ path }) => path));
  return sources
    .filter(({ path }) => !paths.has(attributesOf(path) ?? ''))
    .sort((a, b) => (a.path < b.path ? -1 : Number(a.path > b.path)));
}
