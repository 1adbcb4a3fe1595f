/** @file Fine-tuning in the page: weights of a pretraining there, a folder of labelled volumes, and what comes of it. */
import { readFile, rm } from 'node:fs/promises';
import { basename } from 'node:path';
import { unzipSync } from 'fflate';
import type { Page } from 'playwright';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseKey } from '../../src/data/identifiers/keytext.ts';
import { niftiPlane, readNifti } from '../../src/data/nifti.ts';
import { initFile } from '../../src/train/init.ts';
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

  const saved = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save all studies (.zip)' }).click();
  const archive = unzipSync(await readFile(await (await saved).path()));
  const text = new TextDecoder().decode(archive['predictions.json']);
  const [stack] = JSON.parse(text).stacks;
  const maps = Object.keys(archive).filter((name) => name.startsWith('masks/'));
  expect(maps).toHaveLength(JSON.parse(text).stacks.length);
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

/** The text of what a button downloads. */
async function downloaded(button: string): Promise<string> {
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: button }).click(),
  ]);
  return readFile(await file.path(), 'utf8');
}

it('its report and weights name nobody; the key, downloaded beside them, says who is meant', async () => {
  const report = await downloaded('Report (.html)');
  const pseudonyms = new Set(report.match(/subject-[0-9a-z]{8}/g));
  expect(pseudonyms.size).toBeGreaterThan(0);
  for (const text of [report, await downloaded('Weights (.safetensors)')])
    for (const secret of ['patient0', basename(folder)]) expect(text).not.toContain(secret);
  const { entries } = parseKey(await downloaded('Key to the names'), 'key');
  const originals = new Map(entries.map(({ pseudonym, original }) => [pseudonym, original]));
  for (const pseudonym of pseudonyms) expect(originals.get(pseudonym)).toMatch(/^patient00\d$/);
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
