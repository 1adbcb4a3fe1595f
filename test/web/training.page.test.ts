import { readFile } from 'node:fs/promises';
import { unzipSync } from 'fflate';
import type { Download, Page } from 'playwright';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { checkpointFile } from '../../src/train/checkpoint.ts';
import { type MemoryFiles, readText } from '../../src/train/runfiles.ts';
import { metricsFile, validationFile, withoutTimings } from '../../src/train/runlog.ts';
import { weightsFile } from '../../src/train/weightsfile.ts';
import {
  graveFindings,
  keptFile,
  makeHearts,
  openSite,
  ready,
  type Site,
  startTraining,
  tinyNetwork,
} from './page.ts';
import { form, hearts, sha256, trainHere } from './run.ts';

let site: Site;
let page: Page;
/** The files of the same training in Node. */
let here: MemoryFiles;
beforeAll(async () => {
  site = await openSite();
  page = await site.open();
  page.setDefaultTimeout(120_000);
});
afterAll(() => site?.close());

const stepReached = (least: number): Promise<unknown> =>
  page.waitForFunction(
    (step) => Number.parseInt(document.querySelector('.tiles dd')!.textContent!, 10) >= step,
    least,
  );

it('a training whose page was closed in its midst, reopened without a network, paused and resumed leaves the bytes of one that ran through in Node', async () => {
  const origins = new Set<string>();
  page.on('request', (request) => origins.add(new URL(request.url()).origin));
  await makeHearts(page, hearts.subjects, hearts.phases);
  // From here on there is no host: every further request would fail.
  await site.stopServing();
  await startTraining(page, form);
  await stepReached(5);
  await page.reload();
  await ready(page);
  const resume = page.getByRole('button', { name: /^Resume from step \d+$/ });
  const from = Number.parseInt((await resume.textContent())!.split(' ').at(-1)!, 10);
  // wherever its log ends, from where it goes on
  expect(await page.locator('.tiles dd').first().textContent()).toBe(`${from} of ${form.steps}`);
  await resume.click();
  await stepReached(20);
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.getByRole('button', { name: /^Resume from step \d+$/ }).click();
  await page.getByText('Finished', { exact: true }).waitFor();
  here = await trainHere();
  const metrics = withoutTimings((await readText(here, metricsFile))!);
  expect(metrics.split('\n')).toHaveLength(form.steps + 1);
  expect(withoutTimings(await keptFile(page, 'run', metricsFile, 'text'))).toBe(metrics);
  expect(await keptFile(page, 'run', validationFile, 'text')).toBe(await readText(here, validationFile));
  for (const name of [weightsFile, checkpointFile])
    expect(await keptFile(page, 'run', name, 'sha256'), name).toBe(sha256(here.files.get(name)!));
  expect([...origins]).toEqual([new URL(site.url).origin]);
}, 300_000);

async function downloaded(button: string): Promise<Uint8Array> {
  const [file] = await Promise.all([
    page.waitForEvent('download') as Promise<Download>,
    page.getByRole('button', { name: button }).click(),
  ]);
  return readFile(await file.path());
}

