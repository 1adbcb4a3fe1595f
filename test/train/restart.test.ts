import { expect, it } from 'vitest';
import { openDevice } from '#device';
import { DeviceLostError } from '../../src/base/errors.ts';
import { train, trainWithRestarts } from '../../src/run/training.ts';
import type { Device } from '../../src/tensor/device.ts';
import { checkpointFile } from '../../src/train/checkpoint.ts';
import type { TrainEvent } from '../../src/train/events.ts';
import { MemoryFiles, readText } from '../../src/train/runfiles.ts';
import { metricsFile, withoutTimings } from '../../src/train/runlog.ts';
import { plainKernels, tinyConfig, tinyData } from './tiny.ts';

const data = tinyData();
// Without a decoder there are few shaders to compile, once per device.
const config = tinyConfig({ tasks: ['location'], checkpointEvery: 2, validationFraction: 0 });

it('a run that loses its device goes on from the checkpoint and leaves the same bytes', async () => {
  const [whole, broken] = [new MemoryFiles(), new MemoryFiles()];
  const first = await openDevice(plainKernels);
  await train({ device: first, data, config, files: whole });
  const events: TrainEvent[] = [];
  const opened: Device[] = [];
  await trainWithRestarts({
    openDevice: async () => {
      if (opened.length > 0) opened.push(await openDevice(plainKernels));
      else opened.push(first);
      return opened.at(-1)!;
    },
    data,
    config,
    files: broken,
    restarts: 1,
    onProgress(event) {
      events.push(event);
      if (event.kind === 'steps' && event.metrics.step >= 3) first.gpu.destroy();
    },
  });
  expect(opened).toHaveLength(2);
  for (const device of opened) device.dispose();
  expect(events.filter(({ kind }) => kind === 'warning')).toHaveLength(1);
  const resumed = events.findLast((event) => event.kind === 'start')!;
  expect(resumed.step).toBeGreaterThanOrEqual(2);
  expect(broken.files.get(checkpointFile)).toEqual(whole.files.get(checkpointFile));
  const [a, b] = await Promise.all([whole, broken].map((files) => readText(files, metricsFile)));
  expect(withoutTimings(b!)).toBe(withoutTimings(a!));
});

it('a run whose devices are all lost ends with the error', async () => {
  const openLost = async (): Promise<Device> => {
    const device = await openDevice(plainKernels);
    device.dispose();
    return device;
  };
  const run = trainWithRestarts({
    openDevice: openLost,
    data,
    config,
    files: new MemoryFiles(),
    restarts: 1,
  });
  await expect(run).rejects.toThrow(DeviceLostError);
});
