/** @file A task, a backbone and a data source that only this page has, beside those of the house. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDevice } from '#device';
import { declareHeaded, HeadedNetwork } from '../../src/models/headed.ts';
import { MemoryFiles } from '../../src/train/runfiles.ts';
import { saveWeights, weightsFile } from '../../src/train/weightsfile.ts';
import { launchOptions } from '../browser/chromium.ts';
import { brightness } from '../stranger/brightness.ts';
import { slices, subjects, writeTexts } from '../stranger/files.ts';
import { strangersPlugin } from '../stranger/plugin.ts';
import { tower } from '../stranger/tower.ts';
import { graveFindings, makeHearts, openSite, type Site, startTraining, tickTasks } from './page.ts';

let site: Site;
let page: Page;
let folder: string;
beforeAll(async () => {
  site = await openSite(launchOptions, [strangersPlugin]);
  folder = await mkdtemp(join(tmpdir(), 'planewise-texts-'));
  await writeTexts(join(folder, 'texts'));
  page = await site.open();
  page.setDefaultTimeout(100_000);
}, 120_000);
afterAll(async () => {
  await site?.close();
  await rm(folder, { recursive: true, force: true });
});

/** Trains on the tasks with these titles and no others. */
async function train(titles: readonly string[], steps: number): Promise<void> {
  await tickTasks(page, titles);
  await startTraining(page, { steps, batch: 4 });
  await page.getByText('Finished', { exact: true }).waitFor();
}

describe('a task that the page does not know', () => {
  it('is trained beside one that it knows, with a curve, words and a scale of its own', async () => {
    await makeHearts(page, 6, 1);
    await train(['Orientation', 'Brightness'], 6);
    await page.getByText(/^Held-out slices after 6 steps$/).waitFor();
    expect(await page.getByRole('img', { name: /^Brightness loss: / }).isVisible()).toBe(true);
    const words = await page.locator('.held figcaption').first().textContent();
    expect(words).toMatch(/brightness −?\d\.\d\d, true \d\.\d\d/);
    await page.getByText('true brightness, dark to bright').waitFor();
    expect(await graveFindings(page)).toEqual([]);
  }, 300_000);

  it('is in the report that the page gives', async () => {
    await page.getByRole('tab', { name: 'Use' }).click();
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Report (.html)' }).click();
    const html = await readFile(await (await download).path(), 'utf8');
    expect(html).toContain('<div class="name">Bright share</div>');
    expect(html).toContain('"title":"Bright share, mean squared error"');
    expect(html).toContain('and how much of an image is bright.');
  }, 120_000);
});

describe('a data source that the page does not know', () => {
  it('is found in a folder, prepared and looked at, and trained on', async () => {
    await page.getByRole('tab', { name: 'Data' }).click();
    await page.locator('input[webkitdirectory]').setInputFiles(join(folder, 'texts'));
    await page.getByText(`${subjects * slices} images as text.`).waitFor();
    await page.getByRole('button', { name: 'Prepare', exact: true }).click();
    await page.getByText(`${subjects * slices} text, 32 × 32 px of 8 mm`).waitFor();
    await train(['Brightness'], 6);
    await page.getByText(/^Held-out slices after 6 steps$/).waitFor();
    await page.getByRole('tab', { name: 'Study' }).click();
    const study = page.locator('#panel-study');
    await study.getByLabel('Predicted').check();
    await study.getByText(/^brightness −?\d\.\d\d, true \d\.\d\d$/).waitFor();
    expect(await graveFindings(page)).toEqual([]);
  }, 300_000);
});

describe('weights of a backbone that the page does not know', () => {
  it('say what they are, and predict a study', async () => {
    const device = await openDevice();
    const facts = { targetView: 'text', referenceViews: [] };
    const grid = { size: 16, spacingMm: 8 };
    const { heads } = brightness.setup(facts, { threshold: 0, hidden: 4 }, grid);
    const { declare } = tower.build({ width: 3 }, 1);
    const network = new HeadedNetwork(device, (at) => declareHeaded(at, declare, heads));
    const files = new MemoryFiles();
    const model = { name: 'tower', width: 3 };
    const tasks = { brightness: { weight: 1, threshold: 0, hidden: 4 } };
    const said = { version: 2, model, tasks, ...grid, ...facts, steps: 7 };
    await saveWeights(files, network, { planewise: JSON.stringify(said) });
    network.dispose();
    device.dispose();
    await writeFile(join(folder, 'tower.safetensors'), files.files.get(weightsFile)!);
    await page.getByRole('tab', { name: 'Use' }).click();
    await page.getByLabel('Weights file').setInputFiles(join(folder, 'tower.safetensors'));
    await page.getByText(/^Tower, 3 channels, two storeys, \d+ parameters$/).waitFor();
    await page.getByText('how much of an image is bright', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Predict' }).click();
    await page.getByText(`${slices} slices in `).waitFor();
    const cards = page.locator('#panel-use figure.slice');
    expect(await cards.count()).toBe(slices);
    expect(await page.getByRole('rowheader', { name: 'Bright share' }).count()).toBe(1);
  }, 120_000);
});
