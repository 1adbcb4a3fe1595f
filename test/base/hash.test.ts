/** @file Hashes against published check values and properties. */
import { describe, expect, it } from 'vitest';
import { crc32, fnv1a, hashText, hashWords, mix, textChecksum } from '../../src/base/hash.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('hashes', () => {
  it('CRC-32 gives the check value of its definition', () => {
    expect(crc32(bytes('123456789'))).toBe(0xcbf43926);
    expect(crc32(new Uint8Array(0))).toBe(0);
    expect(textChecksum('123456789')).toBe('cbf43926');
    expect(textChecksum('')).toBe('00000000');
  });

  it('CRC-32 is the same sixteen bytes at a step as one by one, wherever the bytes lie', () => {
    const all = Uint8Array.from({ length: 400 }, (_, i) => Math.imul(i, 2654435761) >>> 13);
    for (let from = 0; from < 9; from++)
      for (const length of [31, 32, 33, 47, 48, 63, 100, 255, 391]) {
        const some = all.subarray(from, from + length);
        let crc = 0xffffffff;
        for (const byte of some)
          for (let bit = 0; bit < 8; bit++) {
            const low = (crc ^ (byte >>> bit)) & 1;
            crc = (crc >>> 1) ^ (low ? 0xedb88320 : 0);
          }
        expect(crc32(some), `${length} from ${from}`).toBe(~crc >>> 0);
      }
  });

  it('FNV-1a gives the published values', () => {
    expect(fnv1a('')).toBe(0x811c9dc5);
    expect(fnv1a('a')).toBe(0xe40c292c);
    expect(fnv1a('foobar')).toBe(0xbf9cf968);
  });

  it('mix maps no two of many words to one', () => {
    const words = Array.from({ length: 20_000 }, (_, i) => mix(i * 65537));
    expect(new Set(words).size).toBe(words.length);
  });

  it('words and texts depend on order and on every part', () => {
    expect(hashWords(1, 2)).not.toBe(hashWords(2, 1));
    expect(hashWords(1)).not.toBe(hashWords(1 + 2 ** 32));
    expect(hashText('ab')).toBe(hashWords(97, 98));
    expect(hashText('a')).not.toBe(hashText('b'));
  });
});
