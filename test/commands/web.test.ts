/** @file `planewise web` as it is installed: the page is served on this machine, and nothing else is. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const start = (...args: string[]): ChildProcess =>
  spawn(process.execPath, [`${root}dist/cli.js`, 'web', ...args], { stdio: ['ignore', 'pipe', 'inherit'] });

async function urlOf(child: ChildProcess): Promise<string> {
  const [words] = (await once(child.stdout!, 'data')) as [Buffer];
  return /http:\S+\//.exec(words.toString())![0];
}

let child: ChildProcess;
let url: string;
beforeAll(async () => {
  child = start('--port', '0');
  url = await urlOf(child);
});
afterAll(() => child?.kill());

it('serves the page, with the weights of the package and headers that let nothing in', async () => {
  const page = await fetch(url);
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
  const [, main] = /src="(main-[^"]+)"/.exec(await page.text())!;
  expect((await fetch(url + main)).headers.get('content-type')).toContain('javascript');
  const weights = await fetch(`${url}builtin-0123abcd.safetensors`);
  const own = await readFile(`${root}builtin/weights.safetensors`);
  expect(Buffer.from(await weights.arrayBuffer()).equals(own)).toBe(true);
});

it('serves nothing beside it', async () => {
  for (const path of ['none.js', '%2e%2e/package.json', '..%2fcli.js', '%00'])
    expect((await fetch(url + path)).status, path).toBe(404);
});

it('refuses a port that is none, in words', async () => {
  const refused = spawn(process.execPath, [`${root}dist/cli.js`, 'web', '--port', '70000']);
  const [words] = (await once(refused.stderr, 'data')) as [Buffer];
  expect(words.toString()).toContain('--port 70000: a whole number from 0 to 65535 is needed.');
});

it('takes another port where one is taken', async () => {
  const second = start('--port', new URL(url).port);
  try {
    expect(await urlOf(second)).not.toBe(url);
  } finally {
    second.kill();
  }
});
