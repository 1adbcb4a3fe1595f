import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Locator, Page } from 'playwright';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { graveFindings, makeHearts, openSite, type Site, startTraining, tinyNetwork } from './page.ts';

/** With PLANEWISE_PICTURES=1 the training is long enough to have learned something, and the pictures are kept. */
const keep = process.env.PLANEWISE_PICTURES === '1';
const [hearts, steps, batch] = keep ? [80, 200, 8] : [6, 12, 2];
const pictures = fileURLToPath(new URL('../../docs/pictures/', import.meta.url));

let site: Site;
let page: Page;
const problems: string[] = [];
beforeAll(async () => {
  site = await openSite();
  page = await site.open();
  page.setDefaultTimeout(600_000);
  page.on('pageerror', ({ message }) => problems.push(message));
  await makeHearts(page, hearts, 2);
}, 120_000);
afterAll(() => site?.close());

/** Takes a picture after looking for what no picture should show: errors, anything wider than the window, nothing. */
async function picture(name: string, scheme: 'light' | 'dark', part: Page | Locator = page): Promise<void> {
  await page.emulateMedia({ colorScheme: scheme });
  if (part === page) await page.evaluate(() => scrollTo(0, 0));
  await page.evaluate(
    () => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))),
  );
  const { width } = page.viewportSize()!;
  expect(await page.evaluate(() => document.documentElement.scrollWidth), name).toBeLessThanOrEqual(width);
  expect([...problems, ...(await page.locator('.notice.error:visible').allTextContents())], name).toEqual([]);
  const bytes = await part.screenshot();
  expect(bytes.length, `${name}: more than an empty panel`).toBeGreaterThan(30_000);
  if (!keep) return;
  await mkdir(pictures, { recursive: true });
  await writeFile(`${pictures}page-${name}.png`, bytes);
}

it('a training shows its curves and what it predicts on held-out slices', async () => {
  await startTraining(page, { steps, batch, set: keep ? {} : tinyNetwork });
  const held = page.getByText(/^Held-out slices after \d+ steps?$/);
  await held.waitFor();
  await page.waitForFunction(
    (least) => Number.parseInt(document.querySelector('.tiles dd')!.textContent!, 10) >= least,
    Math.round(0.95 * steps),
    { polling: 500 },
  );
  await page.setViewportSize({ width: 1280, height: 1340 });
  await picture('train', 'light');
  await page.getByText('Finished', { exact: true }).waitFor();
  const subjects = await page.locator('.held figcaption strong').allTextContents();
  expect(subjects).toHaveLength(8);
  expect(await graveFindings(page)).toEqual([]);
}, 900_000);

it('a study shows true and predicted lines and heatmaps, and all planes in the patient', async () => {
  const [subject] = (await page.locator('.held figcaption strong').first().textContent())!.split(',');
  await page.getByRole('tab', { name: 'Study' }).click();
  await page.setViewportSize({ width: 1280, height: 1230 });
  const study = page.locator('#panel-study');
  await study.getByLabel('Subject').selectOption(subject!);
  const canvas = study.locator('canvas.viewer');
  await expect.poll(() => canvas.getAttribute('aria-label')).toContain(subject);
  const without = await canvas.screenshot();
  await study.getByLabel('Predicted').check();
  await study.getByText(/^location −?[\d.]+, true [\d.]+$/).waitFor();
  const lines = await canvas.screenshot();
  expect(lines.equals(without), 'predicted lines change the picture').toBe(false);
  await study.getByLabel('Heatmaps').check();
  await expect.poll(async () => (await canvas.screenshot()).equals(lines)).toBe(false);
  await picture('study', 'dark');
  await picture('planes', 'dark', study.getByRole('region', { name: 'Planes in the patient' }));
  expect(await graveFindings(page)).toEqual([]);
  await page.setViewportSize({ width: 390, height: 844 });
  await picture('phone', 'light');
  // seconds of training may find no line, which is told too
  await study.getByRole('button', { name: 'Plan the planes' }).click();
  await study.getByText(/^2-chamber: (.* from the real plane \(± .*|A line was found in .*)/).waitFor();
  const images = study.getByLabel('Images', { exact: true });
  await images.selectOption('1');
  await study.getByRole('button', { name: 'Plan the planes' }).waitFor({ state: 'hidden' });
  await images.selectOption('0');
  await study.getByRole('button', { name: 'Plan the planes' }).waitFor();
}, 120_000);
