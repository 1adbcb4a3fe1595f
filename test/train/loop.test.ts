import { describe, expect, it } from 'vitest';
import { ConfigError, FileError } from '../../src/base/errors.ts';
import type { StepMetrics } from '../../src/results/losses.ts';
import { loadTrained } from '../../src/run/trained.ts';
import { train } from '../../src/run/training.ts';
import { checkpointFile, previousCheckpointFile } from '../../src/train/checkpoint.ts';
import { splitOf } from '../../src/train/dataset.ts';
import type { TrainEvent } from '../../src/train/events.ts';
import { MemoryFiles, readText } from '../../src/train/runfiles.ts';
import { metricsFile, parseRecords, validationFile, withoutTimings } from '../../src/train/runlog.ts';
import { traceFile } from '../../src/train/trace.ts';
import { weightsFile } from '../../src/train/weightsfile.ts';
import { useDevice } from '../device.ts';
import { plainKernels, type TrainingOptions, tinyConfig, tinyData } from './tiny.ts';

const device = useDevice(plainKernels);
const data = tinyData();

async function run(files: MemoryFiles, options: Partial<TrainingOptions> = {}): Promise<TrainEvent[]> {
  const events: TrainEvent[] = [];
  const onProgress = (event: TrainEvent): void => {
    events.push(event);
  };
  await train({ device: device(), data, config: tinyConfig(), files, onProgress, ...options });
  return events;
}

/** Everything a run leaves, wall-clock numbers taken out. */
async function leftBy(files: MemoryFiles): Promise<Record<string, unknown>> {
  return {
    names: [...files.files.keys()].sort(),
    weights: files.files.get(weightsFile),
    checkpoint: files.files.get(checkpointFile),
    validation: await readText(files, validationFile),
    metrics: withoutTimings((await readText(files, metricsFile))!),
  };
}

/** Trains until `step` steps are done, then stops. */
async function runUntil(
  files: MemoryFiles,
  step: number,
  options: Partial<TrainingOptions> = {},
): Promise<void> {
  const stop = new AbortController();
  const onProgress = (event: TrainEvent): void => {
    if (event.kind === 'steps' && event.metrics.step >= step) stop.abort();
  };
  await train({
    device: device(),
    data,
    config: tinyConfig(),
    files,
    ...options,
    onProgress,
    signal: stop.signal,
  });
}

let finished: Promise<Record<string, unknown>> | undefined;

/** What a run that was never disturbed leaves; trained once for all tests. */
function undisturbed(): Promise<Record<string, unknown>> {
  const files = new MemoryFiles();
  finished ??= run(files).then(() => leftBy(files));
  return finished;
}

