/** @file `prepare` from arguments to store, and what it says. */
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { BusyError } from '../../src/base/errors.ts';
import { CommandLine } from '../../src/commands/commandline.ts';
import { addPrepare } from '../../src/commands/prepare.ts';
import { openStore } from '../../src/data/store.node.ts';
import type { FileSource } from '../../src/data/types.ts';
import { patient, textFile, threeLabels } from '../data/sources/volumes.ts';
import { dsbccSubject } from '../data/studies.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'planewise-prepare-'));
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(folder, { recursive: true });
});

async function write(files: readonly FileSource[]): Promise<void> {
  for (const file of files) {
    const path = join(folder, 'images', file.path);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, await file.read());
  }
}

/** Runs the command on the written images; what it prints on either stream. */
async function prepare(...args: string[]): Promise<{ stdout: string; stderr: string; store: string }> {
  const printed = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const)
    vi.spyOn(process[stream], 'write').mockImplementation((text) => {
      printed[stream] += String(text);
      return true;
    });
  const program = new CommandLine();
  addPrepare(program);
  for (const command of program.commands) command.exitOverride();
  const store = join(folder, 'store');
  const given = [
    'prepare',
    '--identifiers',
    'keep',
    join(folder, 'images'),
    '--out',
    store,
    '--size',
    '16',
    '--spacing',
    '2',
    ...args,
  ];
  try {
    await program.parseAsync(given, { from: 'user' });
  } finally {
    vi.restoreAllMocks();
  }
  return { ...printed, store };
}

const noApex = (i: number, j: number, k: number) => (k === 2 ? 0 : Math.min(2, threeLabels(i, j)));

it('tells of an ACDC folder: patients, frames, classes, volumes without masks, skipped files', async () => {
  const unlabelled = patient('b/patient002').filter(({ path }) => !path.includes('_gt'));
  const broken = textFile('c/patient003_frame01.nii', 'nothing');
  await write([...patient('a/patient001', noApex), ...unlabelled, broken, textFile('notes.md', '')]);
  const { stdout, stderr, store } = await prepare('--dtype', 'f16');
  expect(stdout.trimEnd().split('\n')).toEqual([
    'SUBJECT     IMAGES  LOCATIONS  FRAMES  MASKS  RIGHT VENTRICLE  MYOCARDIUM',
    'patient001       6          6       2      4                4           4',
    'patient002       6          6       2      0                0           0',
  ]);
  expect(stderr).toContain(`${store}: 12 images of short-axis, 16×16 at 2 mm\n`);
  expect(stderr).toContain('classes: background, right ventricle, myocardium\n');
  expect(stderr).toMatch(/^2 of 4 volumes without labels, first b\/patient002\/patient002_frame01/m);
  expect(stderr).toMatch(
    /^2 slices of labelled volumes have no label: taken as unlabelled \(--empty-slices/m,
  );
  expect(stderr).toMatch(
    /^1 file skipped:\n {2}FILE {2}c\/patient003_frame01\.nii: is not a readable NIfTI/m,
  );
  expect(stderr).toMatch(/^1 file that is not laid out as ACDC: 1 \.md$/m);
  const { manifest, masks } = await openStore(store);
  expect(manifest).toMatchObject({ version: 2, dtype: 'f16' });
  expect(masks).toHaveLength(12 * 256);
});

it('says the same as JSON, and takes what is named and asked for', async () => {
  await write([...dsbccSubject('1'), ...patient('patient001', noApex)]);
  const { stdout, store } = await prepare('--source', 'acdc', '--empty-slices', 'background', '--json');
  const found = JSON.parse(stdout);
  expect(found).toMatchObject({
    store,
    source: 'acdc',
    classes: ['background', 'right ventricle', 'myocardium'],
    subjects: [{ subject: 'patient001', images: 6, withLocation: 6, lines: {}, frames: 2, withMask: 6 }],
    warnings: {},
    notices: [{ code: 'EMPTY_SLICES' }],
    skipped: [],
    series: [],
  });
  expect(found.ignored).toHaveLength(10);
  const dicom = await prepare('--json');
  expect(JSON.parse(dicom.stdout)).not.toHaveProperty('classes');
  expect(JSON.parse(dicom.stdout).notices).toMatchObject([{ code: 'OTHER_SOURCE' }]);
  expect((await openStore(store)).manifest.version).toBe(1);
});

it('tells apart only the classes that are asked for', async () => {
  await write(patient('patient001', noApex));
  const { stderr } = await prepare('--classes', 'myocardium');
  expect(stderr).toContain('classes: background, myocardium\n');
  await write(dsbccSubject('1'));
  await expect(prepare('--source', 'dicom', '--classes', 'myocardium')).rejects.toThrow(
    /a choice of classes \(--classes\) means nothing/,
  );
});

it('refuses views where there are none, before anything is written', async () => {
  await write(patient('patient001'));
  await expect(prepare('--map', 'a=short-axis')).rejects.toThrow(/\(--map\) means nothing/);
  await expect(openStore(join(folder, 'store'))).rejects.toThrow(/does not exist/);
  await expect(prepare('--source', 'nrrd')).rejects.toThrow(/--source.*dicom, acdc/);
});

it('leaves a store to the process that writes it, and sweeps what a killed one left', async () => {
  await write(patient('patient001'));
  const store = join(folder, 'store');
  await mkdir(store);
  const lock = join(store, 'running.json');
  await writeFile(lock, JSON.stringify({ host: 'elsewhere', pid: 1 }));
  await expect(prepare()).rejects.toThrow(BusyError);
  await expect(prepare()).rejects.toThrow(/process 1 on elsewhere.*delete .*running\.json/);
  await rm(lock);
  await writeFile(join(store, `pixels.f32.bin.${crypto.randomUUID()}.tmp`), 'half');
  await prepare();
  expect((await readdir(store)).sort()).toEqual(['manifest.json', 'masks.u8.bin', 'pixels.f32.bin']);
});

it('refuses a phantom cohort that was not finished, and what lies in it', async () => {
  const images = join(folder, 'images');
  await write(patient('acdc/patient001'));
  await writeFile(join(images, 'cohort.unfinished.json'), '{"subjects":7}');
  await expect(prepare()).rejects.toThrow(/images: holds a part of a phantom cohort of 7 subjects/);
  await rename(images, `${images}-2`);
  await mkdir(images);
  await rename(join(`${images}-2`, 'acdc'), join(images, 'acdc'));
  await rename(join(`${images}-2`, 'cohort.unfinished.json'), join(folder, 'cohort.unfinished.json'));
  await expect(prepare()).rejects.toThrow(/a phantom cohort of 7 subjects/);
  expect(await readdir(folder)).not.toContain('store');
});
