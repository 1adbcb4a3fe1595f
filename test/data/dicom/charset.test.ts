/** @file Text under SpecificCharacterSet: every defined term against pydicom and dcmtk, and what real files do. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type TextKind, textDecoderFor } from '../../../src/data/dicom/charset.ts';
import goldens from '../../goldens/charset.json' with { type: 'json' };

const fromHex = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'));
const utf8 = (text: string) => new TextEncoder().encode(text);
/** One byte a character; \x1b starts an escape sequence. */
const bytes = (codes: string) => Uint8Array.from(codes, (c) => c.charCodeAt(0));

const read = (characterSets: string, value: Uint8Array, kind: TextKind = 'text') =>
  textDecoderFor(characterSets === '' ? [] : characterSets.split('\\'))(value, kind);

const terms = [...new Set(goldens.map((golden) => golden.characterSets.join('\\')))];

describe('text of the defined terms', () => {
  it.each(terms)('%s is read as pydicom and dcmtk read it', (term) => {
    const cases = goldens.filter((golden) => golden.characterSets.join('\\') === term);
    for (const { bytes: hex, kind, text } of cases)
      expect(read(term, fromHex(hex), kind as TextKind)).toBe(text);
  });

  it('ASCII is ASCII in each of them, whatever its length', () => {
    const text = `${'sax [1] {~|} '.repeat(999)}^=\\\r\n`;
    for (const term of terms) expect(read(term, utf8(text))).toBe(text);
  });
});

describe('names of character sets', () => {
  const same: readonly (readonly [string, Uint8Array, string])[] = [
    [
      'ISO_IR 192|ISO IR 192|ISO-IR 192|ISO_IR_192|ISO_IR192|iso_ir 192|ISO 2022 IR 192|UTF-8|utf8|UTF_8|ISO_IR UTF-8',
      utf8('心臓'),
      '心臓',
    ],
    [
      'ISO_IR 100|ISO 2022 IR 100|ISO 2022 IR100|ISO_2022_IR_100|ISO-2022-IR-100|ISO2022IR100|ISO-8859-1|ISO 8859-1|latin1|LATIN_1|iso8859_1|windows-1252',
      utf8('é'),
      'Ã©',
    ],
    ['ISO_IR 101|ISO IR 101|IR 101|ISO-8859-2|LATIN2|latin 2', bytes('\xf8'), 'ř'],
    ['ISO_IR 144|ISO-8859-5|iso8859_5|cyrillic', bytes('\xd1'), 'б'],
    ['ISO_IR 148|ISO-8859-9|LATIN5', bytes('\xfd'), 'ı'],
    ['ISO_IR 203|ISO_IR203|ISO-8859-15|LATIN-9', bytes('\xbd'), 'œ'],
    ['ISO_IR 166|ISO 2022 IR 166|TIS-620|ISO-8859-11|windows-874', bytes('\xe1'), 'แ'],
    ['GB18030|gb 18030|GB18030-2000|GBK|GB2312|GB_2312|ISO 2022 GBK|ISO 2022 58', bytes('\xd0\xc4'), '心'],
    ['ISO_IR 13|ISO 2022 IR 13|Shift_JIS|SHIFT-JIS|SJIS|MS932', bytes('\xbc\xdd'), 'ｼﾝ'],
    ['ISO 2022 IR 149|ISO_IR 149|EUC-KR|euc_kr|EUCKR|KS_C_5601-1987|KSX1001', bytes('\xbd\xc9'), '심'],
    ['windows-1251|Windows 1251|CP1251', bytes('\xf8'), 'ш'],
    ['Big5|BIG5|big-5', bytes('\xa4\xdf'), '心'],
  ];

  it.each(same)('%s mean the same', (names, value, text) => {
    for (const name of names.split('|')) expect([name, read(name, value)]).toEqual([name, text]);
  });

  it.each(['', '\\', 'ISO_IR 6', 'ISO 2022 IR 6', 'US-ASCII', 'ISO_IR 999', 'constructor', 'UTF-16', '??'])(
    '"%s" says nothing of bytes from 0x80 on: they are UTF-8 if they can be, else Latin-1',
    (names) => {
      expect(read(names, utf8('Größe 心臓'))).toBe('Größe 心臓');
      expect(read(names, bytes('Gr\xf6\xdfe'))).toBe('Größe');
      expect(read(names, bytes('Andr\xe9'))).toBe('André');
    },
  );
});

