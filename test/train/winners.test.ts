import { describe, expect, it } from 'vitest';
import type { Winner } from '../../src/autograd/tune.ts';
import { FileError } from '../../src/base/errors.ts';
import type { ShaderModule } from '../../src/kernels/launch/shader.ts';
import * as shaders from '../../src/kernels/shaders.gen.ts';
import { MemoryFiles, readText, writeText } from '../../src/train/runfiles.ts';
import { adapterKey, loadWinners, saveWinners, winnersFile } from '../../src/train/winners.ts';
import { useDevice } from '../device.ts';

const device = useDevice();

const winner = (bucket: string, chosen: string, rest: Partial<Winner> = {}): Winner => ({
  ...{
    key: bucket,
    bucket,
    chosen,
    complete: true,
    title: bucket,
    uses: 1,
    share: 0.5,
    ordered: 'tile',
    ms: 1,
    orderedMs: 2,
  },
  ...{
    fitting: ['halo4', 'gemm', 'tile'],
    tried: ['halo4', 'gemm', 'tile'],
    shaders: ['conv2d.tile', 'conv2d.gemm'],
  },
  ...rest,
});

const known = (chosen: string) => ({ chosen, fitting: ['halo4', 'gemm', 'tile'] });

/** Runs `action` with the shader edited. */
async function edited(shader: ShaderModule, action: () => Promise<void>): Promise<void> {
  const { source } = shader;
  Object.assign(shader, { source: [...source, '// edited'] });
  try {
    await action();
  } finally {
    Object.assign(shader, { source });
  }
}

const refuse = (message: string): void => {
  throw new Error(message);
};

describe('winners of the tuner', () => {
  it('are found again by the next run on this adapter, with later ones added', async () => {
    const files = new MemoryFiles();
    expect(await loadWinners(files, device(), refuse)).toEqual({});
    await saveWinners(
      files,
      device(),
      [winner('a', 'gemm'), winner('b', 'tile', { complete: false, tried: ['tile'] })],
      refuse,
    );
    await saveWinners(files, device(), [winner('c', 'halo4')], refuse);
    expect(await loadWinners(files, device(), refuse)).toEqual({ a: known('gemm'), c: known('halo4') });
  });

  it('that time ran out for are kept with what they were found among, and depend on all that ran', async () => {
    const files = new MemoryFiles();
    const part = (chosen: string, tried: readonly string[], shader: string) =>
      saveWinners(
        files,
        device(),
        [winner('a', chosen, { complete: false, tried, shaders: [shader] })],
        refuse,
      );
    const found = () => loadWinners(files, device(), refuse);
    await part('gemm', ['gemm', 'tile'], 'conv2d.gemm');
    expect(await found()).toEqual({ a: { chosen: 'gemm', fitting: ['gemm', 'tile'] } });
    // Which did not come so far.
    await part('tile', ['halo4', 'tile'], 'conv2d.tile');
    expect(await found()).toEqual({ a: { chosen: 'gemm', fitting: ['gemm', 'tile'] } });
    await part('gemm', ['halo4', 'gemm', 'tile'], 'conv2d.halo4');
    expect(await found()).toEqual({ a: known('gemm') });
    for (const shader of [shaders.conv2dGemm, shaders.conv2dHalo4])
      await edited(shader, async () => expect(await found()).toEqual({}));
  });

  it('that a run took from here are left as they are', async () => {
    const files = new MemoryFiles();
    await saveWinners(files, device(), [winner('a', 'gemm')], refuse);
    const before = await readText(files, winnersFile);
    await saveWinners(files, device(), [winner('a', 'gemm', { ms: null, shaders: [] })], refuse);
    expect(await readText(files, winnersFile)).toBe(before);
  });

  it('are those of the dearest problem of each bucket', async () => {
    const cheap = winner('a', 'gemm', { key: 'small', uses: 2, ms: 1 });
    const dear = winner('a', 'tile', { key: 'large', uses: 1, ms: 3 });
    for (const winners of [
      [cheap, dear],
      [dear, cheap],
    ]) {
      const files = new MemoryFiles();
      await saveWinners(files, device(), winners, refuse);
      expect(await loadWinners(files, device(), refuse)).toEqual({ a: known('tile') });
    }
  });

  it('are forgotten where a shader that they were found with has changed, and no others', async () => {
    const files = new MemoryFiles();
    const soft = winner('softmax', 'gemm', { shaders: ['softmax'] });
    await saveWinners(files, device(), [winner('conv2d', 'gemm'), soft], refuse);
    const found = async () => Object.keys(await loadWinners(files, device(), refuse));
    await edited(shaders.softmax, async () => expect(await found()).toEqual(['conv2d']));
    await edited(shaders.conv2dTile, async () => expect(await found()).toEqual(['softmax']));
    await edited(shaders.conv2dHalo4, async () => expect(await found()).toEqual(['conv2d', 'softmax']));
  });

  it('of another adapter or driver are kept, but not used', async () => {
    const files = new MemoryFiles();
    const key = adapterKey(device());
    expect(key).toContain(device().caps.description);
    const other = key.replace(device().caps.description, 'another driver');
    await saveWinners(files, device(), [winner('a', 'gemm')], refuse);
    const { [key]: kept } = JSON.parse((await readText(files, winnersFile))!);
    await writeText(files, winnersFile, JSON.stringify({ [other]: kept }));
    expect(await loadWinners(files, device(), refuse)).toEqual({});
    await saveWinners(files, device(), [winner('a', 'tile')], refuse);
    expect(JSON.parse((await readText(files, winnersFile))!)).toEqual({
      [other]: kept,
      [key]: { a: { ...kept.a, chosen: 'tile' } },
    });
  });

  it('of versions that kept them by exact problem are passed over in silence, and go with the next save', async () => {
    const files = new MemoryFiles();
    const key = adapterKey(device());
    const old = {
      [`${key} / shaders 1234abcd`]: { 'conv2d {"k":4}': 'gemm' },
      [key]: { 'conv2d {"k":4}': 'gemm' },
    };
    await writeText(files, winnersFile, JSON.stringify(old));
    expect(await loadWinners(files, device(), refuse)).toEqual({});
    await saveWinners(files, device(), [winner('a', 'tile')], refuse);
    expect(Object.keys(JSON.parse((await readText(files, winnersFile))!))).toEqual([key]);
    expect(await loadWinners(files, device(), refuse)).toEqual({ a: known('tile') });
  });

  it('in a damaged file are ignored with one warning that names it, and the next save mends it', async () => {
    for (const text of ['{"x', '[1]', '{"x":{"a":1}}', '{"x":{"a":{"chosen":"gemm"}}}', 'null']) {
      const files = new MemoryFiles();
      await writeText(files, winnersFile, text);
      const warnings: string[] = [];
      expect(await loadWinners(files, device(), (message) => warnings.push(message))).toEqual({});
      expect(warnings, text).toEqual([expect.stringMatching(/^variants\.json .*ignored/)]);
      await saveWinners(files, device(), [winner('a', 'tile')], refuse);
      expect(await loadWinners(files, device(), refuse)).toEqual({ a: known('tile') });
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
