/** @file Code extensions (PS3.5 6.1.2.5): escape sequences that put other character sets below or above 0x80. */

import { latin1, tableOf } from './tables.ts';

/**
 * Value representations: `name` is PN, where ^ and = end the reach of an escape sequence too; `text` is LO, SH, UC, LT,
 * ST and UT, where backslash and control characters do.
 */
export type TextKind = 'text' | 'name';

type Decode = (bytes: Uint8Array) => string;

/** What bytes mean at one place: `low` those of 0x21 to 0x7e, null for ASCII; `high` those from 0x80 on. */
interface State {
  readonly low: Decode | null;
  readonly high: Decode;
}

const table =
  (label: string): Decode =>
  (bytes) =>
    (tableOf(label) ?? latin1).loose(bytes);

/** Reads 7-bit codes in a table that has them with the eighth bit set. */
const raised =
  (label: string): Decode =>
  (bytes) =>
    table(label)(bytes.map((byte) => byte | 0x80));

const [backslash, caret, equals] = [0x5c, 0x5e, 0x3d];

const isDelimiter = (byte: number, kind: TextKind): boolean =>
  byte === backslash || (kind === 'name' && (byte === caret || byte === equals));

/** Codes of two bytes. A delimiter that is left over is one for which the writer forgot to go back to ASCII. */
const pairs =
  (decode: Decode): Decode =>
  (bytes) => {
    const last = bytes.length % 2 === 1 ? (bytes.at(-1) as number) : 0;
    if (!isDelimiter(last, 'name')) return decode(bytes);
    return decode(bytes.subarray(0, -1)) + String.fromCharCode(last);
  };

/** Where the WHATWG has Microsoft's variants of JIS X 0208's signs. */
const jisSigns: Readonly<Record<string, string>> = {
  '～': '〜',
  '∥': '‖',
  '－': '−',
  '￠': '¢',
  '￡': '£',
  '￢': '¬',
};

const jisX0208 = pairs((bytes) =>
  raised('euc-jp')(bytes).replace(/[～∥－￠￡￢]/g, (sign) => jisSigns[sign] ?? sign),
);

/** EUC-JP has these kanji behind the prefix 0x8f. */
const jisX0212 = pairs((bytes) => {
  const prefixed: number[] = [];
  for (let i = 0; i < bytes.length; i += 2) prefixed.push(0x8f, ...bytes.subarray(i, i + 2));
  return raised('euc-jp')(Uint8Array.from(prefixed));
});

/**
 * What follows ESC to what it designates: PS3.3 tables C.12-3 and C.12-4, and sequences of the same sets that ISO 2022
 * has and DICOM has not.
 */
const designations: ReadonlyMap<string, Partial<State>> = new Map<string, Partial<State>>([
  ['(B', { low: null }], // ISO-IR 6
  ['(J', { low: null }], // ISO-IR 14, read as ASCII: software writes \ and ~ where it has yen and overline.
  ['(I', { low: raised('shift_jis') }],
  ['$B', { low: jisX0208 }], // ISO-IR 87
  ['$@', { low: jisX0208 }], // ISO-IR 42: its edition of 1978
  ['$(B', { low: jisX0208 }],
  ['$(D', { low: jisX0212 }], // ISO-IR 159
  ['$A', { low: pairs(raised('gb18030')) }],
  ['$(A', { low: pairs(raised('gb18030')) }],
  ['$(C', { low: pairs(raised('euc-kr')) }],
  [')I', { high: table('shift_jis') }], // ISO-IR 13
  ['$)A', { high: table('gb18030') }], // ISO-IR 58
  ['$)B', { high: table('euc-jp') }],
  ['$)C', { high: table('euc-kr') }], // ISO-IR 149
  ['-A', { high: table('iso-8859-1') }],
  ['-B', { high: table('iso-8859-2') }],
  ['-C', { high: table('iso-8859-3') }],
  ['-D', { high: table('iso-8859-4') }],
  ['-F', { high: table('iso-8859-7') }],
  ['-G', { high: table('iso-8859-6') }],
  ['-H', { high: table('iso-8859-8') }],
  ['-L', { high: table('iso-8859-5') }],
  ['-M', { high: table('iso-8859-9') }],
  ['-T', { high: table('windows-874') }],
  ['-b', { high: table('iso-8859-15') }],
]);

export const escapeByte = 0x1b;

/** The designation behind the ESC at `start`: intermediate bytes 0x20 to 0x2f, then one more. */
function designationAt(
  bytes: Uint8Array,
  start: number,
): { set: Partial<State>; length: number } | undefined {
  let end = start + 1;
  while (end < start + 3 && ((bytes[end] ?? 0) & 0xf0) === 0x20) end++;
  const set = designations.get(String.fromCharCode(...bytes.subarray(start + 1, end + 1)));
  return set && { set, length: end + 1 - start };
}

/** Whether value 1 of SpecificCharacterSet is in force again from here; halves of characters are no delimiters. */
function resets(byte: number, state: State, kind: TextKind): boolean {
  if (byte < 0x20) return byte !== escapeByte;
  return state.low === null && isDelimiter(byte, kind);
}

type Half = 'low' | 'high' | 'other';

const halfOf = (byte: number): Half => (byte >= 0x80 ? 'high' : byte > 0x20 && byte < 0x7f ? 'low' : 'other');

/** Splits where the half of the code table changes. */
function halves(bytes: Uint8Array): Uint8Array[] {
  const runs: Uint8Array[] = [];
  for (let start = 0, end = 0; start < bytes.length; start = end) {
    const half = halfOf(bytes[start] as number);
    while (end < bytes.length && halfOf(bytes[end] as number) === half) end++;
    runs.push(bytes.subarray(start, end));
  }
  return runs;
}

function runText(bytes: Uint8Array, { low, high }: State): string {
  if (bytes.length === 0) return '';
  if (low === null) return high(bytes);
  return halves(bytes)
    .map((run) => (halfOf(run[0] as number) === 'low' ? low(run) : high(run)))
    .join('');
}

/**
 * Decodes text with escape sequences. An unknown sequence stays in the text as it is.
 * @param base decodes what stands before any sequence, and after each delimiter: value 1 of SpecificCharacterSet
 */
export function decodeExtended(bytes: Uint8Array, kind: TextKind, base: Decode): string {
  const initial: State = { low: null, high: base };
  let [text, state, start, i] = ['', initial, 0, 0];
  const close = (next: State, from: number) => {
    text += runText(bytes.subarray(start, i), state);
    [state, start] = [next, from];
  };
  while (i < bytes.length) {
    const byte = bytes[i] as number;
    const found = byte === escapeByte ? designationAt(bytes, i) : undefined;
    if (found) close({ ...state, ...found.set }, i + found.length);
    // Value 1 may be a multi-byte set with delimiters' bytes in it: what is not left is not split.
    else if ((state.low !== null || state.high !== base) && resets(byte, state, kind)) close(initial, i);
    i += found?.length ?? 1;
  }
  close(initial, i);
  return text;
}