describe('text that is not what it is declared to be', () => {
  it('is Latin-1 where UTF-8 is declared and the bytes are not', () => {
    expect(read('ISO_IR 192', bytes('Gr\xf6\xdfe \xe9t\xe9'))).toBe('Größe été');
    expect(read('ISO_IR 192', bytes('Andr\xe9'))).toBe('André');
  });

  it('is what is declared where the bytes have a meaning in it', () => {
    expect(read('ISO_IR 100', utf8('é'))).toBe('Ã©');
  });

  it('is UTF-8 where the bytes have a meaning in that alone', () => {
    expect(read('ISO_IR 127', utf8('ůž'))).toBe('ůž');
    expect(read('ISO 2022 IR 149', utf8('€'))).toBe('€');
  });

  it('keeps the characters before one that was cut off', () => {
    const cut = utf8('心臓').slice(0, -1);
    expect(read('ISO_IR 192', cut)).toBe('心\uFFFD');
    expect(read('ISO_IR 192', utf8('左心臓').slice(0, -1))).toBe('左心\uFFFD');
    expect(read('ISO_IR 192', Uint8Array.of(...cut, 0x20))).toBe('心\uFFFD ');
    expect(read('ISO_IR 192', Uint8Array.of(...cut, 0x5c, ...cut, 0))).toBe('心\uFFFD\\心\uFFFD\0');
    expect(read('GB18030', bytes('\xd0\xc4\xd4'))).toBe('心\uFFFD');
    expect(read('\\ISO 2022 IR 149', bytes('\x1b$)C\xbd\xc9\xc0'))).toBe('심\uFFFD');
    expect(read('\\ISO 2022 IR 87', bytes('\x1b$B?4B '))).toBe('心\uFFFD ');
    expect(read('\\ISO 2022 IR 87', bytes('\x1b$B?4B\x1b(B)'))).toBe('心\uFFFD)');
    expect(read('\\ISO 2022 IR 159', bytes('\x1b$(D0!0'))).toBe('丂\uFFFD');
  });

  it('has its other sets tried where an escape sequence was forgotten', () => {
    expect(read('\\ISO 2022 IR 149', bytes('\xbd\xc9\xc0\xe5'))).toBe('심장');
    expect(read('ISO 2022 IR 6\\ISO 2022 IR 101', bytes('\xf8ez'))).toBe('řez');
    expect(read('\\ISO 2022 IR 149', bytes('\x1b$)C\xbd\xc9^\xc0\xe5'), 'name')).toBe('심^장');
    expect(read('\\ISO_IR 192', utf8('心臓'))).toBe('心臓');
  });

  it.each(['', 'ISO_IR 100', 'ISO_IR 192', 'ISO 2022 IR 87'])(
    'follows sequences "%s" does not declare',
    (names) => {
      expect(read(names, bytes('\x1b$B?4B!\x1b(B sax'))).toBe('心臓 sax');
    },
  );
});

