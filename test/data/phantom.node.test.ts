/** @file Phantom cohorts on disk: complete, repeatable, and never over somebody's files. */

import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BusyError, FileError } from '../../src/base/errors.ts';
import { lockFolder } from '../../src/data/files/lock.node.ts';
import {
  claimPhantomFolder,
  expectWholeCohort,
  writePhantomCohort,
  writePhantomSubjects,
} from '../../src/data/phantom.node.ts';
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

  it('is marked whole last: until then, and while it is repaired, it is none', async () => {
    const folder = join(root, 'cohort');
    const mark = await readFile(join(folder, 'cohort.json'));
    const during: string[][] = [];
    const refused: Promise<unknown>[] = [];
    await writePhantomCohort(folder, options, () => {
      during.push(readdirSync(folder).filter((name) => /json$/.test(name)));
      for (const part of [folder, join(folder, 'acdc')]) refused.push(expectWholeCohort(part).catch(String));
    });
    expect(during).toEqual([
      ['cohort.unfinished.json', 'running.json'],
      ['cohort.unfinished.json', 'running.json'],
    ]);
    for (const words of (await Promise.all(refused)).slice(0, 2))
      expect(words).toMatch(
        /cohort: holds a part of a phantom cohort of 2 subjects.*make it again with the same/,
      );
    expect(await readFile(join(folder, 'cohort.json'))).toEqual(mark);
    await expectWholeCohort(folder);
  });

  it('goes on from where a killed write left it, and only with the same options', async () => {
    const folder = join(root, 'killed');
    await claimPhantomFolder(folder, options);
    await writePhantomSubjects(folder, options, [1], () => {});
    await writeFile(join(folder, 'acdc', 'patient002', 'Info.cfg'), 'ED');
    await expect(writePhantomCohort(folder, { ...options, seed: 4 })).rejects.toThrow(/other options/);
    await expect(expectWholeCohort(folder)).rejects.toThrow(FileError);
    await writePhantomCohort(folder, options);
    const names = (await readdir(folder, { recursive: true })).sort();
    expect(names).toEqual((await readdir(join(root, 'cohort'), { recursive: true })).sort());
    const lost = join('acdc', 'patient002', 'Info.cfg');
    expect(await readFile(join(folder, lost))).toEqual(await readFile(join(root, 'cohort', lost)));
  });

  it('leaves a folder to who writes there, and does not make one again that is gone', async () => {
    const folder = join(root, 'busy');
    const lock = await lockFolder(folder);
    await expect(writePhantomCohort(folder, options)).rejects.toThrow(BusyError);
    lock.free();
    const gone = writePhantomCohort(folder, options, () => rmSync(folder, { recursive: true, force: true }));
    await expect(gone).rejects.toThrow(/busy: is gone/);
    expect(await readdir(root)).not.toContain('busy');
    const exchanged = writePhantomCohort(folder, options, () => {
      renameSync(folder, `${folder}-2`);
      mkdirSync(folder);
    });
    await expect(exchanged).rejects.toThrow(/busy: is no longer the folder/);
    expect(await readdir(folder)).toEqual([]);
  });

  it('refuses a folder that holds something else, and a path that is a file', async () => {
    await writeFile(join(root, 'notes.txt'), 'mine');
    await expect(writePhantomCohort(root, options)).rejects.toThrow(FileError);
    await expect(writePhantomCohort(root, options)).rejects.toThrow(/is not empty/);
    const file = writePhantomCohort(join(root, 'notes.txt'), options);
    await expect(file).rejects.toThrow(/notes\.txt: is not a folder/);
  });
});
