import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileError } from '../../src/base/errors.ts';
import { loadWeights, saveWeights } from '../../src/models/weights.node.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'planewise-weights-'));
});
afterEach(() => rm(folder, { recursive: true }));

const state = new Map([['a', { shape: [2], values: Float32Array.of(1, 2), integer: false }]]);

describe('weights on disk', () => {
  it('replaces the old file as a whole and leaves nothing else behind', async () => {
    const path = join(folder, 'best.safetensors');
    await writeFile(path, 'old');
    await saveWeights(path, state, { step: '7' });
    const loaded = await loadWeights(path);
    expect(loaded.state).toEqual(state);
    expect(loaded.metadata).toEqual({ format: 'pt', step: '7' });
    expect(await readdir(folder)).toEqual(['best.safetensors']);
  });

  it('is one whole file of several that are saved at once', async () => {
    const path = join(folder, 'last.safetensors');
    const values = [1, 2, 3, 4].map((value) => new Float32Array(2 ** 16).fill(value));
    const states = values.map(
      (own) => new Map([['a', { shape: [own.length], values: own, integer: false }]]),
    );
    await Promise.all(states.map((one) => saveWeights(path, one)));
    expect(states).toContainEqual((await loadWeights(path)).state);
    expect(await readdir(folder)).toEqual(['last.safetensors']);
  });

  it('names the file that cannot be written or read', async () => {
    const path = join(folder, 'missing', 'w.safetensors');
    await expect(saveWeights(path, state)).rejects.toThrow(FileError);
    await expect(saveWeights(path, state)).rejects.toThrow(path);
    await expect(loadWeights(path)).rejects.toThrow(/could not be read/);
  });
});
