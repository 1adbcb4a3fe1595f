import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { embeddedDriver } from '../../src/tensor/adapters.node.ts';
import { driverCache } from '../../src/tensor/cachefolder.node.ts';

describe('the folder of unpacked drivers', () => {
  let base: string;
  let own: string;
  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), 'planewise-test-'));
    own = join(base, 'planewise');
    vi.stubEnv('XDG_CACHE_HOME', base);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    chmodSync(base, 0o700);
    rmSync(base, { recursive: true, force: true });
  });

  /** Not the cache folder, and nobody else's. */
  const expectPassing = (folder: string) => {
    expect(folder).not.toBe(own);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    rmSync(folder, { recursive: true });
  };

  it('is the cache folder, made for this user alone, and keeps what is there', () => {
    expect(driverCache('driver')).toBe(own);
    expect(statSync(own).mode & 0o777).toBe(0o700);
    mkdirSync(join(own, 'driver'), { mode: 0o755 });
    expect(driverCache('driver')).toBe(own);
    expect(existsSync(join(own, 'driver'))).toBe(true);
  });

  it.each([0o777, 0o775])(
    'is closed to others who could write (%o), and loses what they could have put there',
    (mode) => {
      for (const name of ['driver', 'other']) mkdirSync(join(own, name), { recursive: true, mode: 0o700 });
      chmodSync(own, mode);
      expect(driverCache('driver')).toBe(own);
      expect(statSync(own).mode & 0o777).toBe(0o700);
      expect(existsSync(join(own, 'driver'))).toBe(false);
      expect(existsSync(join(own, 'other'))).toBe(true);
    },
  );

  it('is another where a link, a file or nothing that can be made stands', () => {
    mkdirSync(join(base, 'elsewhere'));
    symlinkSync(join(base, 'elsewhere'), own);
    expectPassing(driverCache('driver'));
    rmSync(own);
    writeFileSync(own, '');
    expectPassing(driverCache('driver'));
  });

  it('loses what others could have put under the name', () => {
    mkdirSync(join(own, 'driver'), { recursive: true });
    mkdirSync(join(own, 'other'), { recursive: true });
    chmodSync(own, 0o700);
    for (const name of ['driver', 'other']) chmodSync(join(own, name), 0o777);
    expect(driverCache('driver')).toBe(own);
    expect(existsSync(join(own, 'driver'))).toBe(false);
    expect(existsSync(join(own, 'other'))).toBe(true);
  });

  it.skipIf(process.platform !== 'linux' || process.arch !== 'x64')(
    'has the embedded driver whole, whoever else of the same process number unpacks it (Linux x86-64)',
    async () => {
      const found = await Promise.all([embeddedDriver(), embeddedDriver(), embeddedDriver()]);
      expect(new Set(found).size).toBe(1);
      expect(existsSync(found[0]!)).toBe(true);
      expect(readdirSync(own)).toEqual([basename(dirname(found[0]!))]);
    },
  );

  it('is apart for each user where there is no home', () => {
    vi.stubEnv('XDG_CACHE_HOME', '');
    vi.stubEnv('HOME', '/');
    const folder = driverCache('driver');
    if (folder.endsWith(`planewise-${process.getuid?.()}`)) expect(statSync(folder).mode & 0o077).toBe(0);
    else expectPassing(folder);
  });
});
