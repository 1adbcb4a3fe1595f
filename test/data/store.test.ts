/** @file The prepared store on disk: round trips, damage, full disks. */

import { mkdir, mkdtemp, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ConfigError, FileError, ShapeError } from '../../src/base/errors.ts';
import { crc32 } from '../../src/base/hash.ts';
import { listFiles } from '../../src/data/files/files.node.ts';
import { prepare } from '../../src/data/prepare.ts';
import { expectStoreFolder, openStore, writeStore } from '../../src/data/store.node.ts';
import { encodeStore } from '../../src/data/storeencode.ts';
import { type PreparedData, UNKNOWN } from '../../src/data/types.ts';
import { dsbccSubject } from './studies.ts';

const disk = vi.hoisted(() => ({ full: false }));

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  const open: typeof real.open = async (...args) => {
    const handle = await real.open(...args);
    if (!disk.full) return handle;
    handle.writeFile = async () => {
      await handle.write(new Uint8Array(10));
      throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
    };
    return handle;
  };
  return { ...real, open };
});

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'planewise-store-'));
});
afterEach(async () => {
  disk.full = false;
  await rm(folder, { recursive: true });
});

const small = (dtype: 'f32' | 'f16') => prepare(dsbccSubject('1'), { size: 24, spacingMm: 2, dtype });

describe('the folder of a store', () => {
  const at = (path: string) => join(folder, path);

  test('may be new, empty, a store, or what is left of one', async () => {
    await mkdir(at('empty'));
    await mkdir(at('left'));
    await writeFile(at('left/pixels.f16.bin.1-2.tmp'), '');
    await writeStore(at('store'), await small('f32'));
    await writeFile(at('store/notes.txt'), '');
    for (const name of ['empty', 'left', 'store', 'images-2', 'no/such/folder'])
      await expect(expectStoreFolder(at(name), at('images')), name).resolves.toBeUndefined();
  });

  test('may not be or lie in that of the images, however it is named', async () => {
    await mkdir(at('images/1'), { recursive: true });
    await symlink(at('images'), at('link'));
    for (const name of ['images', 'images/', 'images/1', 'images/new/store', '../images', 'link/new']) {
      const given = name.startsWith('..') ? `${at('images')}/${name}` : at(name);
      await expect(expectStoreFolder(given, at('images')), name).rejects.toThrow(ConfigError);
    }
  });

  test('may hold nothing else, nor be a file', async () => {
    await mkdir(at('photos'));
    await writeFile(at('photos/a.jpg'), '');
    await expect(expectStoreFolder(at('photos'), at('images'))).rejects.toThrow(/photos: is not empty/);
    const file = expectStoreFolder(at('photos/a.jpg'), at('images'));
    await expect(file).rejects.toThrow(/a\.jpg: is not a folder/);
  });
});

describe('a prepared store', () => {
  test.each(['f32', 'f16'] as const)('in %s opens as it was in memory', async (dtype) => {
    const data = await small(dtype);
    await writeStore(join(folder, 'new/store'), data);
    expect(await openStore(join(folder, 'new/store'))).toEqual(data);
    expect((await readdir(join(folder, 'new/store'))).sort()).toEqual([
      'manifest.json',
      `pixels.${dtype}.bin`,
    ]);
  });

  test('that is truncated, damaged, foreign or missing is a FileError that names the file', async () => {
    await writeStore(folder, await small('f32'));
    const pixels = join(folder, 'pixels.f32.bin');
    const bytes = await readFile(pixels);
    await writeFile(
      pixels,
      bytes.map((b, i) => (i === 5000 ? b ^ 1 : b)),
    );
    await expect(openStore(folder)).rejects.toThrow(
      /pixels\.f32\.bin: does not belong to its manifest or is damaged/,
    );
    await truncate(pixels, 1000);
    await expect(openStore(folder)).rejects.toThrow(/pixels\.f32\.bin: holds 1000 bytes instead of 13824/);
    await rm(pixels);
    await expect(openStore(folder)).rejects.toThrow(/pixels\.f32\.bin: does not exist/);
    const manifest = join(folder, 'manifest.json');
    for (const [text, problem] of [
      ['{"format":"planewise-prep', 'is not complete JSON'],
      ['null', 'is not the manifest'],
      ['{"format":"planewise-prepared","version":3}', 'has version 3'],
      ['{"format":"planewise-prepared","version":2}', 'lacks fields'],
      ['{"format":"planewise-prepared","version":1}', 'lacks fields'],
    ] as const) {
      await writeFile(manifest, text);
      await expect(openStore(folder), text).rejects.toThrow(problem);
    }
    await expect(openStore(join(folder, 'nowhere'))).rejects.toThrow(FileError);
  });

  test('keeps its old content when the disk is full, and leaves no scraps', async () => {
    const old = await small('f32');
    await writeStore(folder, old);
    disk.full = true;
    const fresh = await prepare(dsbccSubject('9'), { size: 16 });
    await expect(writeStore(folder, fresh)).rejects.toThrow(
      /pixels\.f32\.bin: could not be written: the disk is full/,
    );
    disk.full = false;
    expect(await openStore(folder)).toEqual(old);
    expect(await readdir(folder)).toHaveLength(2);
  });
});

