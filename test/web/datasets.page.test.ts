/** @file Several data sets in the page: kept beside each other, chosen for each step, trained on together. */
import { rm } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Page } from 'playwright';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { splitFile } from '../../src/train/splitfile.ts';
import {
  graveFindings,
  keptFile,
  labelledFolder,
  makeHearts,
  openSite,
  pictures,
  ready,
  type Site,
  startTraining,
  tickTasks,
} from './page.ts';

let site: Site;
let page: Page;
let folder: string;
beforeAll(async () => {
  site = await openSite();
  page = await site.open();
  folder = await labelledFolder();
});
afterAll(async () => {
  await site?.close();
  await rm(folder, { recursive: true, force: true });
});

const state = () => page.locator('#panel-train [role=status].strong');
const finished = () => state().getByText('Finished').waitFor({ timeout: 120_000 });
const paused = async () => {
  await page.getByRole('button', { name: 'Pause' }).click();
  await state().getByText('Paused').waitFor({ timeout: 60_000 });
};
const chosen = (label: string): Promise<string> =>
  page.getByLabel(label, { exact: true }).locator('option:checked').innerText();

it('a second data set leaves the first where it is; each step says which one it uses', async () => {
  await makeHearts(page, 5, 1);
  await page.getByRole('tab', { name: 'Train' }).click();
  expect(await page.getByLabel('Train on', { exact: true }).isVisible()).toBe(false);
  await startTraining(page, { steps: 4, batch: 2 });
  await finished();
  await page.getByRole('tab', { name: 'Data' }).click();
  await page.locator('input[webkitdirectory]').setInputFiles(folder);
  await page.getByRole('button', { name: 'Prepare' }).click();
  await page.getByText('right ventricle, myocardium, left ventricle').waitFor();
  expect(await chosen('Prepared data')).toContain(basename(folder));
  expect(await graveFindings(page)).toEqual([]);
  await pictures(page, 'data');
  await page.getByRole('tab', { name: 'Train' }).click();
  const choice = page.getByLabel('Train on', { exact: true });
  await choice.focus();
  await page.keyboard.press('ArrowUp');
  await page.getByText(/^On 5 built-in hearts, mid: [0-9]+ images/).waitFor();
  await choice.selectOption({ index: 1 });
  await page.getByText(new RegExp(`^On ${basename(folder)}: [0-9]+ images`)).waitFor();
}, 180_000);

it('learns masks of the one from weights of a run on the other, with images of both', async () => {
  await page.getByRole('button', { name: 'Take the run’s weights' }).click();
  await page.getByLabel('Start from the loaded weights').and(page.locator(':checked')).waitFor();
  await tickTasks(page, ['Segmentation', 'Location']);
  await page.getByLabel('Train beside on', { exact: true }).selectOption({ index: 1 });
  await pictures(page, 'train');
  expect(await graveFindings(page)).toEqual([]);
  await startTraining(page, { steps: 400, batch: 2, set: {} });
  await paused();
  const { train, validation, test, beside } = JSON.parse(await keptFile(page, 'run', splitFile, 'text'));
  const held = [...validation, ...test];
  expect([...train, ...held]).toHaveLength(6);
  // but for namesakes of whom is held out
  const hearts = [1, 2, 3, 4, 5].map((n) => `patient00${n}`).filter((name) => !held.includes(name));
  expect(beside).toEqual(hearts.map((name) => `unlabelled/${name}`));
  await page.getByText('All runs', { exact: true }).click();
  await page.getByRole('cell', { name: /beside 5 built-in hearts, mid/ }).waitFor();
}, 180_000);

it('a run goes on with its own data, whichever are looked at, and says when they are deleted', async () => {
  await page.reload();
  const choice = page.getByLabel('Train on', { exact: true });
  await choice.selectOption({ index: 0 });
  await page.getByText(/^On 5 built-in hearts, mid: [0-9]+ images/).waitFor();
  const resume = page.getByRole('button', { name: /^Resume from step/ });
  await resume.click();
  await state().getByText('Training').waitFor({ timeout: 60_000 });
  await paused();
  await page.getByRole('tab', { name: 'Data' }).click();
  page.once('dialog', (dialog) => dialog.accept());
  await page.getByRole('button', { name: 'Delete these data' }).click();
  await page.getByText('right ventricle, myocardium, left ventricle').waitFor();
  expect(await page.getByLabel('Prepared data', { exact: true }).isVisible()).toBe(false);
  await page.getByRole('tab', { name: 'Train' }).click();
  await resume.click();
  await page
    .getByText('The data of this run are not kept any more. Choose other data, and begin a new run.')
    .waitFor();
}, 180_000);

it('data that the browser has no room for are told of, can be used while the page is open, and leave nothing behind', async () => {
  const full = await site.open();
  await makeHearts(full, 3);
  const browser = await full.context().newCDPSession(full);
  await browser.send('Storage.overrideQuotaForOrigin', {
    origin: new URL(site.url).origin,
    quotaSize: 500_000,
  });
  await makeHearts(full, 6);
  await full
    .getByText(
      /does not fit into the storage .* Until this page is closed or looks at other data, these can be used/,
    )
    .waitFor();
  await full.getByRole('tab', { name: 'Study' }).click();
  expect(await full.getByLabel('Subject', { exact: true }).locator('option').count()).toBe(6);
  await full.getByRole('slider', { name: 'Slice' }).waitFor();
  await browser.send('Storage.overrideQuotaForOrigin', { origin: new URL(site.url).origin });
  await full.reload();
  await ready(full);
  await full.getByRole('tab', { name: 'Data' }).click();
  await full.getByText('3 built-in hearts, mid', { exact: true }).waitFor();
  const folders = await full.evaluate(async () => {
    const names: string[] = [];
    for await (const name of (await navigator.storage.getDirectory()).keys()) names.push(name);
    return names;
  });
  expect(folders.filter((name) => name.startsWith('data-'))).toEqual([]);
}, 200_000);
