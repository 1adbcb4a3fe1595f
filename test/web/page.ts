/** @file The built page in headless Chromium, for specs that drive it as a user would. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import type { Plugin } from 'esbuild';
import { type Browser, type BrowserContext, chromium, type LaunchOptions, type Page } from 'playwright';
import { encodeAcdc } from '../../src/data/phantom/acdc.ts';
import { phantomSubject } from '../../src/data/phantom.ts';
import { buildPage } from '../../tools/web.mjs';
import { serve } from '../../tools/web-server.mjs';
import { launchOptions, setup } from '../browser/chromium.ts';

export interface Site {
  readonly url: string;
  /** Where the page was built. */
  readonly folder: string;
  readonly browser: Browser;
  /** A page of a fresh profile, started and ready. */
  open(options?: {
    readonly width?: number;
    readonly height?: number;
    readonly hash?: string;
    readonly hasTouch?: boolean;
  }): Promise<Page>;
  /** From now on the page's host does not answer. */
  stopServing(): Promise<void>;
  close(): Promise<void>;
}

/** Builds the page, serves it and starts the browser. @param plugins of esbuild, for a page with more in it */
export async function openSite(
  options: LaunchOptions = launchOptions,
  plugins: readonly Plugin[] = [],
): Promise<Site> {
  await setup();
  const folder = await mkdtemp(join(tmpdir(), 'planewise-page-'));
  await buildPage(folder, plugins);
  const server = await serve(folder, 0);
  const browser = await launch(options, server.url);
  let serving = true;
  const stopServing = async (): Promise<void> => {
    if (serving) await server.close();
    serving = false;
  };
  return {
    url: server.url,
    folder,
    browser,
    open: async ({ width = 1280, height = 900, hash = '', hasTouch = false } = {}) => {
      const context: BrowserContext = await browser.newContext({
        viewport: { width, height },
        hasTouch,
        locale: 'en-GB',
        // colours half way between two states have no contrast to speak of
        reducedMotion: 'reduce',
      });
      const page = await context.newPage();
      await page.goto(server.url + hash);
      await ready(page);
      await expectAdapter(page, options);
      return page;
    },
    stopServing,
    close: async () => {
      await browser.close();
      await stopServing();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/**
 * Chromium gives no adapter for the rest of its life where its GPU process failed a few times as it started, which
 * happens on a machine that does much else: then it is started again.
 */
async function launch(options: LaunchOptions, url: string, tries = 3): Promise<Browser> {
  const browser = await chromium.launch(options);
  if (!expectsAdapter(options)) return browser;
  const page = await browser.newPage();
  await page.goto(`${url}licenses.txt`);
  const adapter = await page.evaluate(async () => (await navigator.gpu.requestAdapter()) !== null);
  await page.close();
  if (adapter || tries === 1) return browser;
  await browser.close();
  return launch(options, url, tries - 1);
}

const expectsAdapter = ({ args }: LaunchOptions): boolean =>
  args?.some((arg) => arg.startsWith('--use-webgpu-adapter')) ?? false;

/** @throws Error with what the page says where it found no adapter in a browser that should have one */
async function expectAdapter(page: Page, options: LaunchOptions): Promise<void> {
  const missing = page.locator('#panel-use', { hasText: 'This browser gives no WebGPU' });
  if (expectsAdapter(options) && (await missing.count()))
    throw new Error(`The browser of the tests gave no adapter: ${await missing.textContent()}`);
}

/** Waits until the page has started and can work without its host. */
export async function ready(page: Page): Promise<void> {
  await page.waitForSelector('html[data-ready]');
  await page.evaluate(async () => {
    await navigator.serviceWorker.ready;
  });
}

/** Makes a few built-in hearts through the Data panel. */
export async function makeHearts(page: Page, hearts: number, phases = 2): Promise<void> {
  await page.getByRole('tab', { name: 'Data' }).click();
  await page.getByLabel('Hearts', { exact: true }).fill(String(hearts));
  await page.getByLabel('Cardiac phases', { exact: true }).fill(String(phases));
  await page.getByRole('button', { name: 'Make hearts' }).click();
  await page.getByText(`${hearts} built-in hearts, mid`, { exact: true }).waitFor({ timeout: 60_000 });
}

/** Pictures of the page to look at, of a phone's width and a desk's, in the folder that PLANEWISE_PICTURES names. */
export async function pictures(page: Page, name: string): Promise<void> {
  const out = process.env.PLANEWISE_PICTURES;
  if (!out) return;
  for (const width of [390, 1280]) {
    await page.setViewportSize({ width, height: 900 });
    await page.screenshot({ path: join(out, `${name}-${width}.png`), fullPage: true });
  }
}

/** What axe calls serious or critical on the page as it is. */
export async function graveFindings(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const grave = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  return grave.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
}

export interface TrainingInput {
  readonly steps: number;
  readonly batch: number;
  /** Further settings; default: a network of seconds. */
  readonly set?: Readonly<Record<string, unknown>>;
}

/** What trains in seconds of a processor. */
export const tinyNetwork = { 'model.width': 4, 'model.depth': 2 } as const;

/** Fills in fields under All settings, whatever stood there. */
async function setFurther(page: Page, set: Readonly<Record<string, unknown>>): Promise<void> {
  if (Object.keys(set).length === 0) return;
  const all = page.locator('#panel-train details', { has: page.getByText(/^All settings/) });
  if ((await all.getAttribute('open')) === null) await all.locator('summary').click();
  for (const [path, value] of Object.entries(set)) {
    const keys = path.split('.');
    const section = all.getByRole('group', { name: keys.slice(0, -1).join(' ') || 'general', exact: true });
    const input = section.getByLabel(keys.at(-1)!, { exact: true });
    await input.fill(String(value));
    await input.press('Tab');
  }
}

/** Ticks these tasks in the Train panel, and no others. @param wanted by title */
export async function tickTasks(page: Page, wanted: readonly string[]): Promise<void> {
  await page.getByRole('tab', { name: 'Train' }).click();
  const group = page.getByRole('group', { name: 'Tasks' });
  const others = group.locator('details');
  if ((await others.getAttribute('open')) === null) await others.locator('summary').click();
  for (const box of await group.getByRole('checkbox').all()) {
    const title = await box.locator('xpath=..').locator('strong').textContent();
    await box.setChecked(wanted.includes(title!));
  }
}

/** Starts a training through the Train panel. */
export async function startTraining(
  page: Page,
  { steps, batch, set = tinyNetwork }: TrainingInput,
): Promise<void> {
  await page.getByRole('tab', { name: 'Train' }).click();
  await setFurther(page, set);
  await page.getByLabel('Steps', { exact: true }).fill(String(steps));
  await page.getByLabel('Batch', { exact: true }).fill(String(batch));
  await page.getByRole('button', { name: /^Start/ }).click();
}

/** A file kept in the page: its text, or the SHA-256 of its bytes. Throws where there is none. */
export function keptFile(
  page: Page,
  folder: 'run' | 'data',
  name: string,
  as: 'text' | 'sha256',
): Promise<string> {
  return page.evaluate(
    async ([where, wanted, kind]) => {
      const root = await navigator.storage.getDirectory();
      // of several the one that is looked at
      const list = where === 'run' ? 'runs' : 'datasets';
      const index = await root
        .getDirectoryHandle(list)
        .then((lists) => lists.getFileHandle('index.json'))
        .then((file) => file.getFile())
        .catch(() => null);
      const current = index ? JSON.parse(await index.text()).current : where;
      const folder = await root.getDirectoryHandle(current);
      const file = await (await folder.getFileHandle(wanted)).getFile();
      if (kind === 'text') return file.text();
      const digest = await crypto.subtle.digest('SHA-256', await file.arrayBuffer());
      return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
    },
    [folder, name, as] as const,
  );
}

/** A new folder with six hearts laid out as ACDC. */
export async function labelledFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'planewise-labelled-'));
  for (const index of [0, 1, 2, 3, 4, 5])
    for (const { path, bytes } of encodeAcdc(phantomSubject(3, index, { size: 48, phases: 2 }))) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), bytes);
    }
  return folder;
}
