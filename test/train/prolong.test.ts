/** @file Runs that are to be longer: what becomes of the learning rate's schedule. */
import { describe, expect, it } from 'vitest';
import { decodeSafetensors } from '../../src/models/safetensors.ts';
import { decodeWeights } from '../../src/models/weights.ts';
import type { StepMetrics } from '../../src/results/losses.ts';
import type { GivenConfig } from '../../src/run/config.ts';
import { train } from '../../src/run/training.ts';
import { checkpointFile } from '../../src/train/checkpoint.ts';
import type { TrainEvent } from '../../src/train/events.ts';
import { MemoryFiles } from '../../src/train/runfiles.ts';
import { metricsFile, readRecords } from '../../src/train/runlog.ts';
import { weightsFile } from '../../src/train/weightsfile.ts';
import { useDevice } from '../device.ts';
import { plainKernels, type TrainingOptions, tinyConfig, tinyData } from './tiny.ts';

const device = useDevice(plainKernels);
const data = tinyData();

async function run(files: MemoryFiles, given: GivenConfig, options: Partial<TrainingOptions> = {}) {
  const events: TrainEvent[] = [];
  const onProgress = (event: TrainEvent): void => void events.push(event);
  await train({ device: device(), data, config: tinyConfig(given), files, onProgress, ...options });
  const rates = (await readRecords<StepMetrics>(files, metricsFile)).map(({ lr }) => lr);
  const notices = events.flatMap((event) => (event.kind === 'notice' ? [event.message] : []));
  return { rates, notices };
}

const lastly = (files: MemoryFiles) => decodeSafetensors(files.files.get(checkpointFile)!, 'x').tensors;

describe('a run that is to be longer', () => {
  it('goes on at a constant rate, to the bytes of one that was as long from the start, and says so', async () => {
    const [files, whole] = [new MemoryFiles(), new MemoryFiles()];
    const constant: GivenConfig = { schedule: 'constant', warmup: 2 };
    expect((await run(files, { ...constant, steps: 3 })).notices).toEqual([]);
    const longer = await run(files, { ...constant, steps: 6 }, { resume: true });
    expect(longer.notices).toEqual([
      'The run ends at step 6 now instead of 3; its schedule is constant, so the learning rate stays 0.003.',
    ]);
    expect(longer.rates).toEqual([0.001, 0.002, 0.003, 0.003, 0.003, 0.003]);
    await run(whole, { ...constant, steps: 6 });
    expect(lastly(files)).toEqual(lastly(whole));
    expect(files.files.get(weightsFile)).toEqual(whole.files.get(weightsFile));
  });

  it('of another schedule is refused, with what to do: begin anew from its weights', async () => {
    const files = new MemoryFiles();
    const { rates } = await run(files, { schedule: 'cosine', steps: 3 });
    for (const schedule of ['cosine', 'step', 'halving'] as const) {
      const own = schedule === 'cosine' ? files : new MemoryFiles();
      if (own !== files) await run(own, { schedule, steps: 3 });
      const longer = run(own, { schedule, steps: 6 }, { resume: true });
      await expect(longer, schedule).rejects.toThrow(
        new RegExp(
          `steps was 3, is 6\\. With schedule ${schedule} .*start a new run from its weights \\(init\\)`,
        ),
      );
    }
    const { state } = await decodeWeights(files.files.get(weightsFile)!, weightsFile);
    const next = new MemoryFiles();
    const begun = await run(next, { schedule: 'cosine', steps: 6 }, { init: { file: 'before', state } });
    expect(begun.rates[0]).toBe(rates[0]);
    expect(begun.rates).toHaveLength(6);
  });
});
