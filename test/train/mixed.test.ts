import { describe, expect, it } from 'vitest';
import { ConfigError, DeviceError } from '../../src/base/errors.ts';
import type { PreparedData } from '../../src/data/types.ts';
import { decodeSafetensors } from '../../src/models/safetensors.ts';
import type { StepMetrics } from '../../src/results/losses.ts';
import { train } from '../../src/run/training.ts';
import { changedKeys } from '../../src/train/changes.ts';
import { checkpointFile } from '../../src/train/checkpoint.ts';
import { splitOf } from '../../src/train/dataset.ts';
import type { TrainEvent } from '../../src/train/events.ts';
import { FiniteCheck } from '../../src/train/finite.ts';
import { MemoryFiles, readText } from '../../src/train/runfiles.ts';
import { metricsFile, parseRecords, withoutTimings } from '../../src/train/runlog.ts';
import { useDevice } from '../device.ts';
import { hasHalf } from '../half.ts';
import { plainKernels, type TrainingOptions, tinyConfig, tinyData } from './tiny.ts';

const device = useDevice(plainKernels);
const data = tinyData();
const config = tinyConfig({ precision: 'mixed' });

function run(files: MemoryFiles, options: Partial<TrainingOptions> = {}) {
  return train({ device: device(), data, config, files, ...options });
}

async function metricsIn(files: MemoryFiles): Promise<StepMetrics[]> {
  return parseRecords<StepMetrics>((await readText(files, metricsFile))!, metricsFile);
}

/** Stops a run once `step` steps are done. */
function stopAt(step: number): Partial<TrainingOptions> {
  const stop = new AbortController();
  const onProgress = (event: TrainEvent): void => {
    if (event.kind === 'steps' && event.metrics.step >= step) stop.abort();
  };
  return { onProgress, signal: stop.signal };
}

/** The data with its first `count` images of the training part beyond what f16 holds; all by default. */
function tooBright(count = data.manifest.images.length): PreparedData {
  const { manifest } = data;
  const pixels = data.pixels.slice();
  const { train: subjects } = splitOf(data, config, { tasks: [] });
  const trained = manifest.images.flatMap(({ subject }, i) => (subjects.includes(subject) ? [i] : []));
  const size = manifest.size ** 2;
  for (const image of trained.slice(0, count))
    for (let i = image * size; i < (image + 1) * size; i++) pixels[i] = 1e6 * pixels[i]! + 1e6;
  return { manifest, pixels };
}

const one: StepMetrics = {
  ...{ step: 9, loss: 1, orientationLoss: 1, lr: 0.1, imagesPerSecond: 1 },
  ...{ lossScale: 2 ** -11, skippedSteps: 27 },
};

