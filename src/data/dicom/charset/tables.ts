/** @file Byte tables of character sets: TextDecoder's, with what it and DICOM disagree about put right. */

/** One character set, or one encoding of several; ASCII is the lower half of each. */
export interface Table {
  /** The text, or undefined when some byte has no meaning in this set. */
  strict(bytes: Uint8Array): string | undefined;
  /** The text whatever the bytes are; U+FFFD stands for those without meaning. */
  loose(bytes: Uint8Array): string;
}

/** Bytes each of which is the code point of its character. */
export function fromCodes(bytes: Uint8Array): string {
  const chunk = 4096;
  let text = '';
  for (let i = 0; i < bytes.length; i += chunk)
    text += String.fromCharCode.apply(null, bytes.subarray(i, i + chunk) as unknown as number[]);
  return text;
}

/** What Windows software puts where ISO 8859-1 has the C1 controls, which DICOM text must not hold. */
const c1 = [
  '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f', // 0x80 to 0x8f
  '\x90‘’“”•–—˜™š›œ\x9džŸ', // 0x90 to 0x9f
].join('');

/**
 * ISO 8859-1 as the WHATWG reads it (windows-1252): any byte has a meaning. Some releases of Node decode the C1 range
 * of it otherwise than browsers do, so it is not left to TextDecoder.
 */
function latin1Text(bytes: Uint8Array): string {
  const isC1 = (code: number) => code >= 0x80 && code <= 0x9f;
  const text = fromCodes(bytes);
  return bytes.some(isC1) ? text.replace(/[\x80-\x9f]/g, (c) => c1[c.charCodeAt(0) - 0x80] ?? c) : text;
}

export const latin1: Table = { strict: latin1Text, loose: latin1Text };

function attempt(decoder: TextDecoder, bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Whether U+FFFD stands only at the ends of values, and the rest proves the encoding. */
function isCutAtEnds(text: string): boolean {
  const proven = /[^\p{ASCII}\uFFFD]/u.test(text);
  return proven && text.split(/[\\^=]/).every((value) => /^[^\uFFFD]*\uFFFD?[\0 ]*$/.test(value));
}

const utf8Strict = new TextDecoder('utf-8', { fatal: true });
const utf8Loose = new TextDecoder('utf-8');

/**
 * UTF-8. Writers that cut values to the length of their VR may halve the last character of one: that is still UTF-8.
 * Other bytes that are not UTF-8 are Latin-1 in real files, whatever they declare.
 */
export const utf8: Table = {
  strict(bytes) {
    const text = attempt(utf8Strict, bytes);
    if (text !== undefined) return text;
    const cut = utf8Loose.decode(bytes);
    return isCutAtEnds(cut) ? cut : undefined;
  },
  loose: latin1Text,
};

/** Encodings in which bytes below 0x80 are not, or not always, ASCII. */
const notAscii = /^(utf-16|iso-2022)/;

function create(label: string): Table | undefined {
  try {
    const fatal = new TextDecoder(label, { fatal: true });
    if (fatal.encoding === 'utf-8') return utf8;
    if (fatal.encoding === 'windows-1252') return latin1;
    if (notAscii.test(fatal.encoding)) return undefined;
    const decoder = new TextDecoder(label);
    return { strict: (bytes) => attempt(fatal, bytes), loose: (bytes) => decoder.decode(bytes) };
  } catch {
    return undefined;
  }
}

const tables = new Map<string, Table | undefined>();

/** The table with a WHATWG label; undefined when there is none, or this machine lacks it. */
export function tableOf(label: string): Table | undefined {
  const key = label.toLowerCase();
  if (!tables.has(key)) tables.set(key, create(key));
  return tables.get(key);
}
