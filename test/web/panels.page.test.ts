import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { CommandLine } from '../../src/commands/commandline.ts';
import { addPrepare } from '../../src/commands/prepare.ts';
import { encodeAcdc } from '../../src/data/phantom/acdc.ts';
import { encodeDicom, phantomSubject } from '../../src/data/phantom.ts';
import { manifestName } from '../../src/data/storenames.ts';
import { launchOptions } from '../browser/chromium.ts';
import { slow } from '../slow.ts';
import { graveFindings, keptFile, makeHearts, openSite, type Site } from './page.ts';

let site: Site;
let page: Page;
let folder: string;
beforeAll(async () => {
  site = await openSite();
  page = await site.open();
  folder = await mkdtemp(join(tmpdir(), 'planewise-folders-'));
});
afterAll(async () => {
  await site?.close();
  await rm(folder, { recursive: true, force: true });
});

async function openFolder(name: string, files: Readonly<Record<string, Uint8Array | string>>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    const file = join(folder, name, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
  }
  await page.getByRole('tab', { name: 'Data' }).click();
  await page.locator('input[webkitdirectory]').setInputFiles(join(folder, name));
}

const heart = (index: number): Record<string, Uint8Array> =>
  Object.fromEntries(
    encodeDicom(phantomSubject(3, index, { size: 32, phases: 1 })).map(({ path, bytes }) => [path, bytes]),
  );

describe('page', () => {
  it('first loads at most 400 kB compressed, and may load nothing from elsewhere', async () => {
    const names = await readdir(site.folder);
    const text = (name: string): Promise<string> => readFile(join(site.folder, name), 'utf8');
    const wanted = ['index.html', ...names.filter((name) => /^(main|worker|style)-|^icon/.test(name))];
    // and what these import without being asked
    for (const name of wanted)
      for (const [, other] of (await text(name)).matchAll(/(?:from|import)"\.\/([^"]+)"/g))
        if (!wanted.includes(other!)) wanted.push(other!);
    expect(wanted.length).toBeGreaterThan(6);
    const sizes = await Promise.all(
      wanted.map(async (name) => gzipSync(await readFile(join(site.folder, name)), { level: 9 }).length),
    );
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(400_000);
    const policy = await page.locator('meta[http-equiv="Content-Security-Policy"]').getAttribute('content');
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    const blocked = await page.evaluate(() =>
      fetch('https://example.org/').then(
        () => 'sent',
        () => 'blocked',
      ),
    );
    expect(blocked).toBe('blocked');
  });

  it('says what to do, browser by browser, where there is no WebGPU, and still shows data', async () => {
    const without = await openSite({
      ...launchOptions,
      args: launchOptions.args.filter((flag) => !flag.includes('webgpu')),
    });
    try {
      const blind = await without.open({ hash: '#train' });
      await blind.getByRole('heading', { name: 'This browser gives no WebGPU' }).first().waitFor();
      for (const browser of ['Chrome, Edge', 'Safari', 'Firefox'])
        expect(await blind.getByText(browser, { exact: true }).first().isVisible()).toBe(true);
      await makeHearts(blind, 3);
    } finally {
      await without.close();
    }
  }, 120_000);
});

it('a number that cannot be is refused as on the command line, and nothing is made', async () => {
  await page.getByRole('tab', { name: 'Data' }).click();
  const hearts = page.getByLabel('Hearts', { exact: true });
  for (const [text, refusal] of [
    ['1', 'Hearts 1: a whole number from 3 to 2000 is needed.'],
    ['', 'Hearts is missing: a whole number from 3 to 2000 is needed.'],
  ] as const) {
    await hearts.fill(text);
    await page.getByRole('button', { name: 'Make hearts' }).click();
    await page.getByText(refusal, { exact: true }).waitFor();
    expect(await hearts.evaluate((input) => input === document.activeElement)).toBe(true);
  }
});

