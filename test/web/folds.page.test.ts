/** @file Who validates and tests, chosen in the page: a fold, or a file, which the page hands over as it takes it. */
import { readFile, rm } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Page } from 'playwright';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { splitFile } from '../../src/train/splitfile.ts';
import {
  graveFindings,
  keptFile,
  labelledFolder,
  openSite,
  pictures,
  type Site,
  startTraining,
  tickTasks,
  tinyNetwork,
} from './page.ts';

let site: Site;
let page: Page;
let folder: string;
let saved: string;
beforeAll(async () => {
  site = await openSite();
  page = await site.open();
  folder = await labelledFolder();
  await page.locator('input[webkitdirectory]').setInputFiles(folder);
  await page.getByRole('button', { name: 'Prepare' }).click();
  await page.getByRole('button', { name: 'Train on them' }).click();
}, 60_000);
afterAll(async () => {
  await site?.close();
  await rm(folder, { recursive: true, force: true });
});

const way = () => page.getByLabel('Who validates and tests', { exact: true });
const kept = async () => JSON.parse(await keptFile(page, 'run', splitFile, 'text'));
const finished = () =>
  page.locator('#panel-train [role=status].strong').getByText('Finished').waitFor({ timeout: 60_000 });
const load = (name: string, content: object) =>
  page
    .getByLabel('Split file')
    .setInputFiles({ name, mimeType: 'application/json', buffer: Buffer.from(JSON.stringify(content)) });

it('one of the folds tests, chosen with keys; a fold that is not there is refused', async () => {
  await tickTasks(page, ['Location']);
  await way().focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Tab');
  await page.keyboard.type('4');
  await page.keyboard.press('Tab');
  await page.keyboard.type('3');
  expect(await graveFindings(page)).toEqual([]);
  await pictures(page, 'fold');
  await startTraining(page, { steps: 2, batch: 2 });
  await page.getByText('Fold 4: a whole number from 1 to 3 is needed.').waitFor();
  await page.getByLabel('Fold', { exact: true }).fill('2');
  await page.getByRole('button', { name: 'Start' }).click();
  await finished();
  await page.getByText(`On ${basename(folder)}: 4 train, 0 validate, 2 test (fold 2/3).`).waitFor();
  const split = await kept();
  expect(split).toMatchObject({ seed: 1, fold: '2/3', validation: [] });
  expect(split.test).toHaveLength(2);
}, 120_000);

it('the split is handed over under pseudonyms, and another run divided by it', async () => {
  await page.getByRole('tab', { name: 'Use' }).click();
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Split (.json)' }).click(),
  ]);
  saved = await readFile(await file.path(), 'utf8');
  expect(saved).not.toContain('patient');
  expect(JSON.parse(saved).test.join()).toMatch(/^subject-\w{8},subject-\w{8}$/);

  await page.getByRole('tab', { name: 'Train' }).click();
  await way().selectOption('as a split.json says');
  await page.getByRole('button', { name: /^Start/ }).click();
  await page.getByText('No split.json is loaded. Load one, or have the subjects drawn.').waitFor();
  await load('first.json', JSON.parse(saved));
  await page.getByText('first.json: 4 train, 0 validate, 2 test.', { exact: true }).waitFor();
  expect(await page.getByText('No split.json is loaded.').isVisible()).toBe(false);
  await pictures(page, 'file');
  expect(await graveFindings(page)).toEqual([]);
  const before = await kept();
  await page.locator('#panel-train').getByLabel('Seed', { exact: true }).fill('9');
  await startTraining(page, { steps: 2, batch: 2, set: tinyNetwork });
  await finished();
  await page.getByText('4 train, 0 validate, 2 test (first.json).').waitFor();
  await expect.poll(kept).toEqual({ ...before, seed: 9, fold: null });
}, 120_000);

it.each([
  [
    { train: ['patient001'], validation: [], test: ['nobody'] },
    /strange.json names nobody, whom the data do not hold/,
  ],
  [{ train: ['patient001'], validation: ['patient001'], test: [] }, /strange.json names patient001 twice/],
  [{ train: ['patient001'] }, /strange.json: .*validation/],
])('a file that cannot be is refused by name: %j', async (content, words) => {
  await load('strange.json', content);
  await page.getByRole('alert').getByText(words).waitFor();
});
