/** @file Tasks of others in the page: they come from the registry, train, and show what they have to show. */
import type { Page } from 'playwright';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { tasks } from '../../src/tasks/index.ts';
import { graveFindings, makeHearts, openSite, type Site, startTraining, tickTasks } from './page.ts';

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

it('those that restore, mask or cut into tiles are offered, and show pictures beside the slices held out', async () => {
  const wanted = tasks.filter(({ name }) => name in shown);
  expect(wanted).toHaveLength(Object.keys(shown).length);
  await tickTasks(
    page,
    wanted.map(({ title }) => title),
  );
  const all = page.getByRole('group', { name: 'Tasks' }).locator('strong');
  expect((await all.allTextContents()).sort()).toEqual(tasks.map(({ title }) => title).sort());
  await startTraining(page, { steps: 2, batch: 2 });
  await page.getByText(/^Held-out slices after 2 steps$/).waitFor();
  const slice = page.locator('.held figure').first();
  const text = await slice.textContent();
  for (const words of Object.values(shown)) expect(text).toMatch(words);
  expect(await slice.locator('figcaption canvas').count()).toBeGreaterThanOrEqual(Object.keys(shown).length);
  expect(await graveFindings(page)).toEqual([]);
}, 240_000);