describe('code extensions', () => {
  const japanese = '\\ISO 2022 IR 87';

  it('end at control characters, also where the way back is forgotten', () => {
    expect(read(japanese, bytes('\x1b$B?4B!\r\nsax'))).toBe('心臓\r\nsax');
    expect(read(japanese, bytes('\x1b$B?4\0'))).toBe('心\0');
    expect(read('ISO 2022 IR 100\\ISO 2022 IR 144', bytes('\x1b-L\xd1\t\xe9\x1b-L\xd1\\\xe9'))).toBe(
      'б\té' + 'б\\é',
    );
  });

  it('end at ^ and = in names only', () => {
    const value = bytes('\x1b-L\xd1^\xe9\x1b-L\xd1=\xe9');
    expect(read('ISO 2022 IR 100\\ISO 2022 IR 144', value, 'name')).toBe('б^éб=é');
    expect(read('ISO 2022 IR 100\\ISO 2022 IR 144', value)).toBe('б^щб=щ');
    expect(read(japanese, bytes('\x1b$B;3ED^\x1b$BB@O:\x1b(B'), 'name')).toBe('山田^太郎');
  });

  it('take no half of a character for a delimiter', () => {
    expect(read(japanese, bytes('\x1b$B=(=$=^=\\\x1b(B'), 'name')).toBe('秀修殉旬');
    expect(read('GBK', bytes('\xd5\x5c\xd5\x5e'), 'name')).toBe('誠誢');
    expect(read('ISO_IR 13', bytes('\x95\x5c'))).toBe('表');
  });

  it('leave the upper half alone when they change the lower, and the other way round', () => {
    const kana = 'ISO 2022 IR 13\\ISO 2022 IR 87';
    expect(read(kana, bytes('\xbc\x1b$B?4\xddB!\x1b(J\xbf'))).toBe('ｼ心ﾝ臓ｿ');
    expect(read('\\ISO 2022 IR 144', bytes('\x1b-L\xd1\x1b(B\xd1'))).toBe('бб');
    expect(read('\\ISO 2022 IR 87\\ISO 2022 IR 58', bytes('\x1b$B?4B!\x1b(B\x1b$)A\xd0\xc4'))).toBe('心臓心');
  });

  it('know what ISO 2022 has beside the terms of DICOM', () => {
    expect(read('', bytes('\x1b$@?4\x1b$(BB!\x1b(J'))).toBe('心臓');
    expect(read('', bytes('\x1b(I<]=\x1b(B='))).toBe('ｼﾝｽ=');
    expect(read('', bytes('\x1b$AP\x44\x1b(B \x1b$(AP\x44\x1b(B \x1b$(C=I\x1b(B'))).toBe('心 心 심');
    expect(read('', bytes('\x1b$)B\xbf\xb4'))).toBe('心');
  });

  it('that nobody knows stay in the text', () => {
    expect(read('ISO_IR 100', bytes('a\x1b[1mb\xe9\x1b'))).toBe('a\x1b[1mbé\x1b');
    expect(read(japanese, bytes('\x1b$B?4\x1b(Zx'))).toContain('\x1b');
  });
});

describe('a decoder', () => {
  it('reads the C1 range of Latin-1 as Windows software means it, on every platform', () => {
    expect(read('ISO_IR 100', bytes('\x80 \x92 \x9f \x81'))).toBe('€ ’ Ÿ \x81');
  });

  it('reads any bytes under any name without an error, and the same each time', () => {
    const name = fc.oneof(fc.constantFrom(...terms), fc.string(), fc.string({ unit: 'binary' }));
    const piece = fc.oneof(
      fc
        .constantFrom('\x1b$B', '\x1b$)C', '\x1b(B', '\x1b$(D', '\x1b-A', '\x1b', '\x1b$', '\x1b(I')
        .map(bytes),
      fc.uint8Array({ maxLength: 9 }),
    );
    fc.assert(
      fc.property(name, fc.array(piece), fc.constantFrom('text', 'name'), (names, pieces, kind) => {
        const value = Uint8Array.from(pieces.flatMap((part) => [...part]));
        const text = read(names, value, kind as TextKind);
        expect(typeof text).toBe('string');
        expect(read(names, value, kind as TextKind)).toBe(text);
      }),
    );
  });

  it('is made once for each list of sets', () => {
    expect(textDecoderFor(['', 'ISO 2022 IR 87'])).toBe(textDecoderFor(['', 'ISO 2022 IR 87']));
    expect(textDecoderFor(['ISO_IR 100'])).not.toBe(textDecoderFor(['ISO_IR 101']));
  });
});
