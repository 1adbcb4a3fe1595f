/** @file Zip archives read in place: what is listed, what is refused and how it is said. */
import { describe, expect, test } from 'vitest';
import { FileError } from '../../src/base/errors.ts';
import { blobAccess, expand, listZip } from '../../src/data/files/zip.ts';
import type { FileSource } from '../../src/data/types.ts';
import { type ZipFile, zipOf } from './zip-writer.ts';

const access = (bytes: Uint8Array) => blobAccess('study.zip', new Blob([bytes as BlobPart]));

const list = (bytes: Uint8Array): Promise<FileSource[]> => listZip('study.zip', access(bytes), '');

/** The archive as a file of a folder. */
const inFolder = (bytes: Uint8Array): Promise<FileSource[]> =>
  expand({ path: 'study.zip', read: async () => bytes }, async () => access(bytes));

const pathsOf = (sources: readonly FileSource[]): string[] => sources.map(({ path }) => path);

const text = async (source: FileSource): Promise<string> => new TextDecoder().decode(await source.read());

/** Path and content, or path and what its FileError says. */
async function contents(sources: readonly FileSource[]): Promise<Record<string, string>> {
  const pairs = sources.map(async (source) => {
    const content = await text(source).catch((error) => {
      expect(error).toBeInstanceOf(FileError);
      return error.message as string;
    });
    return [source.path, content] as const;
  });
  return Object.fromEntries(await Promise.all(pairs));
}

const readAll = async (...files: ZipFile[]): Promise<Record<string, string>> =>
  contents(await list(zipOf(files)));

const long = 'The heart beats. '.repeat(500);

describe('the files of a zip archive', () => {
  test('are listed with the archive as their folder, and unpacked when read', async () => {
    const bytes = zipOf([
      { name: 'P1/' },
      { name: 'P1/deflated.dcm', content: long },
      { name: 'P1/stored.dcm', content: long, method: 0 },
      { name: 'empty' },
    ]);
    expect(await contents(await inFolder(bytes))).toEqual({
      'study.zip/P1/deflated.dcm': long,
      'study.zip/P1/stored.dcm': long,
      'study.zip/empty': '',
    });
  });

  test('are found behind a comment, with sizes after the content, and in 64 bits', async () => {
    const plain: ZipFile = { name: 'a', content: long };
    const comment = 'PK\x05\x06 is how a directory ends';
    expect(await contents(await list(zipOf([plain], { comment })))).toEqual({ a: long });
    expect(await readAll({ ...plain, descriptor: true }, { name: 'b', content: 'b' })).toEqual({
      a: long,
      b: 'b',
    });
    expect(await readAll({ ...plain, zip64: true }, { name: 'b', content: 'b', zip64: true })).toEqual({
      a: long,
      b: 'b',
    });
  });

  test('are found behind a program that unpacks them', async () => {
    const bytes = Uint8Array.of(
      ...new TextEncoder().encode('MZ a program'),
      ...zipOf([{ name: 'a', content: 'a' }]),
    );
    expect(await contents(await list(bytes))).toEqual({ a: 'a' });
  });

  test('may be none', async () => {
    expect(await list(zipOf([]))).toEqual([]);
  });

  test('are read without the rest of the archive', async () => {
    const bytes = zipOf([
      { name: 'large', content: new Uint8Array(1_000_000), method: 0 },
      { name: 'small', content: 'small', method: 0 },
    ]);
    const whole = access(bytes);
    let read = 0;
    const counted = {
      size: bytes.length,
      read: async (at: number, length: number) => {
        const part = await whole.read(at, length);
        read += part.length;
        return part;
      },
    };
    const [, small] = await listZip('study.zip', counted, '');
    read = 0;
    expect(await text(small!)).toBe('small');
    expect(read).toBeLessThan(100);
  });

  test('keep their names in UTF-8, marked or not, composed or not, and have others in code page 437', async () => {
    const utf8 = (name: string) => new TextEncoder().encode(name);
    const names = [utf8('Mu\u0308ller'), utf8('M\u00fcller'), Uint8Array.of(0x4d, 0x81, 0x6c)];
    const sources = await list(zipOf(names.map((name, i) => ({ name, flags: i === 0 ? 0x800 : 0 }))));
    expect(pathsOf(sources)).toEqual(['Mu\u0308ller', 'M\u00fcller', 'M\u00fcl']);
  });

  test('have paths with slashes that stay within the archive', async () => {
    const names = ['P1\\sax\\1.dcm', '/etc/2.dcm', '../../3.dcm', 'C:\\4.dcm', './a//5.dcm', 'P1\\', '..'];
    const sources = await list(zipOf(names.map((name) => ({ name }))));
    expect(pathsOf(sources)).toEqual([
      'P1/sax/1.dcm',
      'etc/2.dcm',
      '3.dcm',
      'C:/4.dcm',
      'a/5.dcm',
      'unnamed',
    ]);
  });

  test('do not share a path when their names come to the same', async () => {
    const same = ['a/1.dcm', 'a\\1.dcm', '../a/1.dcm'].map((name) => ({ name, content: name }));
    expect(await readAll(...same)).toEqual({
      'a/1.dcm': 'a/1.dcm',
      'a/1 (2).dcm': 'a\\1.dcm',
      'a/1 (3).dcm': '../a/1.dcm',
    });
  });

  test('are the later ones where a name stands twice, and the earlier is told of', async () => {
    expect(await readAll({ name: 'a', content: 'old' }, { name: 'a', content: 'new' })).toEqual({
      a: 'new',
      'a (2)': 'a (2): is replaced by a later file of the same name in its archive. That one is read.',
    });
  });
});

