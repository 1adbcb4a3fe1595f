import { mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { FileError } from '../../src/base/errors.ts';
import { fileError } from '../../src/data/files/files.node.ts';
import { DiskFiles } from '../../src/train/runfiles.node.ts';
import { readText, writeText } from '../../src/train/runfiles.ts';

const synced = vi.hoisted((): string[] => []);
vi.mock('../../src/data/files/sync.node.ts', async (original) => {
  const actual = await original<typeof import('../../src/data/files/sync.node.ts')>();
  const noted = (sync: (path: string) => Promise<void>) => async (path: string) => {
    synced.push(path);
    await sync(path);
  };
  return { syncFile: noted(actual.syncFile), syncFolder: noted(actual.syncFolder) };
});

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'planewise-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('files of a run on disk', () => {
  it('are written whole, appended to, renamed and read back', async () => {
    const files = new DiskFiles(join(folder, 'new', 'run'));
    expect(await files.read('a')).toBeNull();
    await writeText(files, 'a', 'first');
    await writeText(files, 'a', 'second');
    await files.append('log', 'x\n');
    await files.append('log', 'y\n');
    await files.rename('a', 'b');
    await files.rename('missing', 'c');
    expect(await readText(files, 'b')).toBe('second');
    expect(await readText(files, 'log')).toBe('x\ny\n');
    expect((await readdir(files.folder)).sort()).toEqual(['b', 'log']);
    // A view of a shared pool would show other files' bytes to whoever takes its buffer.
    expect((await files.read('b'))!.slice().buffer.byteLength).toBe(6);
  });

  it('last through a power cut: names with their folder, a log when it is asked for', async () => {
    const at = join(folder, 'lasting');
    const files = new DiskFiles(at);
    const during = async (work: () => Promise<void>) => {
      synced.length = 0;
      await work();
      return [...synced];
    };
    expect(await during(() => writeText(files, 'a', 'x'))).toEqual([folder, at]);
    expect(await during(() => files.rename('a', 'b'))).toEqual([at]);
    expect(await during(() => files.rename('missing', 'b'))).toEqual([]);
    await files.append('log', 'x');
    expect(await during(() => files.sync('log'))).toEqual([join(at, 'log')]);
    await files.sync('missing');
  });

  it('say which file met a full disk', async () => {
    const files = new DiskFiles(folder);
    await symlink('/dev/full', join(folder, 'metrics.jsonl'));
    const failure = files.append('metrics.jsonl', 'x\n');
    await expect(failure).rejects.toThrow(FileError);
    await expect(failure).rejects.toThrow(/metrics\.jsonl.*disk is full/);
  });

  it('say that a file became too large', () => {
    const { message } = fileError('checkpoint', Object.assign(new Error('EFBIG'), { code: 'EFBIG' }));
    expect(message).toMatch(/^checkpoint: could not be written: .*file size/);
  });

  it('say which folder may not be written', async () => {
    await writeText(new DiskFiles(folder), 'file', 'x');
    const files = new DiskFiles(join(folder, 'file'));
    const within = /file.a: .*lies under a file/;
    await expect(files.write('a', new Uint8Array(1))).rejects.toThrow(within);
    await expect(files.append('a', 'x')).rejects.toThrow(within);
    await expect(files.write('b/a', new Uint8Array(1))).rejects.toThrow(/a: .*lies under a file/);
  });
});