describe('training in mixed precision', () => {
  if (hasHalf) {
    it('lowers the loss as f32 does, within 10 %, and logs the scale and the skipped steps', async () => {
      const longer = { steps: 30, learningRate: 1e-2, validateEvery: 30 };
      const last: number[] = [];
      for (const precision of ['f32', 'mixed'] as const) {
        const files = new MemoryFiles();
        await run(files, { config: tinyConfig({ ...longer, precision }) });
        const metrics = await metricsIn(files);
        last.push(metrics.slice(-10).reduce((sum, { loss }) => sum + loss! / 10, 0));
        const keys = precision === 'mixed' ? ['lossScale', 'skippedSteps'] : [];
        expect(Object.keys(metrics[0]!).slice(4)).toEqual([...keys, 'lr', 'imagesPerSecond']);
        if (precision === 'f32') continue;
        for (const { lossScale, skippedSteps } of metrics) expect(lossScale).toBe(65536 / 2 ** skippedSteps!);
      }
      expect(Math.abs(last[1]! / last[0]! - 1)).toBeLessThan(0.1);
    });

    it('skips and counts the batches that overflow in the forward pass, and trains on the others', async () => {
      const files = new MemoryFiles();
      await run(files, { data: tooBright(1), config: tinyConfig({ precision: 'mixed', steps: 24 }) });
      const skips = (await metricsIn(files)).map(({ skippedSteps }) => skippedSteps!);
      // one of some two dozen images, in batches of 4
      expect(skips.at(-1)).toBeGreaterThan(0);
      expect(skips.at(-1)).toBeLessThan(12);
      for (const { lossScale } of await metricsIn(files)) expect(lossScale).toBe(65536);
      const { tensors } = decodeSafetensors(files.files.get(checkpointFile)!, checkpointFile);
      for (const [name, { bytes }] of tensors)
        expect(new Float32Array(bytes.slice().buffer).every(Number.isFinite), name).toBe(true);
      const batches = tensors.get('model.conv1.conv1.1.num_batches_tracked')!;
      expect(new Float32Array(batches.bytes.slice().buffer)[0]).toBe(24 - skips.at(-1)!);
    });

    it('ends with an error, not before 32 steps, where every batch overflows in the forward pass', async () => {
      const files = new MemoryFiles();
      const longer = tinyConfig({ precision: 'mixed', steps: 60 });
      await expect(run(files, { data: tooBright(), config: longer })).rejects.toThrow(/in a row/);
      const metrics = await metricsIn(files);
      expect(metrics.length).toBeGreaterThanOrEqual(33);
      expect(metrics.at(-1)!.skippedSteps).toBe(metrics.length);
    });

    it('leaves the same bytes when stopped and resumed, the loss scaler’s among them', async () => {
      const [whole, parts] = [new MemoryFiles(), new MemoryFiles()];
      await run(whole);
      await run(parts, stopAt(4));
      const { step } = await run(parts, { resume: true });
      expect(step).toBe(8);
      expect([...parts.files.keys()].sort()).toEqual([...whole.files.keys()].sort());
      for (const [name, bytes] of whole.files) {
        if (name.endsWith('.jsonl')) {
          const texts = await Promise.all([whole, parts].map(async (at) => (await readText(at, name))!));
          expect(withoutTimings(texts[1]!), name).toBe(withoutTimings(texts[0]!));
        } else if (!name.includes('previous')) expect(parts.files.get(name), name).toEqual(bytes);
      }
      const { tensors } = decodeSafetensors(whole.files.get(checkpointFile)!, checkpointFile);
      const kept = [...tensors.keys()].filter((name) => name.startsWith('scaler.'));
      expect(kept.map((name) => name.slice(7)).sort()).toEqual([
        'correction1',
        'correction2',
        'goodSteps',
        'scale',
        'skipped',
      ]);
    });
  } else {
    it('is refused on this adapter before anything is written', async () => {
      const files = new MemoryFiles();
      await expect(run(files)).rejects.toThrow(DeviceError);
      expect(files.files.size).toBe(0);
    });
  }

  it('is no way to go on with a run in f32; runs of earlier versions count as f32', async () => {
    if (hasHalf) {
      const files = new MemoryFiles();
      await run(files, { config: tinyConfig({ steps: 1 }) });
      const resumed = run(files, { config: tinyConfig({ steps: 1, precision: 'mixed' }), resume: true });
      await expect(resumed).rejects.toThrow(ConfigError);
    }
    const { precision: _, ...earlier } = tinyConfig();
    expect(changedKeys(earlier, tinyConfig())).toEqual([]);
    expect(changedKeys(earlier, config)).toEqual(['precision']);
  });

  it('ends with an error that says what helps where every scale overflows, or many steps in a row do', () => {
    const look = (records: readonly StepMetrics[], check = new FiniteCheck()) => {
      const troubles = records.map((record) => check.look(record, null));
      return troubles.find((trouble) => trouble !== null) ?? null;
    };
    const steps = (count: number, skips: (i: number) => boolean): StepMetrics[] => {
      let skippedSteps = 5;
      return Array.from({ length: count }, (_, i) => {
        skippedSteps += Number(skips(i));
        return { ...one, step: i + 1, lossScale: 1024, loss: skips(i) ? null : 1, skippedSteps };
      });
    };
    expect(look([{ ...one, lossScale: 1 }])).toBeNull();
    const overflowing = look([one])!;
    expect(overflowing.step).toBe(9);
    expect(overflowing.problem).toMatch(/Step 9.*27 steps skipped/);
    expect(overflowing.remedies).toContain('train with precision f32');
    expect(look(steps(200, (i) => i % 32 !== 0))).toBeNull();
    const stuck = steps(200, (i) => i > 10);
    expect(look(stuck)!.problem).toMatch(/step 43.*32 in a row/);
    const inParts = new FiniteCheck();
    expect(look(stuck.slice(0, 42), inParts)).toBeNull();
    expect(look(stuck.slice(42, 43), inParts)!.step).toBe(43);
    const { lossScale: _, skippedSteps: __, ...single } = one;
    expect(look([{ ...single, loss: null }])).toMatchObject({
      step: 9,
      remedies: [expect.any(String), 'set clipNorm'],
    });
  });
});
