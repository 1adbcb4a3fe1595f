/** @file Hashes: checksums of bytes, and names and numbers made into words of random streams. All are part of file formats or of seeds. */

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let c = byte;
  for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
  return c;
});

/** CRC-32 (IEEE 802.3) of the bytes. */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) crc = crcTable[(crc ^ bytes[i]!) & 255]! ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** CRC-32 of the bytes, eight hexadecimal digits. */
export const bytesChecksum = (bytes: Uint8Array): string => crc32(bytes).toString(16).padStart(8, '0');

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