describe('folders that cannot be used', () => {
  it('an empty folder is called empty', async () => {
    await page.evaluate(() => {
      const reader = { readEntries: (done: (entries: unknown[]) => void) => done([]) };
      const entry = { isFile: false, isDirectory: true, name: 'nothing', createReader: () => reader };
      const event = new Event('drop', { bubbles: true, cancelable: true });
      Object.defineProperty(event, 'dataTransfer', { value: { items: [{ webkitGetAsEntry: () => entry }] } });
      document.querySelector('.drop')!.dispatchEvent(event);
    });
    await page.getByText('nothing is empty. Choose a folder of images.').waitFor();
  });

  it('2,000 text files are counted, and none is an image', async () => {
    const texts = Array.from({ length: 2000 }, (_, i) => [`notes/${i}.txt`, `note ${i}`]);
    await openFolder('texts', Object.fromEntries(texts));
    await page
      .getByText('None of the 2,000 files in texts is an image of a kind that is read here')
      .waitFor();
  });

  it('truncated DICOM is listed with the reason, file by file', async () => {
    const cut = Object.entries(heart(0)).map(([path, bytes]) => [path, bytes.subarray(0, 300)]);
    await openFolder('cut', Object.fromEntries(cut));
    await page.getByText(/cut holds no image that can be used: \d+ files could not be read/).waitFor();
    await page.getByText(/files skipped, and why/).click();
    expect(
      await page
        .getByText(/pixels: it is truncated or damaged|PixelData \(7fe0,0010\) is missing/)
        .first()
        .isVisible(),
    ).toBe(true);
  });

  it('patients mixed in one folder are told, and kept apart', async () => {
    const [one, other] = [heart(0), heart(1)];
    const moved = Object.entries(other).map(([path, bytes]) => [
      path.replace('patient002', 'patient001').replace('.dcm', '-b.dcm'),
      bytes,
    ]);
    await openFolder('mixed', { ...one, ...Object.fromEntries(moved) });
    await page.getByText('Folder patient001 mixes images of 2 patients (patient001, patient002).').waitFor();
    await page.getByRole('button', { name: 'Prepare' }).click();
    await page.getByRole('button', { name: 'Look at the studies' }).waitFor();
    expect(await page.locator('.facts dd').first().textContent()).toBe('2');
  });

  it('a mapping without short-axis slices is refused with the reason, and can be mended', async () => {
    await openFolder('unmapped', heart(0));
    await page.getByLabel('View of cine short axis').selectOption('leave out');
    await page.getByText('No series is mapped to short-axis').waitFor();
    await page.getByRole('button', { name: 'Prepare' }).click();
    await page.getByText(/No short-axis image among \d+ images/).waitFor();
    await page.getByLabel('View of cine short axis').selectOption('short-axis');
    await page.getByText('Short-axis slices with lines of 2-chamber and 4-chamber.').waitFor();
  });

  it('a mapping is changed after the folder is prepared, without opening it anew', async () => {
    await page.getByRole('button', { name: 'Prepare' }).click();
    await page.getByText('Lines of 4-chamber', { exact: true }).waitFor();
    await page.getByText('Change the mapping or the grid').click();
    await page.getByLabel(/View of .*4/).selectOption('leave out');
    await page.getByRole('button', { name: 'Prepare' }).click();
    await page.getByText('Lines of 4-chamber', { exact: true }).waitFor({ state: 'detached' });
    await page.getByText('Lines of 2-chamber', { exact: true }).waitFor();
  });
});

/** What the program prepares of a folder, as its manifest. */
async function prepareByProgram(name: string): Promise<string> {
  const program = new CommandLine();
  addPrepare(program);
  const quiet = [vi.spyOn(process.stdout, 'write'), vi.spyOn(process.stderr, 'write')];
  for (const stream of quiet) stream.mockReturnValue(true);
  try {
    const where = ['--identifiers', 'keep', '--out', join(folder, 'store'), '--size', '32', '--spacing', '8'];
    await program.parseAsync(['prepare', join(folder, name), ...where], { from: 'user' });
  } finally {
    for (const stream of quiet) stream.mockRestore();
  }
  return readFile(join(folder, 'store', manifestName), 'utf8');
}

describe('a folder of DICOM', () => {
  it('gets the lines, locations, pixels and skipped files that planewise prepare gives it', async () => {
    const files = { ...heart(0), ...heart(1) };
    const broken = Object.keys(files).find((path) => path.includes('sax'))!;
    // A fresh profile: what an earlier test prepared would look like this one's result.
    page = await site.open();
    await openFolder('two', { ...files, [broken]: files[broken]!.slice(0, 300), 'notes.txt': '' });
    await page.getByRole('button', { name: 'Prepare' }).click();
    await page.getByRole('button', { name: 'Look at the studies' }).waitFor();
    expect(await page.locator('.facts dd').first().textContent()).toBe('2');
    const here = JSON.parse(await keptFile(page, 'data', 'data.json', 'text'));
    expect(here.images.length).toBeGreaterThan(15);
    expect(here.skipped).toHaveLength(1);
    // with the checksum of the pixels
    expect({ ...here, identifiers: 'kept' }).toEqual(JSON.parse(await prepareByProgram('two')));
  });
});

