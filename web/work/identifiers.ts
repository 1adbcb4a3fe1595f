/** @file Names in what leaves the page: pseudonyms of people, by a key that stays in this browser. */
import { keyHead, keyLines, keyName, parseKey } from '../../src/data/identifiers/keytext.ts';
import { originalsOf, withPseudonyms } from '../../src/data/identifiers/manifest.ts';
import { newSalt, Pseudonyms } from '../../src/data/identifiers/pseudonyms.ts';
import type { PreparedData } from '../../src/data/types.ts';
import { readText, writeText } from '../../src/train/runfiles.ts';
import { BrowserFiles } from '../store.ts';

/** Data of people under pseudonyms, the same as long as the browser keeps the key. */
export async function pseudonymousData(data: PreparedData): Promise<PreparedData> {
  const files = new BrowserFiles('key');
  const text = (await readText(files, keyName)) ?? keyHead(newSalt());
  const { salt, entries } = parseKey(text, keyName);
  const names = await Pseudonyms.of(salt, entries);
  const fresh = await names.learn(originalsOf(data.manifest));
  await writeText(files, keyName, text + keyLines(fresh));
  return withPseudonyms(data, names, names.id);
}
