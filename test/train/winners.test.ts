import { describe, expect, it } from 'vitest';
import type { Winner } from '../../src/autograd/tune.ts';
import { FileError } from '../../src/base/errors.ts';
import { MemoryFiles, readText, writeText } from '../../src/train/runfiles.ts';
import { adapterKey, loadWinners, saveWinners, winnersFile } from '../../src/train/winners.ts';
import { useDevice } from '../device.ts';

const device = useDevice();

const winner = (key: string, chosen: string, complete = true): Winner => ({
  ...{ key, chosen, complete, title: key, uses: 1, ordered: 'tile', ms: 1, orderedMs: 2 },
});

const refuse = (message: string): void => {
  throw new Error(message);
};

describe('winners of the tuner', () => {
  it('are found again by the next run on this adapter, with later ones added', async () => {
    const files = new MemoryFiles();
    expect(await loadWinners(files, device(), refuse)).toEqual({});
    await saveWinners(files, device(), [winner('a', 'gemm'), winner('b', 'tile', false)], refuse);
    await saveWinners(files, device(), [winner('c', 'halo4')], refuse);
    expect(await loadWinners(files, device(), refuse)).toEqual({ a: 'gemm', c: 'halo4' });
  });

  it('of another adapter or driver are kept, but not used', async () => {
    const files = new MemoryFiles();
    const key = adapterKey(device());
    expect(key).toContain(device().caps.description);
    const other = key.replace(device().caps.description, 'another driver');
    await writeText(files, winnersFile, JSON.stringify({ [other]: { a: 'gemm' } }));
    expect(await loadWinners(files, device(), refuse)).toEqual({});
    await saveWinners(files, device(), [winner('a', 'tile')], refuse);
    expect(JSON.parse((await readText(files, winnersFile))!)).toEqual({
      [other]: { a: 'gemm' },
      [key]: { a: 'tile' },
    });
  });

  it('in a damaged file are ignored with one warning that names it, and the next save mends it', async () => {
    for (const text of ['{"x', '[1]', '{"x":{"a":1}}', 'null']) {
      const files = new MemoryFiles();
      await writeText(files, winnersFile, text);
      const warnings: string[] = [];
      expect(await loadWinners(files, device(), (message) => warnings.push(message))).toEqual({});
      expect(warnings, text).toEqual([expect.stringMatching(/^variants\.json .*ignored/)]);
      await saveWinners(files, device(), [winner('a', 'tile')], refuse);
      expect(await loadWinners(files, device(), refuse)).toEqual({ a: 'tile' });
    }
  });

  it('that cannot be written cost a warning, not the run', async () => {
    const full = Object.assign(new MemoryFiles(), {
      write: async (name: string) => {
        throw new FileError(name, 'could not be written: the disk is full', 'Free some space.');
      },
    });
    const warnings: string[] = [];
    await saveWinners(full, device(), [winner('a', 'tile')], (message) => warnings.push(message));
    expect(warnings).toEqual([expect.stringContaining('the disk is full')]);
  });
});
