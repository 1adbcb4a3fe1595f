/** @file Ranks in one process: that they come to what one does, whatever the task, and to the same bytes every time. */
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/base/errors.ts';
import type { PreparedData, PreparedImage } from '../../src/data/types.ts';
import type { StepMetrics } from '../../src/results/losses.ts';
import type { GivenConfig, TrainConfig } from '../../src/run/config.ts';
import { train } from '../../src/run/training.ts';
import { tasks } from '../../src/tasks/index.ts';
import { checkpointFile } from '../../src/train/checkpoint.ts';
import { shareOfBatch } from '../../src/train/comm.ts';
import type { TrainEvent } from '../../src/train/events.ts';
import { MemoryFiles } from '../../src/train/runfiles.ts';
import { metricsFile, readRecords } from '../../src/train/runlog.ts';
import { weightsFile } from '../../src/train/weightsfile.ts';
import { useDevice } from '../device.ts';
import { slow } from '../slow.ts';
import { memoryRanks } from './memorywire.ts';
import { plainKernels, type TrainingOptions, tinyConfig, tinyData } from './tiny.ts';

const device = useDevice(plainKernels);

/** Stacks of cines with masks and groups: something for every task. */
function everything(): PreparedData {
  const [size, subjects, slices, frames] = [24, 6, 9, 4];
  const count = (length: number) => [...Array(length).keys()];
  const images = count(subjects).flatMap((s) =>
    count(slices).flatMap((slice) =>
      count(frames).map(
        (frame): PreparedImage => ({
          ...{
            subject: `s${s}`,
            file: `s${s}/${slice}-${frame}`,
            view: 'short-axis',
            space: s,
            frame,
            slice,
          },
          location: slice / (slices - 1),
          lines: [
            [Math.cos(s + slice), Math.sin(s + slice), -6],
            s % 3 === 0 ? null : [Math.cos(s - slice), Math.sin(s - slice), -9],
          ],
          plane: {
            ...{ position: [0, 0, -8 * slice], rowDirection: [1, 0, 0], columnDirection: [0, 1, 0] },
            ...{ spacingMm: [8, 8], rows: size, columns: size },
          },
        }),
      ),
    ),
  );
  const pixels = Float32Array.from(
    { length: images.length * size * size },
    (_, i) => Math.sin(i * 0.37) + Math.cos(i * 0.0173),
  );
  const classOf = (value: number): number => (value > 0.8 ? 2 : Number(value > 0.2));
  // places whose class is not known are not as many on each rank
  const masks = Uint8Array.from(pixels, (value, i) => (i % 7 === 0 ? 255 : classOf(value)));
  const groups = Object.fromEntries(count(subjects).map((s) => [`s${s}`, s % 2 ? 'ill' : 'well']));
  return {
    pixels,
    masks,
    manifest: {
      ...{ format: 'planewise-prepared', version: 2, size, spacingMm: 8, targetView: 'short-axis' },
      ...{ referenceViews: ['2-chamber', '4-chamber'], classes: ['background', 'a', 'b'], dtype: 'f32' },
      ...{ skipped: [], images, groups },
    },
  };
}

interface Trained {
  readonly files: MemoryFiles;
  readonly metrics: StepMetrics[];
  readonly events: TrainEvent[];
}

/** Trains with so many ranks; rank 0's files are where a run goes on. */
async function trained(
  size: number,
  config: TrainConfig,
  data: PreparedData,
  { files = new MemoryFiles(), onProgress: tell, ...options }: Partial<TrainingOptions> = {},
): Promise<Trained> {
  const events: TrainEvent[] = [];
  const others = new MemoryFiles();
  const onProgress = (event: TrainEvent): void => {
    events.push(event);
    tell?.(event);
  };
  const one = { device: device(), data, config, ...options };
  const ranks = size === 1 ? [undefined] : memoryRanks(size);
  await Promise.all(
    ranks.map((comm) =>
      comm && comm.rank > 0
        ? train({ ...one, files: others, comm })
        : train({ ...one, files, onProgress, ...(comm && { comm }) }),
    ),
  );
  expect(others.files.size).toBe(0);
  const kept = files as MemoryFiles;
  return { files: kept, metrics: await readRecords<StepMetrics>(kept, metricsFile), events };
}

/** Largest difference of the losses from another run's, of these. */
function apart(a: readonly StepMetrics[], b: readonly StepMetrics[]): number {
  expect(a.map(({ step }) => step)).toEqual(b.map(({ step }) => step));
  return Math.max(...a.map(({ loss }, i) => Math.abs(loss! - b[i]!.loss!) / Math.abs(b[i]!.loss!)));
}

