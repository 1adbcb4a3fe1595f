/** @file Text of a data set: bytes to characters by SpecificCharacterSet (0008,0005), PS3.3 C.12.1.1.2. */

import { decodeExtended, escapeByte, type TextKind } from './charset/iso2022.ts';
import { setNamed } from './charset/names.ts';
import { fromCodes, latin1, type Table, utf8 } from './charset/tables.ts';

export type { TextKind };

/** Decodes a whole element, backslashes included: they may be halves of characters, so split afterwards. */
export type DecodeText = (bytes: Uint8Array, kind: TextKind) => string;

/**
 * What decodes bytes that no escape sequence precedes. Where value 1 names a set with bytes from 0x80 on: that set;
 * UTF-8 if they have no meaning there but one in UTF-8. Where it does not (absent, empty, ASCII, unknown) such bytes
 * are against the standard: UTF-8, else what the other values name, else Latin-1, whichever they fit first.
 */
function baseOf(sets: readonly (Table | undefined)[]): (bytes: Uint8Array) => string {
  const [first, ...others] = sets;
  const candidates = new Set(first ? [first, utf8] : [utf8, ...others.filter((set) => set !== undefined)]);
  const last = first ?? latin1;
  return (bytes) => {
    for (const table of candidates) {
      const text = table.strict(bytes);
      if (text !== undefined) return text;
    }
    return last.loose(bytes);
  };
}

const isPlain = (bytes: Uint8Array): boolean => {
  for (const byte of bytes) if (byte >= 0x80 || byte === escapeByte) return false;
  return true;
};

function create(characterSets: readonly string[]): DecodeText {
  const base = baseOf(characterSets.map(setNamed));
  return (bytes, kind) => (isPlain(bytes) ? fromCodes(bytes) : decodeExtended(bytes, kind, base));
}

const decoders = new Map<string, DecodeText>();

/**
 * A decoder of text elements. It never throws: U+FFFD stands for bytes without meaning, and escape sequences that
 * designate a set DICOM does not know stay in the text. Sequences are followed whether or not their set is declared.
 * @param characterSets values of SpecificCharacterSet (0008,0005), split at backslashes; none when it is absent. Case
 *   and separators do not matter, and the labels of TextDecoder are known as well.
 */
export function textDecoderFor(characterSets: readonly string[]): DecodeText {
  const key = characterSets.join('\\');
  const known = decoders.get(key);
  if (known !== undefined) return known;
  const decoder = create(characterSets);
  decoders.set(key, decoder);
  return decoder;
}
