/** @file Phantom cohorts on disk: complete, repeatable, and never over somebody's files. */

import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FileError } from '../../src/base/errors.ts';
import { writePhantomCohort } from '../../src/data/phantom.node.ts';
import { encodePhantomSubject, phantomSubject } from '../../src/data/phantom.ts';

const options = { subjects: 2, seed: 3, size: 32, phases: 1 } as const;
let root = '';

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'phantom-'));
});

afterAll(() => rm(root, { recursive: true }));

describe('writePhantomCohort', () => {
  it('writes the bytes of every subject, and says how far it is', async () => {
    const folder = join(root, 'cohort');
    const done: number[] = [];
    const written = await writePhantomCohort(folder, options, (progress) => done.push(progress.done));
    expect(done).toEqual([1, 2]);
    const expected = [0, 1].flatMap((index) => encodePhantomSubject(phantomSubject(3, index, options)));
    expect(written.files).toBe(expected.length + 1);
    for (const { path, bytes } of expected) {
      expect(new Uint8Array(await readFile(join(folder, path)))).toEqual(bytes);
    }
    expect((await readdir(folder)).sort()).toEqual(['acdc', 'cohort.json', 'patient001', 'patient002']);
  });

  it('completes the same cohort but refuses another one in its folder', async () => {
    const folder = join(root, 'cohort');
    const lost = join(folder, 'acdc', 'patient002', 'Info.cfg');
    const before = await readFile(lost);
    await rm(lost);
    await writePhantomCohort(folder, options);
    expect(await readFile(lost)).toEqual(before);
    await expect(writePhantomCohort(folder, { ...options, seed: 4 })).rejects.toThrow(/other options/);
  });

  it('refuses a folder that holds something else, and a path that is a file', async () => {
    await writeFile(join(root, 'notes.txt'), 'mine');
    await expect(writePhantomCohort(root, options)).rejects.toThrow(FileError);
    await expect(writePhantomCohort(root, options)).rejects.toThrow(/is not empty/);
    const file = writePhantomCohort(join(root, 'notes.txt'), options);
    await expect(file).rejects.toThrow(/notes\.txt: could not be written: a file stands/);
  });
});