describe('train', () => {
  it('lowers both losses and logs every step', async () => {
    const files = new MemoryFiles();
    await run(files, { config: tinyConfig({ steps: 30, learningRate: 1e-2, validateEvery: 30 }) });
    const metrics = parseRecords<StepMetrics>((await readText(files, metricsFile))!, metricsFile);
    expect(metrics.map(({ step }) => step)).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
    const keys = ['step', 'loss', 'orientationLoss', 'locationLoss', 'lr', 'imagesPerSecond'];
    expect(Object.keys(metrics[0]!)).toEqual(keys);
    const mean = (rows: StepMetrics[], key: 'orientationLoss' | 'locationLoss'): number =>
      rows.reduce((sum, row) => sum + row[key]!, 0) / rows.length;
    for (const key of ['orientationLoss', 'locationLoss'] as const)
      expect(mean(metrics.slice(-10), key), key).toBeLessThan(0.8 * mean(metrics.slice(0, 3), key));
  });

  it('weighs the losses of its tasks as the configuration says, in steps and validations', async () => {
    const files = new MemoryFiles();
    await run(files, {
      config: tinyConfig({ steps: 3, tasks: { orientation: { weight: 2 }, location: { weight: 0.25 } } }),
    });
    for (const name of [metricsFile, validationFile]) {
      const rows = parseRecords<StepMetrics>((await readText(files, name))!, name);
      expect(rows.length, name).toBeGreaterThan(0);
      for (const { loss, orientationLoss, locationLoss } of rows)
        expect(loss! / (2 * orientationLoss! + 0.25 * locationLoss!), name).toBeCloseTo(1, 5);
    }
  });

  it('validates when due, and keeps the weights of the lowest validation loss', async () => {
    const files = new MemoryFiles();
    const saved: number[] = [];
    const writing = Object.assign(Object.create(files) as MemoryFiles, {
      write: async (name: string, bytes: Uint8Array) => {
        if (name === weightsFile) saved.push(saved.length);
        await files.write(name, bytes);
      },
    });
    const events = await run(writing);
    const validations = events.flatMap((event) => (event.kind === 'validation' ? [event.metrics] : []));
    expect(validations.map(({ step }) => step)).toEqual([3, 6, 8]);
    const best = validations.filter((row) => row.best);
    expect(best.at(-1)!.loss).toBe(Math.min(...validations.map(({ loss }) => loss)));
    expect(saved).toHaveLength(best.length);
    expect(await leftBy(files)).toEqual(await undisturbed());
  });

  it('keeps the last weights where no validation loss is finite', async () => {
    const { manifest } = data;
    const pixels = data.pixels.slice();
    const { validation } = splitOf(data, tinyConfig(), { tasks: [] });
    const size = manifest.size ** 2;
    for (const [i, { subject }] of manifest.images.entries())
      if (validation.includes(subject)) pixels.fill(3e38, i * size, (i + 1) * size);
    const files = new MemoryFiles();
    const events = await run(files, { data: { manifest, pixels } });
    const validations = events.flatMap((event) => (event.kind === 'validation' ? [event.metrics] : []));
    for (const { loss, best } of validations) expect([Number.isFinite(loss), best]).toEqual([false, false]);
    const warnings = events.flatMap((event) => (event.kind === 'warning' ? [event.message] : []));
    expect(warnings).toEqual([expect.stringMatching(/No validation loss was finite/)]);
    const { network, info } = await loadTrained(device(), files.files.get(weightsFile)!, weightsFile);
    expect(info.steps).toBe(8);
    network.dispose();
  });

  it('leaves the same bytes when stopped and resumed', async () => {
    const files = new MemoryFiles();
    await runUntil(files, 4);
    const [start] = await run(files, { resume: true });
    expect(start).toMatchObject({ kind: 'start', steps: 8 });
    expect((start as { step: number }).step).toBeGreaterThanOrEqual(4);
    expect((start as { step: number }).step).toBeLessThan(8);
    expect(await leftBy(files)).toEqual(await undisturbed());
  });

  it('profiles its step after all is saved, so that a profile changes no byte of the run', async () => {
    const files = new MemoryFiles();
    const events = await run(files, { profile: true });
    expect(events[0]).toMatchObject({ kind: 'start', facts: { launches: expect.any(Number) } });
    const { facts } = events[0] as Extract<TrainEvent, { kind: 'start' }>;
    expect(facts.memory.plannedBytes).toBeLessThan(facts.memory.unplannedBytes);
    const trace = await readText(files, traceFile);
    files.files.delete(traceFile);
    expect(await leftBy(files)).toEqual(await undisturbed());
    const last = events.at(-1)!;
    if (!device().caps.timestamps) {
      expect(last).toMatchObject({ kind: 'warning' });
      return;
    }
    const { rows } = last as Extract<TrainEvent, { kind: 'profile' }>;
    expect(rows.reduce((sum, { launches }) => sum + launches, 0)).toBe(facts.launches);
    expect(rows.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 6);
    const { traceEvents } = JSON.parse(trace!) as { traceEvents: { ph: string }[] };
    expect(traceEvents.filter(({ ph }) => ph === 'X')).toHaveLength(facts.launches);
  });

  it('goes on from the previous checkpoint, with a warning, when the last one is cut short', async () => {
    const files = new MemoryFiles();
    await run(files);
    files.files.set(checkpointFile, files.files.get(checkpointFile)!.slice(0, -100));
    const events = await run(files, { resume: true });
    const warning = events.find((event) => event.kind === 'warning')!;
    expect(warning.message).toContain(checkpointFile);
    expect(warning.message).toContain('step 6');
    expect(await leftBy(files)).toEqual(await undisturbed());
    for (const name of [checkpointFile, previousCheckpointFile])
      files.files.set(name, files.files.get(name)!.slice(0, 40));
    await expect(run(files, { resume: true })).rejects.toThrow(FileError);
  });

  it('refuses to resume with other settings or other data, naming what differs', async () => {
    const files = new MemoryFiles();
    await runUntil(files, 1);
    const resume = (options: Partial<TrainingOptions>) => run(files, { ...options, resume: true });
    await expect(resume({ config: tinyConfig({ batch: 2 }) })).rejects.toThrow(/batch was 4, is 2/);
    const { manifest, pixels } = data;
    const fewer = { manifest: { ...manifest, images: manifest.images.slice(0, -1) }, pixels };
    await expect(resume({ data: fewer })).rejects.toThrow(/other data/);
  });

  it('keeps earlier files whole when the medium is full, and can go on later', async () => {
    const files = new MemoryFiles();
    await runUntil(files, 4);
    const before = files.files.get(checkpointFile)!;
    const full = Object.assign(Object.create(files) as MemoryFiles, {
      write: async (name: string) => {
        throw new FileError(name, 'could not be written: the disk is full', 'Free some space.');
      },
    });
    await expect(run(full, { resume: true })).rejects.toThrow(/disk is full/);
    expect(files.files.get(checkpointFile)).toEqual(before);
    await run(files, { resume: true });
    expect(await leftBy(files)).toEqual(await undisturbed());
  });

  it('trains one task alone, and refuses a task whose labels are missing', async () => {
    for (const task of ['orientation', 'location'] as const) {
      const files = new MemoryFiles();
      await run(files, { config: tinyConfig({ tasks: [task], steps: 1 }) });
      const [first] = parseRecords<StepMetrics>((await readText(files, metricsFile))!, metricsFile);
      expect(first![`${task}Loss`]).toBe(first!.loss);
      expect(Object.keys(first!)).toEqual(['step', 'loss', `${task}Loss`, 'lr', 'imagesPerSecond']);
    }
    const { manifest, pixels } = data;
    const images = manifest.images.map((image) => ({ ...image, location: null }));
    const unlabelled = { manifest: { ...manifest, images }, pixels };
    await expect(run(new MemoryFiles(), { data: unlabelled })).rejects.toThrow(ConfigError);
  });
});