describe('a file in an archive that cannot be read says so by name', () => {
  const unpack = 'Unpack the archive and give the folder.';

  test('when it is encrypted, packed by another method, or a link', async () => {
    const content = 'x'.repeat(64);
    expect(
      await readAll(
        { name: 'secret', content, flags: 1 },
        { name: 'aes', content, flags: 1, method: 99 },
        ...[9, 12, 14, 77].map((method) => ({ name: `by ${method}`, content, method })),
        { name: 'link', content: 'target', mode: 0o120777 },
        { name: 'plain', content: 'plain' },
      ),
    ).toEqual({
      secret: 'secret: is encrypted. Unpack the archive with its password and give the folder.',
      aes: 'aes: is encrypted. Unpack the archive with its password and give the folder.',
      'by 9': `by 9: is packed by Deflate64, which is not read. ${unpack}`,
      'by 12': `by 12: is packed by bzip2, which is not read. ${unpack}`,
      'by 14': `by 14: is packed by LZMA, which is not read. ${unpack}`,
      'by 77': `by 77: is packed by method 77, which is not read. ${unpack}`,
      link: `link: is a link within an archive. ${unpack}`,
      plain: 'plain',
    });
  });

  test('when its checksum, its size or its place is wrong', async () => {
    const file = { content: long };
    const broken = await readAll(
      { ...file, name: 'start' },
      { ...file, name: 'crc', claims: { crc: 1 } },
      { ...file, name: 'stored crc', method: 0, claims: { crc: 1 } },
      { ...file, name: 'small', claims: { size: 100 } },
      { ...file, name: 'large', claims: { size: 2 * long.length } },
      { ...file, name: 'vast', claims: { size: 0xfffffff0 } },
      { ...file, name: 'place', claims: { offset: 5 } },
      { ...file, name: 'after', claims: { offset: 4_000_000 } },
    );
    expect(broken.start).toBe(long);
    for (const name of ['crc', 'stored crc', 'small', 'large', 'vast'])
      expect(broken[name]).toBe(
        `${name}: is damaged: it does not match its checksum. Copy or export the archive again.`,
      );
    for (const name of ['place', 'after'])
      expect(broken[name]).toMatch(/is damaged: it is not where the directory of its archive says\. Copy/);
  });

  test('when it is larger than any array', async () => {
    const [name, size] = ['film', 5 * 2 ** 30];
    expect(await readAll({ name, content: long, zip64: true, claims: { size } })).toEqual({
      film: `film: does not fit into memory. ${unpack}`,
    });
  });

  test('when its bytes were altered', async () => {
    const bytes = zipOf([{ name: 'a', content: long }]);
    bytes.fill(0xff, 33, 43);
    expect((await contents(await list(bytes))).a).toMatch(
      /^a: is damaged: it cannot be unpacked\. Copy or export/,
    );
  });

  test('when the archive was overwritten after it was listed', async () => {
    const bytes = zipOf([{ name: 'a', content: long }]);
    const live = {
      size: bytes.length,
      read: async (at: number, length: number) => bytes.slice(at, at + length),
    };
    const [a] = await listZip('study.zip', live, '');
    bytes.fill(0);
    await expect(a!.read()).rejects.toThrow(/^a: is damaged: it is not where/);
  });
});

