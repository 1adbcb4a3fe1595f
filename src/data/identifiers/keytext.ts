/** @file The text of a key: a line that says what it is and has the salt, then a line for each pseudonym. JSON lines. */
import { FileError } from '../../base/errors.ts';
import { parseJson } from '../../base/json.ts';
import { isRecord } from '../../base/record.ts';
import type { KeyEntry } from './pseudonyms.ts';

export const keyName = 'planewise-key.jsonl';

const ABOUT =
  'This is the key to the pseudonyms of planewise: it says whom they stand for. Keep it where the images are, and give it to nobody who may not know that.';

/** What a key's text says. */
export interface KeyContent {
  readonly salt: Uint8Array;
  readonly entries: readonly KeyEntry[];
}

const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** The first line of a new key. */
export const keyHead = (salt: Uint8Array): string =>
  `${JSON.stringify({ about: ABOUT, format: 'planewise-key', version: 1, salt: hex(salt) })}\n`;

/** Lines for pseudonyms. */
export const keyLines = (entries: readonly KeyEntry[]): string =>
  entries.map(({ pseudonym, original }) => `${JSON.stringify({ pseudonym, original })}\n`).join('');

const fix = 'Put the key back as it was, or remove that line: who it names gets it again.';

function entryOf(line: string, file: string, number: number): KeyEntry {
  const value = parseJson(line, file, fix, `line ${number} is not JSON`);
  if (isRecord(value) && typeof value.pseudonym === 'string' && typeof value.original === 'string')
    return { pseudonym: value.pseudonym, original: value.original };
  throw new FileError(file, `line ${number} is no pseudonym with what it stands for`, fix);
}

/** Reads a key. @throws FileError naming file and line where it is damaged or none */
export function parseKey(text: string, file: string): KeyContent {
  const [first = '', ...lines] = text.split('\n');
  const head = parseJson(first, file, 'Name another key, or none.', 'is no key');
  const { format, version, salt } = isRecord(head) ? head : {};
  if (
    format !== 'planewise-key' ||
    version !== 1 ||
    typeof salt !== 'string' ||
    !/^([0-9a-f]{2})+$/.test(salt)
  )
    throw new FileError(
      file,
      'is no key that this planewise reads',
      'Name another with PLANEWISE_KEY, or none.',
    );
  const entries = lines.flatMap((line, i) => (line === '' ? [] : [entryOf(line, file, i + 2)]));
  return { salt: Uint8Array.from(salt.match(/../g)!, (pair) => Number.parseInt(pair, 16)), entries };
}
