/** @file Tasks of others in the page: they come from the registry, train, and show what they have to show. */
import type { Page } from 'playwright';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { tasks } from '../../src/tasks/index.ts';
import { graveFindings, makeHearts, openSite, type Site, startTraining } from './page.ts';

/** What stands under held-out slices, by task. */
const shown: Readonly<Record<string, RegExp>> = {
  maskedImage: /restored/i,
  contextRestoration: /restored/i,
  jigsaw: /put back/,
  rubiksCubePlus: /put back|as seen/,
  reconstruction: /restored|reconstructed/i,
};

let site: Site;
let page: Page;
beforeAll(async () => {
  site = await openSite();
  page = await site.open();
  page.setDefaultTimeout(120_000);
  await makeHearts(page, 6);
}, 120_000);
afterAll(() => site?.close());

it('every task of the registry can be ticked', async () => {
  await page.getByRole('tab', { name: 'Train' }).click();
  for (const { title, about } of tasks)
    await page.locator('#panel-train label', { hasText: title }).filter({ hasText: about }).first().waitFor();
});

it('those that restore, mask or cut into tiles show pictures beside the slices held out', async () => {
  for (const { name, title, about } of tasks) {
    const box = page.locator('#panel-train label', { hasText: title }).filter({ hasText: about }).first();
    await box.locator('input').setChecked(name in shown);
  }
  await startTraining(page, { steps: 2, batch: 2 });
  await page.getByText(/^Held-out slices after 2 steps$/).waitFor();
  const slice = page.locator('.held figure').first();
  const text = await slice.textContent();
  for (const words of Object.values(shown)) expect(text).toMatch(words);
  expect(await slice.locator('figcaption canvas').count()).toBeGreaterThanOrEqual(Object.keys(shown).length);
  expect(await graveFindings(page)).toEqual([]);
}, 240_000);
