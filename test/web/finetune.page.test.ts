/** @file Fine-tuning in the page: weights of a pretraining there, a folder of labelled volumes, and what comes of it. */
import { readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type Unzipped, unzipSync } from 'fflate';
import type { Page } from 'playwright';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseKey } from '../../src/data/identifiers/keytext.ts';
import { niftiPlane, readNifti } from '../../src/data/nifti.ts';
import { initFile } from '../../src/train/init.ts';
import { textOf } from '../commands/leaks.ts';
import { secrets, somebody } from '../commands/somebody.ts';
import { write } from '../commands/terminal.ts';
import { list, readDicom, readSeg } from '../data/dicom/readseg.ts';
import {
  graveFindings,
  keptFile,
  labelledFolder,
  makeHearts,
  openSite,
  type Site,
  startTraining,
} from './page.ts';

let site: Site;
let page: Page;
let folder: string;
beforeAll(async () => {
  site = await openSite();
  page = await site.open();
  folder = await labelledFolder();
}, 60_000);
afterAll(async () => {
  await site?.close();
  await rm(folder, { recursive: true, force: true });
});

/** What a button downloads. */
async function downloaded(button: string): Promise<Buffer> {
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: button }).click(),
  ]);
  return readFile(await file.path());
}

const savedStudies = async (): Promise<Unzipped> => unzipSync(await downloaded('Save all studies (.zip)'));
const storedStacks = (archive: Unzipped) =>
  JSON.parse(new TextDecoder().decode(archive['predictions.json'])).stacks;

it('a run’s weights are taken over by a training on labelled volumes, whose regions and volumes are shown', async () => {
  await makeHearts(page, 5);
  await startTraining(page, { steps: 2, batch: 2 });
  await page.getByText('Finished', { exact: true }).waitFor({ timeout: 120_000 });
  await page.getByRole('tab', { name: 'Use' }).click();
  await page.getByRole('button', { name: 'Use the run’s weights' }).click();
  await page.getByText(/where the 2-chamber and 4-chamber planes cut an image/).waitFor();

  await page.getByRole('tab', { name: 'Data' }).click();
  await page.locator('input[webkitdirectory]').setInputFiles(folder);
  await page.getByRole('button', { name: 'Prepare' }).click();
  await page.getByRole('button', { name: 'Look at the studies' }).waitFor();

  await page.getByRole('tab', { name: 'Train' }).click();
  const box = (name: RegExp) => page.getByRole('checkbox', { name });
  for (const task of [/^Orientation/, /^Location/]) await box(task).uncheck();
  for (const wanted of [/^Segmentation/, /^Start from the loaded weights/]) await box(wanted).check();
  await startTraining(page, { steps: 12, batch: 4 });
  await page.getByText('Held-out slices after 12 steps').waitFor({ timeout: 120_000 });
  await page.getByText('Finished', { exact: true }).waitFor({ timeout: 120_000 });
  const { loaded, fresh } = JSON.parse(await keptFile(page, 'run', initFile, 'text'));
  expect(loaded).toContain('conv1.conv1.0.weight');
  expect(fresh).toEqual(['final.weight', 'final.bias']);
  const legend = await page.locator('.held .legend').textContent();
  for (const name of ['right ventricle', 'myocardium', 'left ventricle', 'outlined: true'])
    expect(legend).toContain(name);
  expect(await graveFindings(page)).toEqual([]);

  await page.getByRole('tab', { name: 'Use' }).click();
  await page.getByRole('button', { name: 'Use the run’s weights' }).click();
  await page.getByRole('button', { name: 'Predict' }).click();
  await page.getByRole('rowheader', { name: 'Left ventricle, volume' }).waitFor();
  const cells = await page.getByRole('row', { name: /Left ventricle, volume/ }).textContent();
  expect(cells).toMatch(/\d+\.\d ml/);

  const archive = await savedStudies();
  const stacks = storedStacks(archive);
  const [stack] = stacks;
  const maps = Object.keys(archive).filter((name) => name.startsWith('masks/'));
  expect(maps).toHaveLength(stacks.length);
  // of volumes there are no DICOM files to refer to
  expect(stack.noDicomSeg).toBe('No DICOM files are open. If there are some, open their folder again.');
  expect(Object.keys(archive).filter((path) => path.startsWith('dicom-seg/'))).toEqual([]);
  const [name] = maps.filter((own) => own.includes(stack.subject));
  const volume = readNifti(archive[name!]!, name!);
  expect(volume.dims[2]).toBe(stack.slices.length);
  for (const k of [0, stack.slices.length - 1]) {
    const { position, rowDirection } = niftiPlane(volume, k);
    for (const axis of [0, 1, 2]) {
      expect(position[axis]).toBeCloseTo(stack.slices[k].plane.position[axis], 2);
      expect(rowDirection[axis]).toBeCloseTo(stack.slices[k].plane.rowDirection[axis], 4);
    }
  }
  // a folder is of people
  const all = Object.entries(archive).map(([path, bytes]) => path + new TextDecoder('latin1').decode(bytes));
  for (const secret of ['patient0', basename(folder)]) expect(all.join()).not.toContain(secret);
}, 300_000);

