/** @file The built library: what a user of the package gets. */
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
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
    for (const [, , name] of text.matchAll(/\b(from|import|import\()\s*["']([^"'\s]+)["']/g))
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

/** What a page would load for a name of the library, minified. */
async function bundleOf(name: string): Promise<Uint8Array> {
  const contents = `export { ${name} } from './index.web.js';`;
  const stdin = { contents, resolveDir: path('') };
  const options = { bundle: true, minify: true, write: false, format: 'esm', platform: 'browser' } as const;
  return (await build({ ...options, stdin })).outputFiles[0]!.contents;
}

describe('zod, which checks configurations,', () => {
  /** A word that is in every bundle of zod, and in no other. */
  const mark = '_zod';
  const marked = (bytes: Uint8Array): boolean => new TextDecoder().decode(bytes).includes(mark);

  it('comes with them and with nothing else, without its languages', async () => {
    // the kinds of settings stand in the records of tasks and backbones
    for (const name of ['resolveConfig', 'presets', 'tasks'])
      expect(marked(await bundleOf(name)), name).toBe(true);
    for (const name of ['renderReport']) expect(marked(await bundleOf(name)), name).toBe(false);
    for (const entry of [
      'engine.js',
      'engine.web.js',
      'autograd/ops.js',
      'data/index.js',
      'data/index.node.js',
    ])
      expect((await graphOf(entry)).packages.map(packageOf), entry).not.toContain('zod');
  });

  it('is in the worker of the page and not in the page itself', async () => {
    const holders = async (entry: RegExp): Promise<boolean[]> => {
      const name = (await readdir(path('web'))).find((file) => entry.test(file));
      const { texts } = await graphOf(`web/${name}`);
      return texts.map((text) => text.includes(mark));
    };
    expect(await holders(/^worker-.*js$/)).toContain(true);
    expect(await holders(/^main-.*js$/)).not.toContain(true);
  });

  it('is in no declaration', async () => {
    const names = (await readdir(path(''), { recursive: true })).filter((name) => name.endsWith('.d.ts'));
    expect(names.length).toBeGreaterThan(100);
    for (const name of names) expect(await readFile(path(name), 'utf8'), name).not.toMatch(/\bzod\b/);
  });
});
