/** @file Test subjects whom the data of a pretraining do not know by name, kept in its folder for the report. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { FileError } from '../../base/errors.ts';
import { parseJson } from '../../base/json.ts';
import { DiskFiles } from '../../train/runfiles.node.ts';
import { readText, writeText } from '../../train/runfiles.ts';

const unmatchedFile = 'unmatched.json';

/** Keeps who was not found; where everybody is, and was, there is no file. */
export async function keepUnmatched(folder: string, names: readonly string[]): Promise<void> {
  if (names.length === 0 && !existsSync(join(folder, unmatchedFile))) return;
  await writeText(new DiskFiles(folder), unmatchedFile, `${JSON.stringify(names)}\n`);
}

/** @throws FileError where the file is damaged */
export async function readUnmatched(folder: string): Promise<string[]> {
  const text = await readText(new DiskFiles(folder), unmatchedFile);
  if (text === null) return [];
  const path = join(folder, unmatchedFile);
  // the next start of the experiment writes it anew
  const again = 'Delete it, and start the experiment again.';
  const names = parseJson(text, path, again);
  if (Array.isArray(names) && names.every((name) => typeof name === 'string')) return names;
  throw new FileError(path, 'is no list of names', again);
}
