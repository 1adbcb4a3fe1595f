/** @file Pseudonyms: stable by key, apart for different names, and read back by whoever has the key. */
import { describe, expect, it } from 'vitest';
import { FileError, PlanningError } from '../../../src/base/errors.ts';
import { keyHead, keyLines, parseKey } from '../../../src/data/identifiers/keytext.ts';
import { newSalt, Pseudonyms } from '../../../src/data/identifiers/pseudonyms.ts';
import { plainReason } from '../../../src/data/identifiers/reasons.ts';

const salt = Uint8Array.from({ length: 32 }, (_, i) => i);

describe('Pseudonyms', () => {
  it('are the same for one key, whoever else is learnt, and others for another', async () => {
    const [one, more, other] = [
      await Pseudonyms.of(salt),
      await Pseudonyms.of(salt),
      await Pseudonyms.of(newSalt()),
    ];
    await one.learn({ subjects: ['Doe'] });
    await more.learn({ subjects: ['Roe', 'Doe'] });
    await other.learn({ subjects: ['Doe'] });
    expect(one.subject('Doe')).toMatch(/^subject-[0-9a-hjkmnp-tv-z]{8}$/);
    expect(more.subject('Doe')).toBe(one.subject('Doe'));
    expect(other.subject('Doe')).not.toBe(one.subject('Doe'));
    expect([more.id === one.id, other.id === one.id]).toEqual([true, false]);
  });

  it('are longer where another has the short one already', async () => {
    const first = await Pseudonyms.of(salt);
    await first.learn({ subjects: ['Doe'] });
    const short = first.subject('Doe');
    const taken = await Pseudonyms.of(salt, [{ pseudonym: short, original: 'somebody else' }]);
    await taken.learn({ subjects: ['Doe'] });
    expect(taken.subject('Doe')).toMatch(new RegExp(`^${short}.{4}$`));
  });

  it('of files begin with their subject, and come back through the text of a key', async () => {
    const names = await Pseudonyms.of(salt);
    const entries = await names.learn({
      subjects: ['Doe', 'Roe'],
      files: [
        ['1.dcm', 'Doe'],
        ['1.dcm', 'Roe'],
        ['x.txt', null],
      ],
    });
    const read = parseKey(keyHead(salt) + keyLines(entries), 'key');
    const again = await Pseudonyms.of(read.salt, read.entries);
    expect(await again.learn({ subjects: ['Doe'], files: [['1.dcm', 'Doe']] })).toEqual([]);
    expect(again.file('1.dcm', 'Roe')).toBe(names.file('1.dcm', 'Roe'));
    expect(names.file('1.dcm', 'Roe').startsWith(`${names.subject('Roe')}/`)).toBe(true);
    expect(again.revealed(`see ${names.file('1.dcm', 'Doe')}.`)).toContain('(1.dcm)');
  });

  it('name file and line of a damaged key', () => {
    expect(() => parseKey(`${keyHead(salt)}{"pseudo`, 'k')).toThrow(/^k: line 2/);
    expect(() => parseKey('{}', 'k')).toThrow(FileError);
  });
});

describe('plainReason', () => {
  it('leaves out a message that may quote a file or header', () => {
    const message = 'Doe/1.dcm: PixelSpacing (0028,0030) is missing.';
    expect(plainReason({ code: 'DICOM', message }).message).not.toContain('Doe');
    expect(plainReason({ code: 'NEW_CODE', message }).message).not.toContain('Doe');
  });

  it('keeps words that are plain, of errors too', () => {
    const message = 'A line was found in 2 of 9 slices.';
    expect(plainReason({ code: 'FEW_LINES', message })).toEqual({ code: 'FEW_LINES', message });
    const error = new PlanningError('FEW_LINES', message);
    expect(plainReason(error)).toEqual({ code: 'FEW_LINES', message });
  });
});
