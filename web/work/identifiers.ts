/** @file Names in what leaves the page: pseudonyms of people, by a key that stays in this browser. */
import { ConfigError } from '../../src/base/errors.ts';
import { keyHead, keyLines, keyName, parseKey } from '../../src/data/identifiers/keytext.ts';
import { originalsOf, withPseudonyms } from '../../src/data/identifiers/manifest.ts';
import { newSalt, type Originals, Pseudonyms } from '../../src/data/identifiers/pseudonyms.ts';
import type { TrainingData } from '../../src/data/types.ts';
import { readText, writeText } from '../../src/train/runfiles.ts';
import { BrowserFiles } from '../store.ts';

const files = new BrowserFiles('key');

/** The key's text, as the command line reads it. @throws ConfigError where nothing has needed one yet */
export async function keyText(): Promise<string> {
  const text = await readText(files, keyName);
  if (text !== null) return text;
  throw new ConfigError(
    'There is no key yet: it is made with the first report or archive on images of people.',
  );
}

/** Pseudonyms of all names given, the same as long as the browser keeps the key. */
async function pseudonymsFor(originals: Originals): Promise<Pseudonyms> {
  const text = (await readText(files, keyName)) ?? keyHead(newSalt());
  const { salt, entries } = parseKey(text, keyName);
  const names = await Pseudonyms.of(salt, entries);
  const fresh = await names.learn(originals);
  await writeText(files, keyName, text + keyLines(fresh));
  return names;
}

/** What a name that is one of these pseudonyms stands for; any other name itself. */
export async function originalSubjects(): Promise<(name: string) => string> {
  const text = await readText(files, keyName);
  if (text === null) return (name) => name;
  const { salt, entries } = parseKey(text, keyName);
  const names = await Pseudonyms.of(salt, entries);
  return (name) => names.original(name) ?? name;
}

/** Data of people under pseudonyms. */
export async function pseudonymousData(data: TrainingData): Promise<TrainingData> {
  const names = await pseudonymsFor(originalsOf(data.manifest));
  return withPseudonyms(data, names, names.id);
}

/** What people are called in what leaves the page. */
export async function pseudonymousSubjects(
  subjects: readonly string[],
): Promise<(subject: string) => string> {
  const names = await pseudonymsFor({ subjects });
  return (subject) => names.subject(subject);
}