const synced = { syncBatchNorm: true };

describe('ranks', () => {
  // what a loss does with the rows of a batch, by kind: means over labels, classes and pixels, Dice, pairs of the batch
  const quick = ['classification', 'segmentation', 'contrastive'];
  const names = tasks.map(({ name }) => name).filter((name) => slow || quick.includes(name));
  it.each(names)('train %s as one process does, dropout and augmentation included', async (name) => {
    const data = everything();
    const given: GivenConfig = { size: data.manifest.size, tasks: [name], steps: 2, ...synced };
    const config = tinyConfig({ ...given, augmentation: { elasticPx: 0 } });
    const [one, two] = [await trained(1, config, data), await trained(2, config, data)];
    expect(apart(two.metrics, one.metrics)).toBeLessThan(1e-5);
  });

  it('have as many rows as others, or one more; with batch norm of the whole batch as many', () => {
    const share = { batch: 4, syncBatchNorm: false, gradientSums: 'f32' as const };
    const rows = [0, 1, 2].map((rank) => shareOfBatch({ rank, size: 3 }, share));
    expect(rows.map(({ first, count }) => [first, count])).toEqual([
      [0, 1],
      [1, 1],
      [2, 2],
    ]);
    expect(() => shareOfBatch({ rank: 0, size: 3 }, { ...share, ...synced })).toThrow(
      new ConfigError(
        'syncBatchNorm needs as many images on each rank, and batch is 4 on 3 ranks. Give a multiple of 3.',
      ),
    );
    expect(() => shareOfBatch({ rank: 0, size: 5 }, share)).toThrow(
      /batch is 4, which leaves some of 5 ranks/,
    );
  });

  it('send gradients as halves on request: losses of 20 steps within 0.2 %, and the same bytes twice', async () => {
    const data = tinyData();
    const given: GivenConfig = { steps: 20, validateEvery: 20, checkpointEvery: 20, ...synced };
    const halves = tinyConfig({ ...given, gradientSums: 'f16' });
    const [floats, once, again] = [
      await trained(2, tinyConfig(given), data),
      await trained(2, halves, data),
      await trained(2, halves, data),
    ];
    expect(apart(once.metrics, floats.metrics)).toBeLessThan(2e-3);
    expect(apart(once.metrics, floats.metrics)).toBeGreaterThan(0);
    expect(again.files.files.get(checkpointFile)).toEqual(once.files.files.get(checkpointFile));
    const { communicationMs, communicationWaitMs } = once.metrics.at(-1)!;
    expect(communicationMs).toBeGreaterThan(0);
    expect(communicationWaitMs).toBeLessThanOrEqual(communicationMs!);
  });

  it('of whom 4 leave a checkpoint go on as 2, to what 2 come to from the start', async () => {
    const data = tinyData();
    const config = tinyConfig({ batch: 4, ...synced });
    const whole = await trained(2, config, data);
    const stop = new AbortController();
    const onProgress = ({ kind }: TrainEvent) => kind === 'checkpoint' && stop.abort();
    const half = await trained(4, config, data, { signal: stop.signal, onProgress });
    expect(half.metrics.length).toBeLessThan(config.steps);
    const resumed = await trained(2, config, data, { files: half.files, resume: true });
    expect(apart(resumed.metrics, whole.metrics)).toBeLessThan(1e-5);
  });

  it('give the same bytes twice, and stopped and gone on with; with another number they go on, and say so', async () => {
    const data = tinyData();
    const config = tinyConfig();
    const whole = await trained(2, config, data);
    const stop = new AbortController();
    const half = await trained(2, config, data, {
      signal: stop.signal,
      onProgress: ({ kind }) => {
        if (kind === 'checkpoint') stop.abort();
      },
    });
    expect(half.metrics.length).toBeLessThan(config.steps);
    const copy = new MemoryFiles();
    for (const [name, bytes] of half.files.files) copy.files.set(name, bytes);
    const resumed = await trained(2, config, data, { files: half.files, resume: true });
    for (const name of [weightsFile, checkpointFile])
      expect(resumed.files.files.get(name)).toEqual(whole.files.files.get(name));
    const alone = await trained(1, config, data, { files: copy, resume: true });
    expect(alone.metrics).toHaveLength(config.steps);
    const notices = alone.events.flatMap((event) => (event.kind === 'notice' ? [event.message] : []));
    expect(notices.join()).toMatch(/2 ranks trained the run so far, and now 1: batch norm takes/);
  });
});
