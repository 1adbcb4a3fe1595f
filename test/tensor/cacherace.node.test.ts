/** @file The driver that another process unpacks while this one looks for it. */
import * as fs from 'node:fs';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { driverCache } from '../../src/tensor/cachefolder.node.ts';

vi.mock('node:fs', async (original) => {
  const real = await original<typeof fs>();
  return { ...real, lstatSync: vi.fn(real.lstatSync) };
});

afterEach(() => vi.unstubAllEnvs());

it('is left where it came after it was looked for', async () => {
  const { lstatSync } = await vi.importActual<typeof fs>('node:fs');
  const base = mkdtempSync(join(tmpdir(), 'planewise-test-'));
  vi.stubEnv('XDG_CACHE_HOME', base);
  const held = join(base, 'planewise', 'driver');
  vi.mocked(fs.lstatSync).mockImplementation(((path: string, options: fs.StatSyncOptions) => {
    const found = lstatSync(path, options);
    if (path === held) mkdirSync(held);
    return found;
  }) as typeof fs.lstatSync);
  expect(driverCache('driver')).toBe(join(base, 'planewise'));
  expect(existsSync(held)).toBe(true);
  rmSync(base, { recursive: true });
});
