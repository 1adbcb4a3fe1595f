/** @file Reports as readers have them: under any locale, on paper, and with every picture to be saved. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { decode } from 'fast-png';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ExperimentReportInput, renderExperiment } from '../../src/report/experiment.ts';
import { renderReport } from '../../src/report/report.ts';
import { compareAll, type ExperimentRun, type RecordedResult } from '../../src/results/experiment.ts';
import { launchOptions } from '../browser/chromium.ts';
import { evaluation, input, pixels, shown } from '../report/input.ts';

const person = 'Ada Lovelace';

const picture = { kind: 'picture', title: 'Restored', values: pixels } as const;

/** A training's report, whose images name somebody. */
const training = renderReport(
  input({
    evaluation: {
      ...evaluation,
      shown: [...evaluation.shown, shown([{ task: 'restoration', series: [], marks: [picture] }], person)],
    },
  }),
);

function experiment(): string {
  const place = { labelled: 5, steps: 100 } as const;
  const main: RecordedResult = {
    ...{ key: 'dice', title: 'Dice', unit: '', digits: 3, better: 'higher', value: 0, trivial: null },
    ...{ detail: false, bySubject: {} },
  };
  const runs = ['scratch', 'turns'].flatMap((initialisation, i) =>
    [1, 2, 3].map(
      (seed): ExperimentRun => ({
        ...{ ...place, name: `${initialisation} ${seed}`, initialisation, pretraining: i || null, seed },
        results: [{ ...main, bySubject: { [person]: 0.5 + 0.1 * i + seed / 50 } }],
      }),
    ),
  );
  const names = { scratch: 'scratch', initialisations: ['scratch', 'turns'] };
  const compared = { ...names, places: [place], key: 'dice', better: 'higher', resample: false } as const;
  const made: ExperimentReportInput = {
    ...{ ...names, name: 'Grid', labelled: [5], steps: [100], seeds: [1, 2, 3], places: [place] },
    ...{ runs, finished: runs, pooled: [], planned: 6, unfinished: [], results: [main], main },
    ...{ pretrained: [], comparisons: new Map([['dice', compareAll(runs, compared)]]), costs: [] },
    subjects: { ...{ folds: null, test: 1, pool: [5], spare: [0], validation: 0 }, groups: [], notice: null },
    ...{ config: {}, foreign: [], untested: [], partlyTaken: [], coverage: null },
  };
  return renderExperiment(made);
}

let folder = '';
const browsers: Browser[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'planewise-reports-'));
  await writeFile(join(folder, 'training.html'), training);
  await writeFile(join(folder, 'experiment.html'), experiment());
});
afterAll(async () => {
  for (const browser of browsers) await browser.close();
  await rm(folder, { recursive: true, force: true });
});

/** A report from disk, without a network, in a browser of a locale; what its scripts throw fails the test. */
async function open(name: string, locale: string, options: BrowserContextOptions = {}): Promise<Page> {
  const env = { ...launchOptions.env, LANG: locale, LC_ALL: locale, LANGUAGE: '' };
  const browser = await chromium.launch({ ...launchOptions, env });
  browsers.push(browser);
  const page = await (await browser.newContext({ offline: true, ...options })).newPage();
  const thrown: string[] = [];
  page.on('pageerror', ({ message }) => thrown.push(message));
  await page.goto(pathToFileURL(join(folder, `${name}.html`)).href);
  expect(thrown, locale).toEqual([]);
  return page;
}

/** Colours of each chart's pixels, as many as there are. */
const coloursOf = (page: Page): Promise<number[]> =>
  page.$$eval('canvas', (all) =>
    all.map((canvas) => {
      const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
      return new Set(new Uint32Array(data.buffer)).size;
    }),
  );

/** How each visible element of pictures is drawn; runs in the page. */
const looks = (pictures: Element[]) =>
  pictures.map((picture) =>
    [...picture.querySelectorAll('path, circle, text')]
      .filter((element) => getComputedStyle(element).display !== 'none')
      .map((element) => {
        const { fill, stroke, strokeWidth, fontSize, fontFamily, fontWeight } = getComputedStyle(element);
        return [element.tagName, fill, stroke, strokeWidth, fontSize, fontFamily, fontWeight].join(' ');
      }),
  );

