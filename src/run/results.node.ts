/** @file What a finished run came to, as its folder keeps it. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FileError } from '../base/errors.ts';
import { parseJson } from '../base/json.ts';
import { isRecord } from '../base/record.ts';
import { fileError } from '../data/files/files.node.ts';
import type { RecordedResult } from '../results/experiment.ts';

/** The mark of a run at its end. */
export const evaluationFile = 'evaluation.json';
/** The results with their values by subject, beside it. */
export const resultsFile = 'results.json';

/**
 * @param is what the file's value must be
 * @param fix what errors say to do
 * @throws FileError naming the file where it is missing or damaged: no JSON, or not what `is` says
 */
export async function readRunJson<T>(
  folder: string,
  name: string,
  is: (value: unknown) => boolean,
  fix: string,
): Promise<T> {
  const path = join(folder, name);
  const text = await readFile(path, 'utf8').catch((error): never => {
    throw fileError(path, error);
  });
  const value = parseJson(text, path, fix);
  if (!is(value)) throw new FileError(path, 'does not hold what a run came to', fix);
  return value as T;
}

const isResult = (value: unknown): boolean =>
  isRecord(value) &&
  ['key', 'title', 'unit'].every((name) => typeof value[name] === 'string') &&
  Number.isInteger(value.digits) &&
  (value.value === null || typeof value.value === 'number') &&
  isRecord(value.bySubject);

/** The results of a run by subject. @throws FileError where they are missing or damaged */
export const readResults = (folder: string, fix: string): Promise<RecordedResult[]> =>
  readRunJson(folder, resultsFile, (value) => Array.isArray(value) && value.every(isResult), fix);
