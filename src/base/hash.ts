/** @file Hashes: checksums of bytes, and names and numbers made into words of random streams. All are part of file formats or of seeds. */

/** Rows of the table: a step takes as many bytes. */
const SLICES = 16;

/** Row 0 takes a byte into the checksum; row r a byte that r zeros follow, so that lookups need not wait for each other. */
const crcTable = new Int32Array(256 * SLICES);
for (let byte = 0; byte < 256; byte++) {
  let c = byte;
  for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
  crcTable[byte] = c;
}
for (let i = 256; i < crcTable.length; i++)
  crcTable[i] = (crcTable[i - 256]! >>> 8) ^ crcTable[crcTable[i - 256]! & 255]!;

/** Four bytes, little endian, that `row` … `row + 3` say how many bytes follow. */
const taken = (word: number, row: number): number =>
  crcTable[256 * (row + 3) + (word & 255)]! ^
  crcTable[256 * (row + 2) + ((word >>> 8) & 255)]! ^
  crcTable[256 * (row + 1) + ((word >>> 16) & 255)]! ^
  crcTable[256 * row + (word >>> 24)]!;

function crcBytes(crc: number, bytes: Uint8Array): number {
  let c = crc;
  for (let i = 0; i < bytes.length; i++) c = crcTable[(c ^ bytes[i]!) & 255]! ^ (c >>> 8);
  return c;
}

/**
 * CRC-32 (IEEE 802.3) of the bytes, sixteen at a step (Kounavis and Berry, 2008, "slicing").
 * @param before that of the bytes before them
 */
export function crc32(bytes: Uint8Array, before = 0): number {
  if (bytes.length < 32) return ~crcBytes(~before, bytes) >>> 0;
  const head = -bytes.byteOffset & 3;
  const steps = (bytes.length - head) >> 4;
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset + head, 4 * steps);
  let crc = crcBytes(~before, bytes.subarray(0, head));
  for (let i = 0; i < words.length; i += 4)
    crc =
      taken(crc ^ words[i]!, 12) ^
      taken(words[i + 1]!, 8) ^
      taken(words[i + 2]!, 4) ^
      taken(words[i + 3]!, 0);
  return ~crcBytes(crc, bytes.subarray(head + 16 * steps)) >>> 0;
}

/** A checksum as eight hexadecimal digits. */
export const checksumText = (checksum: number): string => checksum.toString(16).padStart(8, '0');

/** CRC-32 of the bytes, eight hexadecimal digits. */
export const bytesChecksum = (bytes: Uint8Array): string => checksumText(crc32(bytes));

/** CRC-32 of the text's UTF-8 bytes, eight hexadecimal digits. */
export const textChecksum = (text: string): string => bytesChecksum(new TextEncoder().encode(text));

/** FNV-1a, 32 bits, of the text's UTF-16 units: the stream of a weight's first values. */
export function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

const STEP = 0x9e3779b9;

/** A bijection of 32-bit integers that spreads every input bit over the whole word. */
export function mix(word: number): number {
  let h = word;
  h = Math.imul(h ^ (h >>> 16), 0x21f0aaad);
  h = Math.imul(h ^ (h >>> 15), 0x735a2d97);
  return h ^ (h >>> 15);
}

/** One 32-bit word from any number of integers below 2^53. */
export function hashWords(...words: readonly number[]): number {
  let h = STEP;
  for (const word of words) h = mix(mix(h ^ (word | 0)) + STEP + Math.floor(word / 2 ** 32));
  return h;
}

/** One 32-bit word from a text, for naming streams. */
export function hashText(text: string): number {
  return hashWords(...Array.from(text, (letter) => letter.codePointAt(0)!));
}
