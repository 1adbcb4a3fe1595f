/** @file What is made lasts through a power cut: bytes and names are synced, and a cohort before it is called whole. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { expectWritable, fileError, writeFiles } from '../../src/data/files/files.node.ts';
import { lockFolder } from '../../src/data/files/lock.node.ts';
import { makeFolder } from '../../src/data/files/make.node.ts';
import { writePhantomCohort } from '../../src/data/phantom.node.ts';
import { mountMemory, remount, unmount, whyNoMounts } from '../../tools/faults/mounts.mjs';

/** Files and folders in the order in which they were synced. */
const synced = vi.hoisted((): string[] => []);

vi.mock('node:fs/promises', async (original) => {
  const actual = await original<typeof import('node:fs/promises')>();
  return {
    ...actual,
    async open(...args: Parameters<typeof actual.open>) {
      const file = await actual.open(...args);
      const sync = file.sync.bind(file);
      file.sync = () => {
        synced.push(String(args[0]));
        return sync();
      };
      return file;
    },
  };
});

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'planewise-'));
});
beforeEach(() => {
  synced.length = 0;
});
afterAll(() => rm(folder, { recursive: true }));

it('each folder that had to be made is named in one that is synced, and the outermost is told', async () => {
  expect(await makeFolder(join(folder, 'a', 'b'))).toBe(join(folder, 'a'));
  expect(synced.sort()).toEqual([folder, join(folder, 'a')]);
  expect(await makeFolder(join(folder, 'a', 'b'))).toBeNull();
});

/** What making a folder, checking for a file and locking each say of a place. */
async function refusals(place: string): Promise<string[]> {
  const said = (error: unknown): string => fileError(place, error).message;
  return Promise.all([
    makeFolder(place).then(() => 'made', said),
    expectWritable(join(place, 'file')).then(() => 'writable', said),
    lockFolder(place).then(() => 'locked', said),
  ]);
}

describe('where nothing can be made', () => {
  it.skipIf(process.platform !== 'linux')(
    '/proc is refused, and Node does not spin there (Linux)',
    async () => {
      for (const place of ['/proc/planewise', '/proc/planewise/a/b'])
        for (const said of await refusals(place))
          expect(said).toMatch(/cannot be made: nothing new can be made/);
      await expect(lockFolder('/proc')).rejects.toThrow(/^\/proc: takes no new files/);
      const file = { path: '/proc/planewise.npz', bytes: new Uint8Array(1) };
      const none = /^\/proc\/planewise\.npz: cannot be made: its folder takes no new files/;
      await expect(writeFiles([file])).rejects.toThrow(none);
      await expect(expectWritable(file.path)).rejects.toThrow(none);
    },
  );

  it('a file is no folder', async () => {
    await writeFile(join(folder, 'file'), 'text');
    for (const place of [join(folder, 'file'), join(folder, 'file', 'a')])
      for (const said of await refusals(place)) expect(said).toMatch(/is not a folder, or lies under a file/);
    expect(await readFile(join(folder, 'file'), 'utf8')).toBe('text');
  });

  const noMounts = whyNoMounts('memory');
  it.skipIf(noMounts)(
    `a file system that may only be read says so, a full one too${noMounts ? `: ${noMounts}` : ''}`,
    async () => {
      const disk = join(folder, 'disk');
      mountMemory(disk, 'size=64k,nr_inodes=3');
      try {
        await mkdir(join(disk, 'there'));
        remount(disk, 'ro');
        for (const place of [join(disk, 'a'), join(disk, 'a', 'b')])
          for (const said of await refusals(place)) expect(said).toMatch(/is on a read-only file system/);
        await expect(lockFolder(join(disk, 'there'))).rejects.toThrow(/there: is on a read-only file system/);
        remount(disk, 'rw');
        await writeFile(join(disk, 'last'), '');
        for (const said of await refusals(join(disk, 'a'))) expect(said).toMatch(/the disk is full/);
        expect((await readdir(disk)).sort()).toEqual(['last', 'there']);
      } finally {
        unmount(disk);
      }
    },
  );
});

it('a check for a file leaves nothing, and what stands there as it was', async () => {
  const before = await readdir(folder);
  await expectWritable(join(folder, 'x', 'y', 'file'));
  expect(await readdir(folder)).toEqual(before);
  await writeFile(join(folder, 'there'), 'text');
  await expectWritable(join(folder, 'there'));
  expect(await readFile(join(folder, 'there'), 'utf8')).toBe('text');
  await expect(expectWritable(folder)).rejects.toThrow(/is a folder, not a file/);
});

it('all files of a cohort and their folders are synced before it is called whole', async () => {
  const out = join(folder, 'cohort');
  await writePhantomCohort(out, { subjects: 1, seed: 1, phases: 1, size: 32 });
  const names = await readdir(out, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile() && entry.name !== 'cohort.json');
  expect(files.length).toBeGreaterThan(10);
  for (const { parentPath, name } of files) {
    const path = join(parentPath, name);
    for (let at = path; at !== out; at = dirname(at)) expect(synced).toContain(at);
  }
  // the new name, at last
  expect(synced.at(-1)).toBe(out);
});
