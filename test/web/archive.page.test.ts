import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { listFiles } from '../../src/data/files/files.node.ts';
import { prepare } from '../../src/data/index.ts';
import { longAxisPlane, shortAxisPlane, writeDicom } from '../data/dicom-writer.ts';
import { zipOf } from '../data/zip-writer.ts';
import { keptFile, openSite, type Site } from './page.ts';

let site: Site;
let folder: string;
beforeAll(async () => {
  site = await openSite();
  folder = await mkdtemp(join(tmpdir(), 'planewise-archive-'));
  const reference = writeDicom({ plane: longAxisPlane(0.3), seriesUid: '1.5' });
  const slices = [0, 1, 2].map((slice) => ({
    name: `sax_1/${slice}.dcm`,
    content: writeDicom({ plane: shortAxisPlane(10 * slice), seriesUid: '1.4', instanceNumber: slice + 1 }),
  }));
  await mkdir(join(folder, 'mr', '2ch_1'), { recursive: true });
  await writeFile(join(folder, 'mr', '2ch_1', 'a.dcm'), reference);
  await writeFile(join(folder, 'mr', 'sax.zip'), zipOf(slices));
  await writeFile(join(folder, 'mr', 'broken.zip'), zipOf(slices).slice(0, -30));
  await writeFile(join(folder, 'all.zip'), zipOf([...slices, { name: '2ch_1/a.dcm', content: reference }]));
}, 60_000);
afterAll(async () => {
  await site?.close();
  await rm(folder, { recursive: true, force: true });
});

/** Drops files or folders onto the page as a file manager would. */
async function drop(page: Page, ...files: readonly string[]): Promise<void> {
  const { x, y, width, height } = (await page.locator('.drop').boundingBox())!;
  const browser = await page.context().newCDPSession(page);
  const data = { items: [], files: [...files], dragOperationsMask: 1 };
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
    await browser.send('Input.dispatchDragEvent', { type, x: x + width / 2, y: y + height / 2, data });
}

/** The page prepares what it was given to the bytes that Node prepares from the same folder or archive. */
async function expectAsInNode(page: Page, path: string): Promise<void> {
  await page.getByRole('button', { name: 'Prepare' }).click();
  await page.getByRole('button', { name: 'Look at the studies' }).waitFor();
  const { pixels, manifest } = await prepare(await listFiles(path), { size: 32, spacingMm: 8 });
  expect(manifest.images).toHaveLength(3);
  const bytes = new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength);
  const sum = createHash('sha256').update(bytes).digest('hex');
  expect(await keptFile(page, 'data', 'data.bin', 'sha256')).toBe(sum);
}

it('a chosen folder is read with the archive in it, and the one that cannot be opened is told of', async () => {
  const page = await site.open();
  await page.locator('input[webkitdirectory]').setInputFiles(join(folder, 'mr'));
  await page.getByText('is cut short: the directory at its end is missing').waitFor({ state: 'attached' });
  await expectAsInNode(page, join(folder, 'mr'));
});

it('a dropped archive is read like a folder', async () => {
  const page = await site.open();
  await drop(page, join(folder, 'all.zip'));
  await expectAsInNode(page, join(folder, 'all.zip'));
});

it('what the browser cannot open of a dropped folder, or beside it, is told, and the rest is read', async () => {
  const page = await site.open();
  const latin = (path: string) => Buffer.from(join(folder, 'mr', path), 'latin1');
  await mkdir(latin('M\xfcller'));
  await writeFile(latin('M\xfcller/1.dcm'), 'text');
  await drop(page, join(folder, 'mr'), join(folder, 'gone.dcm'));
  await page
    .getByText('The browser could not open gone.dcm and 1 more. Check names and permissions')
    .waitFor();
  await expectAsInNode(page, join(folder, 'mr'));
});

it('a folder dropped while another is read is refused by name and takes nothing from it; the reading can be cancelled', async () => {
  const page = await site.open();
  await page.workers()[0]!.evaluate(() => {
    const { arrayBuffer } = Blob.prototype;
    Blob.prototype.arrayBuffer = async function () {
      await new Promise((read) => setTimeout(read, 300));
      return arrayBuffer.call(this);
    };
  });
  await drop(page, join(folder, 'mr'));
  await drop(page, join(folder, 'all.zip'));
  await page.getByText('Reading the folder is still going on. Wait for its end or cancel it').waitFor();
  await page.getByRole('button', { name: 'Prepare' }).waitFor();
  expect(await page.getByText('is still going on').count()).toBe(0);
  expect(await page.getByText(/of 1 patient in mr$/).count()).toBe(1);
  await drop(page, join(folder, 'all.zip'));
  await page.getByRole('button', { name: 'Cancel' }).first().click();
  await page.getByText('Cancelled.', { exact: true }).waitFor();
});
