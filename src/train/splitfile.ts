/** @file split.json of a run: who trains, validates and tests. The run keeps to it when it goes on, and another can take it over. */
import { ConfigError, FileError } from '../base/errors.ts';
import { parseJson } from '../base/json.ts';
import { isRecord } from '../base/record.ts';
import { some } from '../base/words.ts';
import { partNames, type Split, subjectsOf } from '../data/split.ts';
import type { TrainingData } from '../data/types.ts';
import { type RunFiles, readText, writeText } from './runfiles.ts';
import type { TrainConfig } from './settings.ts';

export const splitFile = 'split.json';

/** What the file holds, by the names that the data have. */
export interface SplitRecord extends Split {
  /** Of the draw. */
  readonly seed: number;
  /** `2/5`; null: not by folds. */
  readonly fold: string | null;
  /** Subjects of `unlabelled`, who train too. */
  readonly beside?: readonly string[];
}

/** What the file is to say of a run. */
export function splitRecord(
  { manifest: { beside: others = {} } }: TrainingData,
  { seed, fold }: Pick<TrainConfig, 'seed' | 'fold'>,
  { train, rest = [], validation, test }: Split,
): SplitRecord {
  const isBeside = (name: string): boolean => Object.hasOwn(others, name);
  const [own, beside] = [rest.filter((name) => !isBeside(name)), rest.filter(isBeside)];
  return {
    ...{ seed, fold, train },
    ...(own.length > 0 && { rest: own }),
    ...{ validation, test },
    ...(beside.length > 0 && { beside }),
  };
}

type Parts = Omit<SplitRecord, 'seed' | 'fold'>;

const everybody = (parts: Partial<Parts>): string[] =>
  ([...partNames, 'beside'] as const).flatMap((part) => parts[part] ?? []);

/**
 * Looks whether a run that goes on still has whom it was divided into. Names that are all unknown are pseudonyms of
 * another key: then the checkpoint's mark of the data has to tell.
 * @param now what the file would say of the data as they are
 * @throws ConfigError naming the file and who is gone, or came; FileError where the file is damaged
 */
export async function expectKept(files: RunFiles, data: TrainingData, now: SplitRecord): Promise<void> {
  const text = await readText(files, splitFile);
  if (text === null) return;
  const file = files.describe(splitFile);
  const fix = 'Delete it: the run divides its subjects by its configuration, and writes it again.';
  const value = parseJson(text, file, fix);
  if (!isRecord(value)) throw new FileError(file, 'holds no split', fix);
  const [was, is] = [new Set(everybody(value)), new Set(subjectsOf(data))];
  const lost = [...was].filter((name) => !is.has(name));
  if (lost.length === was.size) return;
  const gained = everybody(now).filter((name) => !was.has(name));
  const [who, names] =
    lost.length > 0
      ? ['has subjects whom the data no longer hold', lost]
      : ['lacks subjects whom the run would use now', gained];
  if (names.length > 0)
    throw new ConfigError(
      `${file} ${who}: ${some(names, 3)}. Resume with the data and the subjects it was started with, or start a new run.`,
    );
}

/** Writes the file, unless it says so already. */
export async function keepSplit(files: RunFiles, record: SplitRecord): Promise<void> {
  const text = `${JSON.stringify(record, null, 2)}\n`;
  if ((await readText(files, splitFile)) !== text) await writeText(files, splitFile, text);
}
