/** @file The page after an update, on a host that has browsers cache for an hour. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import type { Plugin } from 'esbuild';
import type { BrowserContext, Page } from 'playwright';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildPage } from '../../tools/web.mjs';
import { openSite, ready, type Site } from './page.ts';

const types: Readonly<Record<string, string>> = {
  ...{ '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' },
  '.txt': 'text/plain',
};

/** Says something else at its foot, and so has other scripts. */
const second: Plugin = {
  name: 'second',
  setup({ onLoad }) {
    onLoad({ filter: /web\/frame\.ts$/ }, async ({ path }) => ({
      contents: (await readFile(path, 'utf8')).replace('Everything runs in this page.', 'Second edition.'),
      loader: 'ts',
    }));
  },
};

let site: Site;
let host: Server;
let folder: string;
let update: string;
/** What the host sends instead of a file. */
const instead = new Map<string, Buffer>();

beforeAll(async () => {
  site = await openSite();
  folder = site.folder;
  update = await mkdtemp(join(tmpdir(), 'planewise-update-'));
  await buildPage(update, [second]);
  host = createServer(async ({ url = '/' }, response) => {
    const name = new URL(url, 'http://localhost').pathname.slice(1) || 'index.html';
    try {
      const bytes = instead.get(name) ?? (await readFile(join(folder, name)));
      const cached = { 'Cache-Control': 'public, max-age=3600' };
      response.writeHead(200, { 'Content-Type': types[extname(name)], ...cached }).end(bytes);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((done) => host.listen(0, '127.0.0.1', done));
}, 60_000);
afterAll(async () => {
  host?.close();
  await site?.close();
  await rm(update, { recursive: true, force: true });
});

const open = async (context: BrowserContext): Promise<Page> => {
  const page = await context.newPage();
  await page.goto(`http://localhost:${(host.address() as AddressInfo).port}/`);
  await ready(page);
  return page;
};

/** Has the browser look for a newer service worker, and waits for what comes of it. */
const updated = (page: Page): Promise<string> =>
  page.evaluate(async () => {
    const registration = (await navigator.serviceWorker.getRegistration())!;
    await registration.update();
    const coming = registration.installing ?? registration.waiting;
    if (!coming) return registration.active!.state;
    return new Promise<string>((done) => {
      const look = () => {
        if (/installed|activated|redundant/.test(coming.state)) done(coming.state);
      };
      coming.addEventListener('statechange', look);
      look();
    });
  });

const foot = (page: Page): Promise<string> => page.locator('footer').innerText();

it('is the new one, also without its host; of a page that a cache on the way has kept the old worker stays', async () => {
  const context = await site.browser.newContext();
  const first = await open(context);
  expect(await foot(first)).toContain('Everything runs in this page.');
  const old = await readFile(join(folder, 'index.html'));

  folder = update;
  // the host's own cache is behind: the new worker would leave this page without its files
  instead.set('index.html', old);
  expect(await updated(first)).toBe('redundant');

  instead.clear();
  // it takes over when the last page of the old one is closed
  expect(await updated(first)).toBe('installed');
  await first.close();
  const page = await open(context);
  expect(await foot(page)).toContain('Second edition.');

  host.closeAllConnections();
  await new Promise((closed) => host.close(closed));
  await page.reload();
  await ready(page);
  expect(await foot(page)).toContain('Second edition.');
  const licences = await context.newPage();
  await licences.goto(new URL('licenses.txt', page.url()).href);
  expect(await licences.locator('body').innerText()).toContain('three ');
}, 90_000);
