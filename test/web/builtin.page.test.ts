/** @file The built-in weights in the page: fetched when they are asked for, trained from, kept for when the host is gone. */
import { readdir, rm } from 'node:fs/promises';
import type { Page } from 'playwright';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readInit } from '../../src/run/init.node.ts';
import { recipeText } from '../../src/run/recipe.ts';
import { initFile, weightsChecksum } from '../../src/train/init.ts';
import {
  graveFindings,
  keptFile,
  labelledFolder,
  openSite,
  ready,
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

/** Files that the browser keeps of the page. */
const kept = (): Promise<string[]> =>
  page.evaluate(async () => {
    const found: string[] = [];
    for (const name of await caches.keys())
      for (const { url } of await (await caches.open(name)).keys()) found.push(new URL(url).pathname);
    return found;
  });

it('are no part of the first load, start a training on labelled volumes, and are kept from then on', async () => {
  const own = (await readdir(site.folder)).filter((name) => /^builtin-\w+\.safetensors$/.test(name));
  expect(own).toHaveLength(1);
  const before = await kept();
  expect(before.length).toBeGreaterThan(5);
  expect(before).not.toContain(`/${own[0]}`);

  await page.getByRole('tab', { name: 'Data' }).click();
  await page.locator('input[webkitdirectory]').setInputFiles(folder);
  await page.getByRole('button', { name: 'Prepare' }).click();
  await page.getByRole('button', { name: 'Look at the studies' }).waitFor();
  await page.getByRole('tab', { name: 'Train' }).click();
  const box = (name: RegExp) => page.getByRole('checkbox', { name });
  expect(await box(/^Start from the loaded weights/).isDisabled()).toBe(true);
  const take = page.getByRole('button', { name: 'Take the built-in weights' });
  await take.click();
  await page.getByText(/^built-in weights: U-Net, 16 channels, 4 levels/).waitFor();
  expect(await take.isVisible()).toBe(false);
  expect(await box(/^Start from the loaded weights/).isChecked()).toBe(true);
  expect(await kept()).toContain(`/${own[0]}`);
  for (const task of [/^Orientation/, /^Location/]) await box(task).uncheck();
  await box(/^Segmentation/).check();
  expect(await graveFindings(page)).toEqual([]);
  await startTraining(page, { steps: 4, batch: 4, set: {} });
  await page.getByText('Finished', { exact: true }).waitFor({ timeout: 120_000 });
  const { file, checksum, fresh } = JSON.parse(await keptFile(page, 'run', initFile, 'text'));
  const { weights, recipe } = await readInit('builtin');
  expect([file, checksum]).toEqual(['built-in weights', weightsChecksum(weights.state)]);
  expect(fresh).toEqual(['final.weight', 'final.bias']);

  await page.getByRole('tab', { name: 'Use' }).click();
  await page.getByText(recipeText(recipe!)).waitFor();
  await site.stopServing();
  await page.reload();
  await ready(page);
  await page.getByRole('tab', { name: 'Use' }).click();
  await page.getByRole('button', { name: 'Use the built-in weights' }).click();
  await page.getByText(recipeText(recipe!)).waitFor();
}, 300_000);

it('say so where the host is gone before they were asked for', async () => {
  const other = await openSite();
  try {
    const fresh = await other.open();
    await other.stopServing();
    await fresh.getByRole('tab', { name: 'Use' }).click();
    await fresh.getByRole('button', { name: 'Use the built-in weights' }).click();
    await fresh.getByText(/built-in weights: cannot be fetched .*Check the connection/).waitFor();
  } finally {
    await other.close();
  }
}, 120_000);
