/** @file The whole story in the page: begun, stopped, found again after a reload, gone on with to the figures of Node. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { figureOf, type RecordedResult } from '../../src/results/experiment.ts';
import { embeddedExperiment } from '../../src/run/experiment/embedded.ts';
import { runExperiment } from '../../src/run/experiment/go.node.ts';
import { gridOf } from '../../src/run/experiment/grid.ts';
import { useDevice } from '../device.ts';
import { graveFindings, openSite, ready, type Site } from './page.ts';

const size = { hearts: 8, pretrainingSteps: 40, steps: 4, testHearts: 3 };
const device = useDevice();
let site: Site;
let page: Page;
let folder: string;
beforeAll(async () => {
  site = await openSite();
  page = await site.open({ hash: '#train' });
  page.setDefaultTimeout(240_000);
  folder = await mkdtemp(join(tmpdir(), 'planewise-story-'));
}, 60_000);
afterAll(async () => {
  await site?.close();
  await rm(folder, { recursive: true, force: true });
});

const story = () => page.getByRole('region', { name: 'Does pretraining help?' });

/** Results by key of the runs of the same experiment in Node. */
async function resultsInNode(): Promise<Record<string, RecordedResult[]>> {
  const experiment = embeddedExperiment({ ...size, seeds: [1] });
  const stage = { update: () => {}, end: () => {} };
  const console = { say() {}, warn() {}, startRun() {}, startStage: () => stage };
  const { signal } = new AbortController();
  await runExperiment({
    ...{ experiment, folder, share: {}, console, signal },
    ...{ worker: null, device: device() },
  });
  const found: Record<string, RecordedResult[]> = {};
  for (const { name, pretraining } of gridOf(experiment, null).points)
    found[pretraining ? 'pretrained' : 'scratch'] = JSON.parse(
      await readFile(join(folder, name, 'results.json'), 'utf8'),
    );
  return found;
}

it('begins, stops, is found again after a reload, and goes on to what npm start would come to', async () => {
  await story().getByText('How much of it').click();
  const fields = {
    'Hearts without labels': size.hearts,
    'Steps of pretraining': size.pretrainingSteps,
    'Steps of fine-tuning': size.steps,
    'Test hearts': size.testHearts,
  };
  for (const [label, value] of Object.entries(fields))
    await story().getByLabel(label, { exact: true }).fill(String(value));
  await story().getByRole('button', { name: 'Find out' }).click();
  await page.waitForFunction(() => {
    const now = document.querySelector('.stages .now')?.textContent ?? '';
    const detail = document.querySelector('.stages ~ .hint')?.textContent ?? '';
    return now.startsWith('Pretraining') && /^ [1-9]\d* of 40$/.test(detail);
  });
  await story().getByRole('button', { name: 'Stop' }).click();
  await story().getByText('Stopped. What is done is kept.').waitFor();
  await page.reload();
  await ready(page);
  await story().getByRole('button', { name: 'Go on' }).click();
  await story().getByText('Finished.').waitFor();

  const { scratch, pretrained } = await resultsInNode();
  const dice = await story()
    .getByRole('row', { name: /^Dice, mean of the classes/ })
    .textContent();
  const told = [scratch!, pretrained!].map((results) =>
    figureOf({ results }, 'segmentation.dice')!.toFixed(3),
  );
  expect(dice).toContain(`Dice, mean of the classes${told.join('')}`);
  expect(told[0]).not.toBe(told[1]);
}, 600_000);

it('shows planes in the patient or says that there are none, keeps its outcome, and is deleted with all else', async () => {
  const planes = story().getByRole('region', { name: 'Planes' });
  const none = story().getByText('No plane could be planned');
  expect((await planes.count()) + (await none.count())).toBe(1);
  expect(await graveFindings(page)).toEqual([]);
  await page.reload();
  await ready(page);
  await story().getByText('Finished.').waitFor();
  if ((await planes.count()) > 0) {
    await expect
      .poll(async () => (await story().locator('canvas.planes').screenshot()).length)
      .toBeGreaterThan(10_000);
    await story().getByLabel('Test heart', { exact: true }).selectOption('0');
  }
  await page.setViewportSize({ width: 390, height: 844 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  await page.getByRole('tab', { name: 'Data' }).click();
  page.once('dialog', (dialog) => dialog.accept());
  await page.getByRole('button', { name: 'Delete everything kept' }).click();
  await page.getByRole('tab', { name: 'Train' }).click();
  await story().getByRole('button', { name: 'Find out', exact: true }).waitFor();
}, 120_000);
