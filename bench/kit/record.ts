/** @file What a run of the kit leaves for people and for the next run: results.json and summary.txt, written again and again. */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Results, save } from '../results.ts';
import type { FileRow } from './forms.ts';
import type { Earlier, PartName, State } from './plan.ts';

export interface TaskRow {
  readonly name: string;
  readonly part: PartName;
  readonly state: State;
  /** How long it took, and how long it might. */
  readonly seconds: number;
  readonly limit: number;
  readonly why: string | null;
}

/** results.json. */
export interface KitResults {
  readonly pack: string;
  readonly date: string;
  /** The first run, or one after it. */
  readonly call: number;
  /** Null until it is found. */
  readonly adapter: string | null;
  readonly remedy: string | null;
  readonly tasks: readonly TaskRow[];
  readonly forms: readonly FileRow[];
  readonly bench: readonly Results[];
}

/** Replaces a file at once, so that whoever is killed meanwhile leaves the one before. */
export function replaceFile(file: string, text: string): void {
  writeFileSync(`${file}.part`, text);
  renameSync(`${file}.part`, file);
}

function readJson<T>(file: string): T | null {
  try {
    return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as T) : null;
  } catch {
    return null;
  }
}

/** An earlier run's results; null where a folder has none that can be read. */
export const readResults = (folder: string): KitResults | null => readJson(join(folder, 'results.json'));

export const statesOf = ({ tasks }: KitResults): Earlier =>
  Object.fromEntries(tasks.map(({ name, state }) => [name, state]));

/** Where the parts' programs keep what they measure while they run. */
export const scratchFiles = (work: string) => ({
  forms: join(work, 'forms.json'),
  bench: join(work, 'results'),
});

/** Lays an earlier run's results where the parts' programs find them. */
export async function restore({ forms, bench }: KitResults, work: string): Promise<void> {
  const to = scratchFiles(work);
  if (forms.length > 0) replaceFile(to.forms, JSON.stringify(forms));
  mkdirSync(to.bench, { recursive: true });
  // of another day, they are kept under this one
  for (const results of bench) await save({ ...results, date: new Date().toISOString() }, to.bench);
}

/** What the parts' programs have kept so far. */
export function gathered(work: string): Pick<KitResults, 'forms' | 'bench'> {
  const { forms, bench } = scratchFiles(work);
  const names = existsSync(bench) ? readdirSync(bench).filter((name) => name.endsWith('.json')) : [];
  const results = names.map((name) => readJson<Results>(join(bench, name)));
  return { forms: readJson<FileRow[]>(forms) ?? [], bench: results.filter((one) => one !== null) };
}
