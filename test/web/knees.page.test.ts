/** @file Knees in the page: built-in ones, a folder of DICOM by the body's planes, and MRNet with its labels. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Page } from 'playwright';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { anatomies } from '../../src/data/phantom.ts';
import { graveFindings, openSite, pictures, type Site, startTraining, tickTasks } from './page.ts';

let site: Site;
let page: Page;
/** DICOM of three knees, and ten laid out as MRNet. */
let folders: Record<'dicom' | 'mrnet', string>;

async function kneeFolder(layout: 'dicom' | 'mrnet', subjects: number): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `planewise-${layout}-`));
  const cohort = { seed: 5, size: 32, difficulty: 'easy' } as const;
  const indices = Array.from({ length: subjects }, (_, index) => index);
  const files = [
    ...indices.flatMap((index) => anatomies.knee.encode(cohort, index, [layout])),
    ...anatomies.knee.shared({ ...cohort, subjects }, [layout]),
  ];
  for (const { path, bytes } of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), bytes);
  }
  return folder;
}

beforeAll(async () => {
  folders = { dicom: await kneeFolder('dicom', 3), mrnet: await kneeFolder('mrnet', 10) };
  site = await openSite();
  page = await site.open();
}, 60_000);
afterAll(async () => {
  await site?.close();
  for (const folder of Object.values(folders)) await rm(folder, { recursive: true, force: true });
});

const facts = () => page.locator('#panel-data dl.facts');
const slice = () => page.locator('canvas.viewer');
const finished = () =>
  page.locator('#panel-train [role=status].strong').getByText('Finished').waitFor({ timeout: 60_000 });

async function openFolder(folder: string): Promise<void> {
  await page.getByRole('tab', { name: 'Data' }).click();
  await page.locator('input[webkitdirectory]').setInputFiles(folder);
}

it('built-in knees show the planes of the other stacks, and train the pretext', async () => {
  await page.getByText('Nothing yet. Make hearts or knees, or open a folder.').waitFor();
  await page.getByLabel('Anatomy', { exact: true }).selectOption('knee');
  expect(await page.getByLabel('Cardiac phases', { exact: true }).isVisible()).toBe(false);
  await page.getByLabel('Knees', { exact: true }).fill('5');
  const target = page.locator('#panel-data').getByLabel('Slices of', { exact: true });
  expect(await target.inputValue()).toBe('sagittal');
  await page.getByRole('button', { name: 'Make knees' }).click();
  await page.getByText('5 built-in knees, mid', { exact: true }).waitFor({ timeout: 60_000 });
  expect(await facts().innerText()).toMatch(
    /sagittal, 32 × 32 px of 4.38 mm\s+Lines of axial\s+\d+ images\s+Lines of coronal/,
  );
  expect(await graveFindings(page)).toEqual([]);
  await pictures(page, 'knees-data');

  await page.getByRole('button', { name: 'Look at the studies' }).click();
  await expect
    .poll(() => slice().getAttribute('aria-label'))
    .toMatch(/^patient001, sagittal, slice \d+ of \d+; lines of coronal and axial$/);
  expect(await graveFindings(page)).toEqual([]);
  await pictures(page, 'knees-study');

  await startTraining(page, { steps: 3, batch: 2 });
  await finished();
  await page.getByText('On 5 built-in knees, mid: 3 train, 1 validates, 1 tests.').waitFor();
  await page.getByText(/^(Held-out slices|Slices trained on) after 3 steps$/).waitFor();
  expect(await graveFindings(page)).toEqual([]);
  await pictures(page, 'knees-train');
}, 180_000);

it('a folder of DICOM is mapped to the planes of the body, the wanted one chosen with keys', async () => {
  await openFolder(folders.dicom);
  const view = (name: string) => page.getByLabel(`View of ${name}`, { exact: true });
  await view('Sag PD FS').waitFor();
  expect(await view('Sag PD FS').inputValue()).toBe('sagittal');
  expect(await view('Cor PD FS').inputValue()).toBe('coronal');
  expect(await view('Ax PD FS').inputValue()).toBe('axial');
  await page.getByText('Sagittal slices with lines of axial and coronal.').waitFor();
  await page.locator('.card', { hasText: 'Your images' }).getByLabel('Slices of', { exact: true }).focus();
  await page.keyboard.press('ArrowDown');
  await page.getByText('Coronal slices with lines of axial and sagittal.').waitFor();
  expect(await graveFindings(page)).toEqual([]);
  await pictures(page, 'dicom-mapping');
  await page.getByRole('button', { name: 'Prepare' }).click();
  await expect
    .poll(() => facts().innerText())
    .toMatch(
      /Subjects\s+3\s+Images\s+\d+ coronal, 32 × 32 px of 4.38 mm\s+Lines of axial\s+\d+ images\s+Lines of sagittal/,
    );
  await page.getByRole('button', { name: 'Look at the studies' }).click();
  await page.getByText(/ % of the way to the front$/).waitFor();
  await expect.poll(() => slice().getAttribute('aria-label')).toMatch(/^patient001, coronal, slice /);
}, 60_000);

it('knees laid out as MRNet are classified by one of their labels', async () => {
  await openFolder(folders.mrnet);
  await page.getByText('30 series of knees laid out as MRNet.').waitFor();
  expect(await page.getByText(/other files? ignored/).isVisible()).toBe(false);
  await pictures(page, 'mrnet-folder');
  await page.getByRole('button', { name: 'Prepare' }).click();
  await page.getByText('abnormal, acl, meniscus').waitFor();
  expect(await graveFindings(page)).toEqual([]);
  await pictures(page, 'mrnet-data');
  await tickTasks(page, ['Classification']);
  await startTraining(page, { steps: 3, batch: 4, set: { 'tasks.classification.label': 'abnormal' } });
  await finished();
  await page.getByText(/: 7 train, 1 validates, 2 test\.$/).waitFor();
  const held = page.locator('.held figure').first();
  await held.getByText(/^slice says abnormal: (yes|no) \(\d\.\d\d\), is (yes|no)$/).waitFor();
  expect(await graveFindings(page)).toEqual([]);
  await pictures(page, 'mrnet-train');

  await page.getByRole('tab', { name: 'Use' }).click();
  await page.getByRole('button', { name: 'Use the run’s weights' }).click();
  await page.getByText(/which group a subject is in by label abnormal: no and yes/).waitFor();
  await page.getByRole('button', { name: 'Predict', exact: true }).click();
  await page
    .locator('#panel-use figure')
    .getByText(/^slice says/)
    .first()
    .waitFor();
  await pictures(page, 'mrnet-use');
  expect(await graveFindings(page)).toEqual([]);
}, 180_000);
