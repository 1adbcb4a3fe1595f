import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import type { Page } from 'playwright';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeHearts, openSite, ready, type Site } from './page.ts';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain',
};

/** A host that sends files and no word more, below a path of its own. */
function plainHost(folder: string): Promise<Server> {
  const server = createServer(async ({ url = '/' }, response) => {
    const name = new URL(url, 'http://localhost').pathname.replace(/^\/some\/where\//, '') || 'index.html';
    try {
      const bytes = await readFile(join(folder, name));
      response.writeHead(200, { 'Content-Type': types[extname(name)] }).end(bytes);
    } catch {
      response.writeHead(404).end();
    }
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

let site: Site;
let host: Server;
let page: Page;
beforeAll(async () => {
  site = await openSite();
  host = await plainHost(site.folder);
  page = await (await site.browser.newContext()).newPage();
  await page.goto(`http://localhost:${(host.address() as AddressInfo).port}/some/where/`);
  await ready(page);
}, 60_000);
afterAll(async () => {
  host?.close();
  await site?.close();
});

/** The directive that stops a request elsewhere, in the page or in its worker. */
const stoppedBy = (): Promise<string> =>
  new Promise((resolve) => {
    addEventListener('securitypolicyviolation', ({ effectiveDirective }) => resolve(effectiveDirective));
    fetch('https://example.org/').catch(() => setTimeout(() => resolve('nothing'), 2000));
  });

it('page and worker are kept from every other origin by the page itself', async () => {
  expect(await page.evaluate(stoppedBy)).toBe('connect-src');
  expect(await page.workers()[0]!.evaluate(stoppedBy)).toBe('connect-src');
});

it('after the first visit the page works without its host', async () => {
  host.closeAllConnections();
  await new Promise((closed) => host.close(closed));
  await page.reload();
  await ready(page);
  await makeHearts(page, 3);
  await page.getByRole('tab', { name: 'Study' }).click();
  // the 3-D view is a script of its own, loaded when first seen
  await expect.poll(() => page.locator('canvas.planes').first().getAttribute('data-engine')).toMatch(/three/);
}, 60_000);
