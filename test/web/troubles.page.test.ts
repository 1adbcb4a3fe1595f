import type { Page, Worker } from 'playwright';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { checkpointFile } from '../../src/train/checkpoint.ts';
import { type MemoryFiles, readText } from '../../src/train/runfiles.ts';
import { metricsFile, withoutTimings } from '../../src/train/runlog.ts';
import { weightsFile } from '../../src/train/weightsfile.ts';
import { keptFile, makeHearts, openSite, type Site, startTraining } from './page.ts';
import { form, hearts, sha256, trainHere } from './run.ts';

/** What the tests put into the page's worker. */
interface Watched {
  opened: GPUDevice[];
}

let site: Site;
let page: Page;
let worker: Worker;
let undisturbed: Promise<MemoryFiles> | undefined;
beforeAll(async () => {
  site = await openSite();
  page = await site.open();
  page.setDefaultTimeout(120_000);
  worker = page.workers()[0]!;
  await worker.evaluate(() => {
    const watched = globalThis as unknown as Watched;
    watched.opened = [];
    const { requestDevice } = GPUAdapter.prototype;
    GPUAdapter.prototype.requestDevice = async function (...options) {
      const device = await requestDevice.apply(this, options);
      watched.opened.push(device);
      return device;
    };
  });
  await makeHearts(page, hearts.subjects, hearts.phases);
}, 120_000);
afterAll(() => site?.close());

const reachStep = (least: number): Promise<unknown> =>
  page.waitForFunction(
    (step) => Number.parseInt(document.querySelector('.tiles dd')!.textContent!, 10) >= step,
    least,
  );

/** The run in the page has the bytes of one that nothing happened to. */
async function expectUndisturbed(): Promise<void> {
  undisturbed ??= trainHere();
  const { files } = await undisturbed;
  const metrics = withoutTimings((await readText(await undisturbed, metricsFile))!);
  expect(withoutTimings(await keptFile(page, 'run', metricsFile, 'text'))).toBe(metrics);
  for (const name of [weightsFile, checkpointFile])
    expect(await keptFile(page, 'run', name, 'sha256'), name).toBe(sha256(files.get(name)!));
}

it('a training whose device is lost says so, goes on from its checkpoint on another, and leaves the same bytes', async () => {
  await startTraining(page, form);
  await reachStep(7);
  const before = await worker.evaluate(() => {
    const { opened } = globalThis as unknown as Watched;
    opened.at(-1)!.destroy();
    return opened.length;
  });
  await page
    .getByText('The device was lost; going on from the last checkpoint on a new one (1 of 3).')
    .waitFor();
  await page.getByText('Finished', { exact: true }).waitFor();
  expect(await worker.evaluate(() => (globalThis as unknown as Watched).opened.length)).toBe(before + 1);
  await expectUndisturbed();
}, 300_000);

it('weights whose device is lost are loaded again on another when they are next used', async () => {
  await page.getByRole('button', { name: 'Use the weights' }).click();
  await page.getByRole('button', { name: 'Use the run’s weights' }).click();
  await page.getByText(/^\d+ steps$/).waitFor();
  await worker.evaluate(() => {
    for (const device of (globalThis as unknown as Watched).opened) device.destroy();
  });
  await page.getByRole('button', { name: 'Predict' }).click();
  await page.getByText(/^1\d slices in/).waitFor();
}, 120_000);

it('a training goes on in a hidden tab, and after the browser froze the tab, with nothing lost', async () => {
  await startTraining(page, form);
  await reachStep(3);
  await page.evaluate(() => {
    Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true });
    Object.defineProperty(document, 'hidden', { value: true, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  });
  await reachStep(7);
  const browser = await page.context().newCDPSession(page);
  await browser.send('Page.setWebLifecycleState', { state: 'frozen' });
  await new Promise((thawed) => setTimeout(thawed, 500));
  await browser.send('Page.setWebLifecycleState', { state: 'active' });
  await page.getByText('Finished', { exact: true }).waitFor();
  await expectUndisturbed();
}, 300_000);

it('a batch that does not fit into memory is named, and a smaller one is offered and trains', async () => {
  await worker.evaluate(() => {
    // an adapter with room for the images of three, as WebGPU would tell it
    const { createBuffer, popErrorScope } = GPUDevice.prototype;
    let full = false;
    GPUDevice.prototype.createBuffer = function (descriptor) {
      // beside the images a batch has its labels
      full ||= descriptor.label === 'batch' && descriptor.size > 4 * 32 * 32 * 4;
      return createBuffer.call(this, descriptor);
    };
    GPUDevice.prototype.popErrorScope = async function () {
      const [error, failed] = [await popErrorScope.call(this), full];
      full = false;
      return failed ? new GPUOutOfMemoryError('no room') : error;
    };
  });
  await startTraining(page, { steps: 4, batch: 5 });
  await page
    .getByText(
      /^Stopped by an error: A batch of 5 images does not fit into the memory of .+\. Try a batch of 2\.$/,
    )
    .waitFor();
  expect(await page.getByRole('button', { name: /^Resume/ }).count()).toBe(0);
  await page.getByRole('button', { name: 'Start with a batch of 2' }).click();
  await page.getByText('Finished', { exact: true }).waitFor();
  expect(await page.getByLabel('Batch', { exact: true }).inputValue()).toBe('2');
  expect((await keptFile(page, 'run', metricsFile, 'text')).trim().split('\n')).toHaveLength(4);
}, 120_000);