describe('an archive that cannot be listed', () => {
  const whole = zipOf([
    { name: 'a', content: long, method: 0 },
    { name: 'b', content: 'b' },
  ]);
  const again = 'Copy or export the archive again.';

  test.each([
    ['is empty', new Uint8Array(), again],
    ['is cut short: the directory at its end is missing', whole.slice(0, 2000), again],
    ['is cut short: the directory at its end is missing', whole.slice(0, -10), again],
    ['is damaged: its directory cannot be read', whole.slice().fill(0, -110, -22), again],
    [
      'is no zip archive, though its name says so',
      new TextEncoder().encode('<html>Please log in'.repeat(10)),
      'Export it again, or give it its right name.',
    ],
    [
      'is one part of a split archive',
      zipOf([{ name: 'a' }], { disk: 1 }),
      'Unpack the archive and give the folder.',
    ],
  ])('%s', async (problem, bytes, fix) => {
    await expect(list(bytes)).rejects.toThrow(new FileError('study.zip', problem, fix));
    expect(await contents(await inFolder(bytes))).toEqual({ 'study.zip': `study.zip: ${problem}. ${fix}` });
  });

  test('whose end is that of an archive within is not taken for that one', async () => {
    const inner = zipOf([{ name: 'inner', content: 'inner' }]);
    const outer = zipOf([
      { name: 'first', content: long },
      { name: 'inner.zip', content: inner, method: 0 },
    ]);
    const at = outer.length - 22 - 2 * 46 - 'first'.length - 'inner.zip'.length;
    await expect(list(outer.slice(0, at))).rejects.toThrow(
      /study\.zip: is damaged: its directory does not list its first file/,
    );
  });

  test('that cannot be opened rejects with that error', async () => {
    const gone = new FileError('study.zip', 'is gone', 'Look for it.');
    const [source] = await expand({ path: 'study.zip', read: () => Promise.reject(gone) }, () =>
      Promise.reject(gone),
    );
    await expect(source!.read()).rejects.toBe(gone);
  });

  test('of another kind is told of, and a compressed volume is not taken for one', async () => {
    const never = () => Promise.reject(new Error('opened'));
    for (const path of ['a.7z', 'a.RAR', 'a.tar.gz', 'a.tgz', 'disc.iso']) {
      const sources = await expand({ path, read: never }, never);
      expect(await contents(sources)).toEqual({
        [path]: `${path}: is an archive of a kind that is not opened. Unpack the archive and give the folder.`,
      });
    }
    const volume = { path: 'a.nii.gz', read: never };
    expect(await expand(volume, never)).toEqual([volume]);
  });

  test('that the browser cannot read is a FileError', async () => {
    const blob = {
      size: 100,
      slice: () => ({ arrayBuffer: () => Promise.reject(new DOMException('no', 'NotReadableError')) }),
    };
    await expect(listZip('study.zip', blobAccess('study.zip', blob as unknown as Blob), '')).rejects.toThrow(
      /^study\.zip: could not be read by the browser\. Check/,
    );
  });
});

describe('an archive within an archive', () => {
  const inner = zipOf([
    { name: '1', content: 'one' },
    { name: '2', content: 'two', method: 0 },
  ]);

  test.each([0, 8])('is listed as a folder of it (method %i)', async (method) => {
    const files = await readAll(
      { name: 'a.ZIP', content: inner, method },
      { name: 'b.zip', content: inner, method },
      { name: 'c', content: 'c' },
    );
    expect(files).toEqual({
      'a.ZIP/1': 'one',
      'a.ZIP/2': 'two',
      'b.zip/1': 'one',
      'b.zip/2': 'two',
      c: 'c',
    });
  });

  test('is told of where it is damaged, encrypted, too large or too deep', async () => {
    const content = zipOf([{ name: 'deep.zip', content: inner }]);
    expect(
      await readAll(
        { name: 'outer.zip', content },
        { name: 'cut.zip', content: inner.slice(0, 40) },
        { name: 'crc.zip', content: inner, claims: { crc: 1 } },
        { name: 'secret.zip', content: inner, flags: 1, method: 0 },
        { name: 'vast.zip', content: inner, claims: { size: 2 ** 30 } },
      ),
    ).toEqual({
      'outer.zip/deep.zip':
        'outer.zip/deep.zip: is an archive too deep within others. Unpack the archive and give the folder.',
      'cut.zip':
        'cut.zip: is cut short: the directory at its end is missing. Copy or export the archive again.',
      'crc.zip': 'crc.zip: is damaged: it does not match its checksum. Copy or export the archive again.',
      'secret.zip': 'secret.zip: is encrypted. Unpack the archive with its password and give the folder.',
      'vast.zip':
        'vast.zip: is too large to be read within another archive. Unpack the archive and give the folder.',
    });
  });
});

test('of ten thousand files each is read', async () => {
  const files = Array.from({ length: 10_000 }, (_, i) => ({
    name: `P${i % 7}/${i}.dcm`,
    content: `${i}`,
    method: 0,
  }));
  const sources = await list(zipOf(files));
  expect(sources).toHaveLength(10_000);
  for (const i of [0, 5000, 9999]) expect(await text(sources[i]!)).toBe(`${i}`);
});
