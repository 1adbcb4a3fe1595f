/** @file What version 0.1 wrote: read, gone on with to the same bits, and made networks again. kept/README.md says what it is. */
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStore } from '../../src/data/store.node.ts';
import { decodeWeights, encodeWeights, readWeights } from '../../src/models/weights.ts';
import { loadBare } from '../../src/run/bareweights.ts';
import { type GivenConfig, parseGiven, resolveConfig } from '../../src/run/config.ts';
import { runJob } from '../../src/run/job.node.ts';
import { pretraining } from '../../src/run/job.ts';
import { loadTrained } from '../../src/run/trained.ts';
import { openDevice } from '../../src/tensor/device.node.ts';
import type { Device } from '../../src/tensor/device.ts';
import { withoutTimings } from '../../src/train/runlog.ts';

const kept = fileURLToPath(new URL('kept/', import.meta.url));
let folder = '';
let device: Device;
beforeAll(async () => {
  // bits are an adapter's
  device = await openDevice({ adapter: 'swiftshader' });
  folder = await mkdtemp(join(tmpdir(), 'planewise-'));
  await cp(kept, folder, { recursive: true });
});
afterAll(async () => {
  device?.dispose();
  await rm(folder, { recursive: true });
});

const bytesOf = async (...path: string[]) => new Uint8Array(await readFile(join(...path)));
const textOf = (...path: string[]) => readFile(join(...path), 'utf8');

/** Resumes a kept run, without the weights that it had at its end. */
async function resume(run: string, given: GivenConfig = {}) {
  await rm(join(folder, run, 'weights.safetensors'));
  const warnings: string[] = [];
  const { training } = await runJob({
    kind: pretraining,
    given: { ...given, out: join(folder, run), data: join(folder, 'store') },
    resume: true,
    console: { say() {}, warn: (line) => warnings.push(line), startStage: () => ({ update() {}, end() {} }) },
    signal: new AbortController().signal,
    worker: null,
    device,
  });
  return { step: training.step, warnings };
}

/** The names and bits of the weights in a file. */
async function weightsIn(...path: string[]) {
  const { state } = decodeWeights(await bytesOf(...path, 'weights.safetensors'), path.join('/'));
  return state;
}

/** The losses of a log; version 0.1 wrote null for tasks that a run did not have. */
const lossesIn = (log: string): string => withoutTimings(log).replaceAll(',"locationLoss":null', '');

const sections = {
  both: {
    model: { name: 'unet', width: 2, depth: 2, unusedLayers: false },
    tasks: {
      orientation: { weight: 1, sigmaMm: 7.56, gain: 0.1 },
      location: { weight: 1, hidden: 4, dropout: 0.5 },
    },
  },
  one: {
    model: { name: 'unet', width: 2, depth: 2, unusedLayers: true },
    tasks: { orientation: { weight: 2, sigmaMm: 20, gain: 0.5 } },
  },
} as const;
const runs = ['both', 'one'] as const;

describe('a file of version 0.1', () => {
  it('is a configuration with the same settings', async () => {
    for (const run of runs) {
      const config = resolveConfig(parseGiven(JSON.parse(await textOf(kept, run, 'config.json')), run));
      expect(config).toMatchObject(sections[run]);
      expect(Object.keys(config.tasks)).toEqual(Object.keys(sections[run].tasks));
      expect(config).toMatchObject({
        batch: 2,
        learningRate: 0.01,
        seed: 3,
        size: 8,
        spacingMm: 32,
        out: run,
      });
    }
  });

  it('is a store of the same images', async () => {
    const { manifest, pixels } = await openStore(join(kept, 'store'));
    expect(manifest).toMatchObject({ version: 1, size: 8, referenceViews: ['2-chamber', '4-chamber'] });
    expect(manifest.images).toHaveLength(9);
    expect(
      Buffer.compare(
        await bytesOf(kept, 'store', 'pixels.f32.bin'),
        new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength),
      ),
    ).toBe(0);
  });

  it('is the weights of the same network', async () => {
    for (const run of runs) {
      const bytes = await bytesOf(kept, run, 'weights.safetensors');
      const { network, info } = await loadTrained(device, bytes, run);
      expect(info).toMatchObject({
        model: sections[run].model,
        size: 8,
        spacingMm: 32,
        targetView: 'short-axis',
      });
      expect(await readWeights(network)).toEqual(await weightsIn(kept, run));
      network.dispose();
    }
  });

  it('is a state dict that PyTorch could have written, once it says nothing of itself', async () => {
    const data = (await openStore(join(kept, 'store'))).manifest;
    for (const run of runs) {
      const state = await weightsIn(kept, run);
      const { state: bare } = decodeWeights(encodeWeights(state), run);
      const { network, info } = loadBare(device, bare, run, data);
      network.dispose();
      expect(info.model).toEqual(sections[run].model);
      expect(Object.keys(info.tasks)).toEqual(Object.keys(sections[run].tasks));
    }
  });
});

describe('a run of version 0.1', () => {
  it('that was cut off goes on to its end, with the bits it would have had', async () => {
    expect(await resume('both')).toEqual({ step: 4, warnings: [] });
    expect(await weightsIn(folder, 'both')).toEqual(await weightsIn(kept, 'both'));
    for (const log of ['metrics.jsonl', 'validation.jsonl'])
      expect(lossesIn(await textOf(folder, 'both', log)), log).toBe(
        lossesIn(await textOf(kept, 'both', log)),
      );
    expect(JSON.parse(await textOf(folder, 'both', 'config.json'))).toMatchObject(sections.both);
  });

  it('with a constant schedule goes on beyond its end, with the bits it would have had', async () => {
    const { step, warnings } = await resume('one', { steps: 5 });
    expect(step).toBe(5);
    expect(warnings).toEqual([expect.stringContaining('No held-out subject')]);
    expect(await weightsIn(folder, 'one')).toEqual(await weightsIn(kept, 'one'));
    const [now, then] = await Promise.all([folder, kept].map((at) => textOf(at, 'one', 'metrics.jsonl')));
    expect(lossesIn(now!)).toBe(lossesIn(then!));
  });
});
