/** @file What is made lasts through a power cut: bytes and names are synced, and a cohort before it is called whole. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { makeFolder } from '../../src/data/files/make.node.ts';
import { writePhantomCohort } from '../../src/data/phantom.node.ts';

/** Files and folders in the order in which they were synced. */
const synced = vi.hoisted((): string[] => []);
/** Whether the file system may only be read. */
const disk = vi.hoisted(() => ({ readOnly: false }));

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
    // as Node 20 to 24 do on a file system that may only be read
    mkdir(path: string, options?: { recursive?: boolean }) {
      if (!disk.readOnly) return actual.mkdir(path, options);
      const code = options?.recursive ? 'ENOENT' : 'EROFS';
      return Promise.reject(Object.assign(new Error(code), { code }));
    },
  };
});

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'planewise-'));
});
beforeEach(() => {
  synced.length = 0;
  disk.readOnly = false;
});
afterAll(() => rm(folder, { recursive: true }));

it('each folder that had to be made is named in one that is synced, and the outermost is told', async () => {
  expect(await makeFolder(join(folder, 'a', 'b'))).toBe(join(folder, 'a'));
  expect(synced.sort()).toEqual([folder, join(folder, 'a')]);
  expect(await makeFolder(join(folder, 'a', 'b'))).toBeNull();
});

it('a folder that cannot be made is refused for the system’s own reason', async () => {
  disk.readOnly = true;
  await expect(makeFolder(join(folder, 'c', 'd'))).rejects.toMatchObject({ code: 'EROFS' });
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