describe('a report', () => {
  it('shows all its charts and the same text whatever the locale', async () => {
    const seen: string[] = [];
    for (const locale of ['C', 'de_DE.UTF-8', 'tr_TR.UTF-8']) {
      const page = await open('training', locale);
      const charts = await page.$$eval('canvas', (all) => all.map((canvas) => canvas.toDataURL()));
      seen.push([await page.locator('main').innerText(), ...charts].join('\n'));
      const colours = await coloursOf(page);
      expect(colours).toHaveLength(3);
      for (const count of colours) expect(count, locale).toBeGreaterThan(20);
    }
    expect(seen[0]).toContain('In 4,000 steps');
    expect(new Set(seen).size).toBe(1);
  });

  it('prints in light colours on A4, nothing wider than the sheet, without controls', async () => {
    const page = await open('training', 'C', { colorScheme: 'dark' });
    expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe(
      'rgb(17, 20, 24)',
    );
    // 210 mm less the margins, at 96 pixels an inch
    await page.setViewportSize({ width: 680, height: 1009 });
    await page.emulateMedia({ media: 'print' });
    const seen = await page.evaluate(() => {
      const wide = [...document.querySelectorAll('main *')].filter(
        (element) => element.getBoundingClientRect().right > innerWidth + 1,
      );
      const shownOf = (query: string) =>
        [...document.querySelectorAll(query)].filter((one) => one.checkVisibility());
      return {
        paper: getComputedStyle(document.body).backgroundColor,
        wide: wide.map((element) => element.outerHTML.slice(0, 80)),
        controls: shownOf('button, input, .toggle').length,
        whole: [...document.querySelectorAll('figure, svg, tr')].filter(
          (one) => getComputedStyle(one).breakInside !== 'avoid',
        ).length,
      };
    });
    expect(seen).toEqual({ paper: 'rgb(255, 255, 255)', wide: [], controls: 0, whole: 0 });
    const sheet = await page.pdf({ format: 'A4' });
    expect(sheet.subarray(0, 5).toString()).toBe('%PDF-');
  });

  it.each([
    [
      'training',
      ['losses-total-loss.png', 'slices-1.svg', 'slices-1.png', 'slices-3.png', 'slice-location.svg'],
    ],
    [
      'experiment',
      [
        'dice-100-steps.svg',
        'dice-100-steps.png',
        'differences-to-scratch-mean-95-over-seeds-every-seed-seeds-won.svg',
      ],
    ],
  ])('of a(n) %s saves every picture as a file that holds it and names nobody', async (name, some) => {
    const page = await open(name, 'C', { acceptDownloads: true });
    const pictures = await page.locator('canvas, svg[role=img], img').count();
    await page.locator('.picture').first().hover();
    expect(
      await page
        .locator('.save')
        .first()
        .evaluate((tools) => getComputedStyle(tools).opacity),
    ).toBe('1');
    const files = new Map<string, Buffer>();
    for (const button of await page.locator('.save button').all()) {
      const [download] = await Promise.all([page.waitForEvent('download'), button.click({ force: true })]);
      files.set(download.suggestedFilename(), await readFile(await download.path()));
    }
    expect([...files.keys()]).toEqual(expect.arrayContaining(some));
    expect([...files.keys()].filter((file) => file.endsWith('.png'))).toHaveLength(pictures);
    for (const [file, bytes] of files) {
      expect(file).toMatch(/^[a-z0-9-]+\.(png|svg)$/);
      if (file.endsWith('.png')) {
        const { data, width } = decode(bytes);
        expect(width).toBeGreaterThanOrEqual(16);
        expect(new Set(data).size, file).toBeGreaterThan(5);
      } else {
        const text = bytes.toString();
        expect(text).toMatch(/^<svg .*xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
        expect(text).not.toMatch(/class=|var\(|display: ?none/);
        expect(text).not.toContain(person);
      }
    }
    const drawn = await page.locator('svg[role=img]').evaluateAll(looks);
    const saved: unknown[] = [];
    for (const [file, bytes] of files)
      if (file.endsWith('.svg')) {
        await page.setContent(bytes.toString());
        saved.push(...(await page.locator('svg').evaluateAll(looks)));
      }
    expect(saved).toEqual(drawn);
  });
});
