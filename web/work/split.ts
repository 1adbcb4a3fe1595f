/** @file Who trains, validates and tests, as files say it: read for a training, and handed over. */
import { changedParts, type Split } from '../../src/data/split.ts';
import type { TrainingData } from '../../src/data/types.ts';
import { parseSplit } from '../../src/run/split.ts';
import { namedSubjects } from '../../src/train/dataset.ts';
import type { SplitRecord } from '../../src/train/splitfile.ts';
import type { GivenSplit, PartCounts } from '../protocol.ts';
import { originalSubjects, pseudonymousSubjects } from './identifiers.ts';

export const countsOf = ({ train, rest = [], validation, test }: Split): PartCounts => ({
  ...{ train: train.length, rest: rest.length, validation: validation.length, test: test.length },
});

/**
 * The subjects that a file names, by their names in the data, which may be meant by pseudonyms of this browser's key.
 * @throws FileError or ConfigError naming the file where it holds something else, or names whom the data do not hold
 */
export async function splitFrom(
  { name, text }: { readonly name: string; readonly text: string },
  data: TrainingData,
): Promise<GivenSplit> {
  const originalOf = await originalSubjects();
  const split = changedParts(parseSplit(text, name), (names) => names.map(originalOf));
  const subjects = namedSubjects(data, split, name);
  return { file: name, subjects, counts: countsOf(subjects) };
}

/** A run's split.json as it may leave the page. @param people whether its subjects are, who go by pseudonyms */
export async function splitText(text: string, people: boolean): Promise<string> {
  if (!people) return text;
  const record = JSON.parse(text) as SplitRecord;
  const everybody = Object.values(record).flatMap((part) => (Array.isArray(part) ? (part as string[]) : []));
  const nameOf = await pseudonymousSubjects(everybody);
  const named = (_key: string, value: unknown): unknown =>
    Array.isArray(value) ? value.map((name: string) => nameOf(name)) : value;
  return `${JSON.stringify(record, named, 2)}\n`;
}