it('its report and weights name nobody; the key, downloaded beside them, says who is meant', async () => {
  const report = String(await downloaded('Report (.html)'));
  const pseudonyms = new Set(report.match(/subject-[0-9a-z]{8}/g));
  expect(pseudonyms.size).toBeGreaterThan(0);
  for (const text of [report, textOf(await downloaded('Weights (.safetensors)'))])
    for (const secret of ['patient0', basename(folder)]) expect(text).not.toContain(secret);
  const { entries } = parseKey(String(await downloaded('Key to the names')), 'key');
  const originals = new Map(entries.map(({ pseudonym, original }) => [pseudonym, original]));
  for (const pseudonym of pseudonyms) expect(originals.get(pseudonym)).toMatch(/^patient00\d$/);
}, 120_000);

it('its class maps of a DICOM study are DICOM SEG too, with the masks of NIfTI, and name nobody', async () => {
  const study = join(folder, 'planewise-secret');
  await write(study, somebody());
  await page.getByRole('tab', { name: 'Data' }).click();
  await page.locator('input[webkitdirectory]').setInputFiles(study);
  await page.getByRole('button', { name: 'Prepare' }).click();
  await page.getByRole('tab', { name: 'Use' }).click();
  await page.locator('#panel-use option', { hasText: 'SECRETID01' }).waitFor({ state: 'attached' });
  const archive = await savedStudies();
  const stacks = storedStacks(archive);
  expect(stacks).toHaveLength(2);
  const names = Object.keys(archive).filter((path) => path.startsWith('dicom-seg/'));
  expect(names).toHaveLength(stacks.length);
  const files = await Promise.all(somebody().map(({ read }) => read()));
  const images = new Set(files.map((bytes) => readDicom(bytes).SOPInstanceUID));
  for (const name of names) {
    const { set, bits } = readSeg(archive[name]!);
    expect(set.PatientID).toMatch(/^subject-[0-9a-z]{8}$/);
    const map = name.replace('dicom-seg/', 'masks/').replace('.dcm', '.nii.gz');
    const { data, dims } = readNifti(archive[map]!, map);
    expect([set.Columns, set.Rows, Number(set.NumberOfFrames) / 3]).toEqual([...dims]);
    const masks = [1, 2, 3].flatMap((label) => Array.from(data, (value) => Number(value === label)));
    expect(Buffer.compare(bits.subarray(0, masks.length), Uint8Array.from(masks)), name).toBe(0);
    expect(masks.includes(1)).toBe(true);
    const frames = list(set.PerFrameFunctionalGroupsSequence);
    for (const frame of frames) {
      const [source] = list(list(list(frame.DerivationImageSequence)[0]!.SourceImageSequence)[0]);
      expect(images.has(source!.ReferencedSOPInstanceUID)).toBe(true);
    }
  }
  const everything = Object.entries(archive).map(
    ([path, bytes]) => path + textOf(path.endsWith('.gz') ? gunzipSync(bytes) : bytes),
  );
  expect(secrets.filter((secret) => everything.join().includes(secret))).toEqual([]);
}, 120_000);

it('a second tab is told that the first has the files, and changes none', async () => {
  const before = await keptFile(page, 'run', initFile, 'sha256');
  const second = await page.context().newPage();
  await second.goto(site.url);
  await second
    .getByRole('alert')
    .getByText(/it is open in another tab of this browser/)
    .waitFor();
  expect(await second.getByRole('tab').count()).toBe(0);
  expect(await keptFile(page, 'run', initFile, 'sha256')).toBe(before);
  await page.close();
  await second.reload();
  await second.getByRole('tab', { name: 'Use' }).waitFor();
}, 60_000);
