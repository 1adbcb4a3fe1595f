import { describe, expect, it } from 'vitest';
import { decodeSafetensors } from '../../src/models/safetensors.ts';
import { ConfigError, DeviceError, TrainingError } from '../../src/tensor/errors.ts';
import { checkpointFile } from '../../src/train/checkpoint.ts';
import { changedKeys } from '../../src/train/config.ts';
import type { TrainEvent, TrainOptions } from '../../src/train/events.ts';
import { expectFinite } from '../../src/train/finite.ts';
import { train } from '../../src/train/loop.ts';
import { MemoryFiles, readText } from '../../src/train/runfiles.ts';
import { metricsFile, parseRecords, type StepMetrics, withoutTimings } from '../../src/train/runlog.ts';
import { useDevice } from '../device.ts';
import { hasHalf } from '../half.ts';
import { plainKernels, tinyConfig, tinyData } from './tiny.ts';

const device = useDevice(plainKernels);
const data = tinyData();
const config = tinyConfig({ precision: 'mixed' });

function run(files: MemoryFiles, options: Partial<TrainOptions> = {}) {
  return train({ device: device(), data, config, files, ...options });
}

async function metricsIn(files: MemoryFiles): Promise<StepMetrics[]> {
  return parseRecords<StepMetrics>((await readText(files, metricsFile))!, metricsFile);
}

/** Stops a run once `step` steps are done. */
function stopAt(step: number): Partial<TrainOptions> {
  const stop = new AbortController();
  const onProgress = (event: TrainEvent): void => {
    if (event.kind === 'steps' && event.metrics.step >= step) stop.abort();
  };
  return { onProgress, signal: stop.signal };
}

const one: StepMetrics = {
  ...{ step: 9, loss: 1, orientationLoss: 1, locationLoss: null, lr: 0.1, imagesPerSecond: 1 },
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
        last.push(metrics.slice(-10).reduce((sum, { loss }) => sum + loss / 10, 0));
        const keys = precision === 'mixed' ? ['lossScale', 'skippedSteps'] : [];
        expect(Object.keys(metrics[0]!).slice(4)).toEqual([...keys, 'lr', 'imagesPerSecond']);
        if (precision === 'f32') continue;
        for (const { lossScale, skippedSteps } of metrics) expect(lossScale).toBe(65536 / 2 ** skippedSteps!);
      }
      expect(Math.abs(last[1]! / last[0]! - 1)).toBeLessThan(0.1);
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

  it('ends with an error that says what helps where every scale overflows, or the loss does', () => {
    expect(() => expectFinite([{ ...one, lossScale: 1 }])).not.toThrow();
    expect(() => expectFinite([one])).toThrow(TrainingError);
    expect(() => expectFinite([one])).toThrow(/step 9.*27 steps skipped.*precision f32/);
    expect(() => expectFinite([{ ...one, loss: Number.NaN }])).toThrow(
      /step 9.*clipNorm or train with precision f32/,
    );
  });
});