it('its weights predict a study, and are downloaded as the run left them, with a report in one file', async () => {
  await page.getByRole('button', { name: 'Use the weights' }).click();
  await page.getByRole('button', { name: 'Use the run’s weights' }).click();
  await page.getByRole('button', { name: 'Predict' }).click();
  await page.getByText(/^1\d slices in/).waitFor();
  const slices = await page.locator('#panel-use .slice').count();
  expect(slices).toBeGreaterThanOrEqual(8);
  expect(await page.getByText(/^location −?[\d.]+, true [\d.]+$/).count()).toBeGreaterThanOrEqual(slices);
  const everything = unzipSync(await downloaded('Save all studies (.zip)'));
  const { stacks } = JSON.parse(new TextDecoder().decode(everything['predictions.json']));
  expect(stacks).toHaveLength(hearts.subjects * hearts.phases);
  expect(Object.keys(everything).filter((name) => name.endsWith('.png'))).toHaveLength(stacks.length);
  const [head, first] = new TextDecoder().decode(everything['predictions.csv']).split('\r\n');
  expect(head).toBe('subject,view,stack,phase,slice,task,what,of,value,a,b,d');
  expect(first).toMatch(/^patient001,short-axis,1,1,1,/);
  const weights = await downloaded('Weights (.safetensors)');
  expect(sha256(weights)).toBe(await keptFile(page, 'run', weightsFile, 'sha256'));
  const report = new TextDecoder().decode(await downloaded('Report (.html)'));
  expect(report).toContain('6 built-in hearts, mid');
  expect(report).not.toMatch(/(src|href)="(?!data:|#)/);
}, 120_000);

it('weights of Node are loaded from a file and predict, also after a reload; a torn file is told in words and changes nothing', async () => {
  const bytes = Buffer.from(here.files.get(weightsFile)!);
  const load = (name: string, buffer: Buffer): Promise<void> =>
    page.getByLabel('Weights file').setInputFiles({ name, mimeType: 'application/octet-stream', buffer });
  await load('node.safetensors', bytes);
  await page.getByText('node.safetensors', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Predict' }).click();
  await page.getByText(/^1\d slices in/).waitFor();
  await page.reload();
  await ready(page);
  await page.getByRole('tab', { name: 'Use' }).click();
  await page.getByText('node.safetensors', { exact: true }).waitFor();
  await page.getByText(/^1\d slices in/).waitFor();
  await load('torn.safetensors', bytes.subarray(0, bytes.length / 2));
  await page.getByText(/^torn\.safetensors: /).waitFor();
  expect(await page.getByText('node.safetensors', { exact: true }).isVisible()).toBe(true);
}, 120_000);

it('a run stopped before its first validation still leaves weights, and was trained as every setting says', async () => {
  const steps = 10_000;
  await startTraining(page, { ...form, steps, set: { 'augmentation.rotationDeg': -7 } });
  await page.getByText(/^configuration: augmentation\.rotationDeg/).waitFor();
  await startTraining(page, { ...form, steps, set: { 'augmentation.rotationDeg': 7 } });
  await page.getByText('All settings (3 changed)', { exact: true }).waitFor();
  await page.waitForFunction(() =>
    /^[1-9]\d* of 10,000$/.test(document.querySelector('.tiles dd')!.textContent!),
  );
  await page.getByRole('button', { name: 'Stop', exact: true }).click();
  await page.getByText('Finished', { exact: true }).waitFor();
  expect(await keptFile(page, 'run', validationFile, 'text').catch(() => 'none')).toBe('none');
  await page.getByRole('button', { name: 'Use the weights' }).click();
  await page.getByRole('button', { name: 'Use the run’s weights' }).click();
  await page.getByText(/^\d+ steps$/).waitFor();
  const { form: kept } = JSON.parse(await keptFile(page, 'run', 'run.json', 'text'));
  expect(kept.set).toEqual({ ...tinyNetwork, 'augmentation.rotationDeg': 7 });
}, 120_000);

it('both runs are kept, told apart by what differs, looked at again, and deleted', async () => {
  await page.getByRole('tab', { name: 'Train' }).click();
  await page.getByText('All runs', { exact: true }).click();
  const rows = page.getByRole('region', { name: 'All runs' }).getByRole('row');
  await expect.poll(() => rows.count()).toBe(3);
  expect(await rows.nth(1).textContent()).toMatch(
    /run 2 \(this one\).*steps 10000; augmentation\.rotationDeg 7/,
  );
  expect(await rows.nth(2).textContent()).toMatch(
    /run 1.*steps 48; augmentation\.rotationDeg as usual48 of 48/,
  );
  await rows.nth(2).getByRole('button', { name: 'Open' }).click();
  await expect.poll(() => rows.nth(2).textContent()).toMatch(/run 1 \(this one\)/);
  expect(await page.locator('.tiles dd').first().textContent()).toBe('48 of 48');
  expect(await keptFile(page, 'run', weightsFile, 'sha256')).toBe(sha256(here.files.get(weightsFile)!));
  page.once('dialog', (dialog) => dialog.accept());
  await rows.nth(1).getByRole('button', { name: 'Delete' }).click();
  await expect.poll(() => rows.count()).toBe(2);
  expect(await graveFindings(page)).toEqual([]);
}, 120_000);