describe('a folder of volumes laid out as ACDC', () => {
  it('gets the masks, pixels and skipped files that planewise prepare gives it, and keeps them', async () => {
    const hearts = [0, 1].flatMap((index) => encodeAcdc(phantomSubject(3, index, { size: 32, phases: 2 })));
    const files = Object.fromEntries(hearts.map(({ path, bytes }) => [path, bytes]));
    const broken = Object.keys(files).find((path) => path.includes('_gt'))!;
    page = await site.open();
    await openFolder('acdc', { ...files, [broken]: files[broken]!.slice(0, 300), 'notes.txt': '' });
    await page.getByText('4 NIfTI volumes of 2 patients laid out as ACDC.').waitFor();
    await page.getByRole('button', { name: 'Prepare' }).click();
    await page.getByRole('button', { name: 'Look at the studies' }).waitFor();
    await page.getByText('right ventricle, myocardium, left ventricle').waitFor();
    const here = JSON.parse(await keptFile(page, 'data', 'data.json', 'text'));
    expect(here).toMatchObject({ version: 2, skipped: [{ file: broken }] });
    // with the checksums of pixels and masks
    expect({ ...here, identifiers: 'kept' }).toEqual(JSON.parse(await prepareByProgram('acdc')));
    await page.reload();
    await page.getByText('right ventricle, myocardium, left ventricle').waitFor();
    await page.getByRole('button', { name: 'Look at the studies' }).click();
    await expect
      .poll(() => page.locator('canvas.viewer').getAttribute('aria-label'))
      .toMatch(/patient001, short-axis, slice \d+ of 1\d/);
  });
});

describe('study', () => {
  it('shows slices with lines, moves by keys, and draws all planes in 3-D', async () => {
    await makeHearts(page, 3);
    await page.getByRole('tab', { name: 'Study' }).click();
    const viewer = page.locator('canvas.viewer');
    await expect
      .poll(() => viewer.getAttribute('aria-label'))
      .toMatch(/patient001, short-axis, slice 7 of 1\d, phase 1; lines of 2-chamber and 4-chamber/);
    await viewer.focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowRight');
    await expect.poll(() => viewer.getAttribute('aria-label')).toMatch(/slice 8 of 1\d, phase 2/);
    const planes = page.locator('canvas.planes').first();
    const before = await planes.screenshot();
    expect(before.length, 'a picture, not one colour').toBeGreaterThan(20_000);
    await planes.focus();
    for (let i = 0; i < 5; i++) await page.keyboard.press('ArrowLeft');
    await expect.poll(async () => (await planes.screenshot()).equals(before)).toBe(false);
  });
});

describe('accessibility', () => {
  const widths = slow ? [1920, 1280, 640, 390] : [1280];
  for (const scheme of ['light', 'dark'] as const)
    it.each(widths)(`axe finds nothing serious in any panel, ${scheme}, %i px wide`, async (width) => {
      await page.emulateMedia({ colorScheme: scheme });
      await page.setViewportSize({ width, height: 900 });
      for (const tab of ['Data', 'Study', 'Train', 'Use']) {
        await page.getByRole('tab', { name: tab }).click();
        expect(await graveFindings(page), tab).toEqual([]);
      }
    });

  it.each([640, 390])('no panel is wider than %i px', async (width) => {
    await page.setViewportSize({ width, height: 844 });
    for (const tab of ['Data', 'Study', 'Train', 'Use']) {
      await page.getByRole('tab', { name: tab }).click();
      expect(await page.evaluate(() => document.documentElement.scrollWidth), tab).toBeLessThanOrEqual(width);
    }
  });

  it('who goes to another panel by keyboard is in it', async () => {
    await page.getByRole('tab', { name: 'Data' }).click();
    await page.getByRole('button', { name: 'Look at the studies' }).press('Enter');
    expect(await page.evaluate(() => document.activeElement!.id)).toBe('panel-study');
    await page.getByRole('tab', { name: 'Data' }).press('ArrowRight');
    expect(await page.evaluate(() => document.activeElement!.id)).toBe('tab-study');
  });

  it('everything kept is deleted on request', async () => {
    await page.getByRole('tab', { name: 'Data' }).click();
    page.once('dialog', (dialog) => dialog.accept());
    await page.getByRole('button', { name: 'Delete everything kept' }).click();
    await page.getByText('Everything kept in this browser is deleted.').waitFor();
    const left = await page.evaluate(async () => {
      const names: string[] = [];
      const root = (await navigator.storage.getDirectory()) as FileSystemDirectoryHandle & {
        keys(): AsyncIterable<string>;
      };
      for await (const name of root.keys()) names.push(name);
      return names;
    });
    expect(left).toEqual([]);
  });
});
