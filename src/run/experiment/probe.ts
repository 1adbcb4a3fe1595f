/** @file A short try of a training step, on a few phantom hearts in memory: what a step costs before anything has run. */
import { encodePhantomSubject, phantomSources, phantomSubject } from '../../data/phantom.ts';
import { createSampler } from '../../data/sampler.ts';
import { openFiles } from '../../data/sources/open.ts';
import type { PreparedData } from '../../data/types.ts';
import type { Device } from '../../tensor/device.ts';
import { Trainer } from '../../train/trainer.ts';
import { annotationsOf, type RunConfig, trainConfigOf } from '../config.ts';
import { planRun } from '../plan.ts';

const [SUBJECTS, FIRST, TIMED] = [2, 2, 4];

async function hearts(config: RunConfig): Promise<PreparedData> {
  const { size, spacingMm, phantom } = config;
  const options = { difficulty: phantom.difficulty, phases: 1, size: phantom.size };
  const files = Array.from({ length: SUBJECTS }, (_, i) =>
    encodePhantomSubject(phantomSubject(1, i, options)),
  );
  const { data } = await openFiles(phantomSources(files.flat()), {
    source: annotationsOf(config).length > 0 ? 'acdc' : 'dicom',
    ...{ size, spacingMm },
  });
  return data;
}

/** Seconds of a training step of a configuration on a device, its kernels compiled; without validation and evaluation. */
export async function secondsPerStep(device: Device, config: RunConfig): Promise<number> {
  const data = await hearts(config);
  const plan = planRun(config, data.manifest);
  const train = trainConfigOf({ ...config, freeze: 'none' });
  const { batch, seed, epoch, augmentation } = train;
  const samplers = plan.streams.map(({ input, tasks }) =>
    createSampler(data, {
      batch,
      seed,
      epoch,
      augmentation,
      input,
      labellers: tasks.map(({ part }) => part),
    }),
  );
  const trainer = new Trainer(device, train, plan, config.size);
  const run = async (from: number, count: number): Promise<void> => {
    for (let step = from; step < from + count; step++)
      trainer.train(
        step,
        samplers.map((sampler) => sampler.batch(step - 1)),
      );
    await trainer.losses(from, from + count - 1)();
  };
  try {
    await trainer.prepare();
    await run(1, FIRST);
    const started = performance.now();
    await run(1 + FIRST, TIMED);
    return (performance.now() - started) / 1000 / TIMED;
  } finally {
    trainer.dispose();
  }
}
