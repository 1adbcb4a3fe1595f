/** @file A short try of a training step, on a few phantom subjects in memory: what a step costs before anything has run. */
import { ConfigError } from '../../base/errors.ts';
import { phantomTraits } from '../../data/phantom/names.ts';
import { anatomies, PHANTOM_ANATOMIES, type PhantomAnatomy, phantomSources } from '../../data/phantom.ts';
import { createSampler } from '../../data/sampler.ts';
import { openFiles } from '../../data/sources/open.ts';
import type { TrainingData } from '../../data/types.ts';
import { isBodyPlane } from '../../data/viewnames.ts';
import type { Device } from '../../tensor/device.ts';
import { trialSteps } from '../../train/pace.ts';
import type { Plan } from '../../train/plan.ts';
import { Trainer } from '../../train/trainer.ts';
import { annotationsOf, type RunConfig, trainConfigOf } from '../config.ts';
import { planRun } from '../plan.ts';

const SUBJECTS = 2;
/** Of the cohort of this seed the first two knees differ in every label. */
const SEED = 2;

interface Trial {
  readonly data: TrainingData;
  readonly plan: Plan;
}

async function trialOn(config: RunConfig, anatomy: PhantomAnatomy): Promise<Trial> {
  const { size, spacingMm, phantom, target } = config;
  const { layouts, encode, shared } = anatomies[anatomy];
  const { targetView, beats } = phantomTraits[anatomy];
  const source = layouts[annotationsOf(config).length > 0 ? 1 : 0];
  const options = { difficulty: phantom.difficulty, size: phantom.size };
  const cohort = {
    ...{ seed: SEED, subjects: SUBJECTS, ...options },
    ...(beats && { phases: 1 }),
  };
  const own = Array.from({ length: SUBJECTS }, (_, index) => encode(cohort, index, [source]));
  const { data } = await openFiles(phantomSources([...own.flat(), ...shared(cohort, [source])]), {
    ...{ source, size, spacingMm },
    ...(targetView !== null && { targetView: isBodyPlane(target) ? target! : targetView }),
  });
  return { data, plan: planRun(config, data.manifest) };
}

/** Phantom subjects that have what the tasks learn from: those that the configuration names, else whichever do. */
async function trialOf(config: RunConfig): Promise<Trial> {
  const { data, phantom, target } = config;
  if (data === null) return trialOn(config, phantom.anatomy);
  const likely = isBodyPlane(target) ? [...PHANTOM_ANATOMIES].reverse() : PHANTOM_ANATOMIES;
  const problems: ConfigError[] = [];
  for (const anatomy of likely) {
    try {
      return await trialOn(config, anatomy);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      problems.push(error);
    }
  }
  throw new ConfigError(
    `What a step costs cannot be tried: phantom subjects do not have what the tasks learn from. ${problems[0]!.message}`,
    { cause: problems[0] },
  );
}

/** Seconds of a training step of a configuration on a device, its kernels compiled; without validation and evaluation. */
export async function secondsPerStep(device: Device, config: RunConfig): Promise<number> {
  const { data, plan } = await trialOf(config);
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
      await trainer.train(
        step,
        samplers.map((sampler) => sampler.batch(step - 1)),
      );
    await trainer.losses(from, from + count - 1)();
  };
  try {
    await trainer.prepare();
    const { first, timed } = trialSteps;
    await run(1, first);
    const started = performance.now();
    await run(1 + first, timed);
    return (performance.now() - started) / 1000 / timed;
  } finally {
    trainer.dispose();
  }
}
