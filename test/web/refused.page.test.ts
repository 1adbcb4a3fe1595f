/** @file The page in a browser that refuses what it may: storage, or at first an adapter. */
import type { Page } from 'playwright';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeHearts, openSite, ready, type Site, startTraining } from './page.ts';
import { hearts } from './run.ts';

let site: Site;
beforeAll(async () => {
  site = await openSite();
});
afterAll(() => site?.close());

/** A page of a fresh profile whose window and worker begin with `script`. */
async function openWith(script: string): Promise<Page> {
  const context = await site.browser.newContext({ locale: 'en-GB', reducedMotion: 'reduce' });
  await context.addInitScript(script);
  await context.route(/\/worker-\w+\.js$/, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `${script}\n${await response.text()}` });
  });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  await page.goto(site.url);
  await ready(page);
  return page;
}

const noStorage = `
  for (const name of ['localStorage', 'sessionStorage'])
    Object.defineProperty(globalThis, name, { get() { throw new DOMException('Denied.', 'SecurityError'); } });
  StorageManager.prototype.getDirectory = () => Promise.reject(new DOMException('Storage is denied.', 'SecurityError'));
`;

it('works without storage until it is closed, and says so', async () => {
  const page = await openWith(noStorage);
  await page.getByText('This browser keeps nothing for this page (Storage is denied.).').waitFor();
  await page.getByRole('button', { name: 'Auto colours' }).click();
  await makeHearts(page, hearts.subjects, hearts.phases);
  await startTraining(page, { steps: 6, batch: 2 });
  await page.getByText('Finished', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Use the weights' }).click();
  await page.getByRole('button', { name: 'Use the run’s weights' }).click();
  await page.getByText(/^\d+ steps$/).waitFor();
  await page.getByRole('button', { name: 'Predict', exact: true }).click();
  await page.getByText(/^1\d slices in/).waitFor();
  await page.getByRole('tab', { name: 'Data' }).click();
  page.once('dialog', (dialog) => dialog.accept());
  await page.getByRole('button', { name: 'Delete everything kept' }).click();
  await page.getByText('Everything kept in this browser is deleted.').waitFor();
  expect(await page.getByText('cannot be kept').count()).toBe(0);
  await page.context().close();
}, 180_000);

/** The first `nulls` adapters that are asked for are none. */
const first = (nulls: number): string => `
  let left = ${nulls};
  const { requestAdapter } = GPU.prototype;
  GPU.prototype.requestAdapter = function (...options) {
    return left-- > 0 ? Promise.resolve(null) : requestAdapter.apply(this, options);
  };
`;

it('asks again where the browser gives no adapter as it starts, and says so where there is none', async () => {
  const page = await openWith(first(2));
  expect(await page.getByText(/^processor: /).count()).toBe(1);
  await page.context().close();
  const without = await openWith(first(1000));
  expect(await without.getByText('no WebGPU', { exact: true }).count()).toBe(1);
  await without.context().close();
}, 60_000);