/** The same with masks of three classes, some unknown. */
async function masked(dtype: 'f32' | 'f16' = 'f32'): Promise<PreparedData> {
  const { manifest, pixels } = await small(dtype);
  const masks = Uint8Array.from(pixels, (_, i) => [0, 1, 2, UNKNOWN][i % 4]!);
  return { manifest: { ...manifest, version: 2, classes: ['background', 'a', 'b'] }, pixels, masks };
}

describe('a store with masks', () => {
  const at = (name: string) => join(folder, name);

  test.each(['f32', 'f16'] as const)('in %s opens as it was in memory', async (dtype) => {
    const data = await masked(dtype);
    await writeStore(folder, data);
    expect(await openStore(folder)).toEqual(data);
    expect((await readdir(folder)).sort()).toEqual(['manifest.json', 'masks.u8.bin', `pixels.${dtype}.bin`]);
    await expect(expectStoreFolder(folder, at('images'))).resolves.toBeUndefined();
  });

  test('has the manifest of version 1 where the masks are left out, and nothing of an older store stays', async () => {
    const { manifest, pixels } = await masked('f16');
    await writeStore(folder, await masked());
    await writeStore(folder, { manifest, pixels });
    expect((await readdir(folder)).sort()).toEqual(['manifest.json', 'pixels.f16.bin']);
    const plain = await small('f16');
    expect(await openStore(folder)).toEqual(plain);
    expect(encodeStore({ manifest, pixels }).manifest).toEqual(encodeStore(plain).manifest);
  });

  test('whose masks are damaged, truncated, of another store or missing is a FileError that names the file', async () => {
    await writeStore(folder, await masked());
    const bytes = await readFile(at('masks.u8.bin'));
    const manifest = await readFile(at('manifest.json'), 'utf8');
    const foreign = /masks\.u8\.bin: does not belong to its manifest or is damaged/;
    await writeFile(
      at('masks.u8.bin'),
      bytes.map((b) => (b + 1) % 3),
    );
    await expect(openStore(folder)).rejects.toThrow(foreign);
    await truncate(at('masks.u8.bin'), 100);
    await expect(openStore(folder)).rejects.toThrow(/masks\.u8\.bin: holds 100 bytes instead of 3456/);
    await rm(at('masks.u8.bin'));
    await expect(openStore(folder)).rejects.toThrow(/masks\.u8\.bin: does not exist/);
    await writeFile(at('masks.u8.bin'), bytes);
    await writeFile(at('manifest.json'), manifest.replace('["background","a","b"]', '["background","a"]'));
    await expect(openStore(folder)).rejects.toThrow(/holds class 2, but there are 2 classes/);
    for (const [from, to] of [
      ['["background","a","b"]', '[]'],
      ['["background","a","b"]', '"none"'],
      ['"masksChecksum":', '"other":'],
    ] as const) {
      await writeFile(at('manifest.json'), manifest.replace(from, to));
      await expect(openStore(folder), from).rejects.toThrow(/manifest\.json: lacks fields/);
    }
  });

  test('is not written where masks and classes do not fit', async () => {
    const { manifest, pixels, masks } = await masked();
    const refused = (change: Partial<PreparedData>) => () =>
      encodeStore({ manifest, pixels, masks: masks!, ...change });
    expect(refused({ masks: masks!.subarray(1) })).toThrow(ShapeError);
    expect(refused({ masks: masks!.map(() => 3) })).toThrow(/masks hold 3, but there are 3 classes/);
    const { classes: _, ...nameless } = manifest;
    expect(refused({ manifest: nameless })).toThrow(/classes are 0/);
  });
});

describe('listFiles', () => {
  test('walks folders in sorted order and reads bytes', async () => {
    for (const name of ['b.dcm', 'a10.dcm', 'a2.dcm']) await writeFile(join(folder, name), name);
    await writeStore(join(folder, 'a'), await small('f16'));
    const files = await listFiles(folder);
    expect(files.map((f) => f.path)).toEqual([
      'a/manifest.json',
      'a/pixels.f16.bin',
      'a10.dcm',
      'a2.dcm',
      'b.dcm',
    ]);
    expect(new TextDecoder().decode(await files[3]!.read())).toBe('a2.dcm');
  });

  test('of a missing folder, or of a file, is a FileError', async () => {
    await expect(listFiles(join(folder, 'nowhere'))).rejects.toThrow(
      /nowhere: does not exist\. Check the path\./,
    );
    await writeFile(join(folder, 'file'), '');
    await expect(listFiles(join(folder, 'file'))).rejects.toThrow(/file: is not a folder/);
  });
});

test('crc32 has its published check value', () => {
  expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
});
