/** @file The built library: what a user of the package gets. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const path = (name: string): string => fileURLToPath(new URL(`../dist/${name}`, import.meta.url));

interface Graph {
  /** Texts of the modules that an entry reaches. */
  readonly texts: readonly string[];
  /** Packages and modules of Node that they import. */
  readonly packages: readonly string[];
}

/** What an entry imports, and what that imports. */
async function graphOf(entry: string): Promise<Graph> {
  const texts = new Map<string, string>();
  const packages = new Set<string>();
  const queue = [new URL(`../dist/${entry}`, import.meta.url)];
  for (const url of queue) {
    if (texts.has(url.href)) continue;
    const text = await readFile(url, 'utf8');
    texts.set(url.href, text);
    for (const [, , name] of text.matchAll(/\b(from |import |import\(\s*)["']([^"']+)["']/g))
      if (name!.startsWith('.')) queue.push(new URL(name!, url));
      else packages.add(name!);
  }
  return { texts: [...texts.values()], packages: [...packages] };
}

const packageOf = (name: string): string =>
  name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/');

describe('dist', () => {
  it('index.web.js needs nothing of Node', async () => {
    const { texts, packages } = await graphOf('index.web.js');
    const { dependencies } = JSON.parse(await readFile(path('../package.json'), 'utf8'));
    expect(texts.length).toBeGreaterThan(100);
    expect(packages.map(packageOf).filter((name) => !(name in dependencies))).toEqual([]);
    for (const text of texts) expect(text).not.toMatch(/["']node:|\bprocess\.env\b|\bBuffer\./);
  });

  it('engine.web.js needs no package: a page can load it as it is', async () => {
    const { texts, packages } = await graphOf('engine.web.js');
    expect(texts.length).toBeGreaterThan(50);
    expect(packages).toEqual([]);
  });

  it('index.js and index.web.js offer the same, but for what only Node can do', async () => {
    const [node, web] = await Promise.all(['index.js', 'index.web.js'].map((name) => import(path(name))));
    const missing = Object.keys(node).filter((name) => !(name in web));
    expect(missing.sort()).toEqual(['DiskFiles', 'listCandidates', 'loadWeights', 'saveWeights']);
    expect(Object.keys(web)).toEqual(
      expect.arrayContaining(['openDevice', 'tensor', 'ops', 'capture', 'data']),
    );
  });

  it('computes', async () => {
    const { openDevice, ops, scope, tensor } = await import(path('index.js'));
    const device = await openDevice();
    const inside = scope();
    const y = ops.relu(tensor(device, [-1, 2], [2]));
    expect([...(await y.read())]).toEqual([0, 2]);
    inside.dispose();
    expect(device.memory.liveBytes).toBe(0);
    device.dispose();
  });
});
