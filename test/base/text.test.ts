/** @file Text of unknown origin: JSON that is nested or none, and what steers a terminal. */
import { describe, expect, it } from 'vitest';
import { ConfigError, DicomError, FileError } from '../../src/base/errors.ts';
import { parseJson } from '../../src/base/json.ts';
import { asMessage, inLine, printableJson } from '../../src/base/printable.ts';
import { ownOf } from '../../src/base/record.ts';

describe('JSON', () => {
  it('is read where lists and objects are up to 100 deep, whatever its texts hold', () => {
    const deep = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;
    expect(() => parseJson(deep(100), 'a.json')).not.toThrow();
    expect(parseJson(`["${'[{'.repeat(200)}\\"[[", 1]`, 'a.json')).toHaveLength(2);
    for (const text of [deep(101), deep(100_000), '['.repeat(100_000), '{"a":'.repeat(101)])
      expect(() => parseJson(text, 'a.json')).toThrow(/^a.json: has lists or objects in each other/);
  });

  it('is a FileError where it is none, in one line without controls', () => {
    for (const text of ['', '{', '{"a\n": \x1b[2J}', 'nul', '\u0000'])
      try {
        parseJson(text, 'a\n.json');
        expect.unreachable();
      } catch (error) {
        expect(error).toBeInstanceOf(FileError);
        expect((error as FileError).message).toMatch(/^a\\n\.json: is not JSON \(\P{Cc}+$/u);
      }
  });
});

describe('text', () => {
  const steering = ['\x1b[31m', '\x07', '\x7f', '\x9b2J', '\u202e', '\u2066', '\u2028', '\r'];

  it('has what steers a terminal escaped', () => {
    for (const text of steering)
      expect(inLine(`a${text}b`), JSON.stringify(text)).toMatch(/^a\\[xu][0-9a-f]{2}/);
    expect(inLine('a\nb')).toBe('a\\nb');
    expect(inLine('ä – 心 (2)')).toBe('ä – 心 (2)');
  });

  it('keeps the list below a message, and no other line', () => {
    expect(asMessage('2 skipped:\n  a: b\n  c: d')).toBe('2 skipped:\n  a: b\n  c: d');
    expect(asMessage('a\nplanewise: all is well')).toBe('a\\nplanewise: all is well');
  });

  it('is the same JSON with what steers a terminal escaped', () => {
    const value = steering.map((text) => `a${text}\nb`);
    const text = printableJson(JSON.stringify(value));
    expect(JSON.parse(text)).toEqual(value);
    expect(text).toMatch(/^[\x20-\x7e]+$/);
  });

  it('of a file’s name breaks no error', () => {
    const name = 'a\x1b[2J\n.dcm';
    const errors = [
      new FileError(name, 'is odd', 'Mend it.'),
      new DicomError(name, 'Rows (0028,0010)', 'is odd', 'Mend it.'),
      new ConfigError(`${name} is odd.`),
    ];
    for (const { message } of errors) expect(message).toMatch(/^a\\x1b\[2J\\n\.dcm\P{Cc}+$/u);
  });
});

it('a table answers to its own names alone', () => {
  for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty'])
    expect(ownOf({ a: 1 } as Record<string, number>, name)).toBeUndefined();
  expect(ownOf({ a: 1 } as Record<string, number>, 'a')).toBe(1);
  expect(ownOf(undefined, 'a')).toBeUndefined();
});
