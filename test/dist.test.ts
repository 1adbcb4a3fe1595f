/** @file The built library: what a user of the package gets. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const path = (name: string): string => fileURLToPath(new URL(`../dist/${name}`, import.meta.url));

describe('dist', () => {
  it('index.web.js needs nothing of Node', async () => {
    const source = await readFile(path('index.web.js'), 'utf8');
    const imports = [...source.matchAll(/\b(?:from|import|require)\s*\(?\s*["']([^"']+)["']/g)].map(
      ([, name]) => name,
    );
    const { dependencies } = JSON.parse(await readFile(path('../package.json'), 'utf8'));
    const packages = imports.map((name) =>
      name!
        .split('/')
        .slice(0, name!.startsWith('@') ? 2 : 1)
        .join('/'),
    );
    expect(packages.filter((name) => !(name in dependencies))).toEqual([]);
    expect(source).not.toMatch(/["']node:|\bprocess\.env\b|\bBuffer\./);
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
