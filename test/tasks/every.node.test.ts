/** @file What holds for every task there is: the same bytes from the same seed, resumed too, and no crash on data that lack much. */
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/base/errors.ts';
import { createSampler } from '../../src/data/sampler.ts';
import { imagesOf } from '../../src/data/split.ts';
import type { PreparedData } from '../../src/data/types.ts';
import { decodeWeights } from '../../src/models/weights.ts';
import { planRun } from '../../src/run/plan.ts';
import { train } from '../../src/run/training.ts';
import { tasks } from '../../src/tasks/index.ts';
import type { Task } from '../../src/tasks/task.ts';
import { checkpointFile } from '../../src/train/checkpoint.ts';
import { checkData, noticesOf, splitOf, trainingImages, trainingSamples } from '../../src/train/dataset.ts';
import { judgeImages } from '../../src/train/judge.ts';
import { loadNetwork } from '../../src/train/network.ts';
import type { PlannedTask } from '../../src/train/plan.ts';
import { MemoryFiles, readText } from '../../src/train/runfiles.ts';
import { metricsFile, withoutTimings } from '../../src/train/runlog.ts';
import { weightsFile } from '../../src/train/weightsfile.ts';
import { useDevice } from '../device.ts';
import { slow } from '../slow.ts';
import { plainKernels } from '../train/tiny.ts';
import { type Cohort, cohortOf, configOf, rich } from './every.ts';

const device = useDevice(plainKernels);

describe('every task', () => {
  const data = cohortOf(rich);

  it.each(tasks)('$name: gives the same bytes again, stopped halfway too', async (task) => {
    const config = configOf([task], 4);
    const [whole, halves, stop] = [new MemoryFiles(), new MemoryFiles(), new AbortController()];
    const run = (files: MemoryFiles, options: object = {}) =>
      train({ device: device(), data, config, files, ...options });
    await run(whole);
    const onProgress = ({ kind }: { kind: string }) => kind === 'checkpoint' && stop.abort();
    expect(await run(halves, { signal: stop.signal, onProgress })).toMatchObject({ step: 2, stopped: true });
    expect(await run(halves, { resume: true })).toMatchObject({ step: 4, stopped: false });
    for (const file of [weightsFile, checkpointFile])
      expect(halves.files.get(file), file).toEqual(whole.files.get(file));
    const [one, other] = await Promise.all([whole, halves].map((files) => readText(files, metricsFile)));
    expect(withoutTimings(other!)).toBe(withoutTimings(one!));
  });
});

describe('data that lack much', () => {
  const few = { subjects: 2, slices: 3, phases: 3 };
  const cohorts: Readonly<Record<string, Cohort>> = {
    'one image': { subjects: 1, slices: 1, phases: 1 },
    'one subject': { ...rich, subjects: 1 },
    'one slice': { ...few, slices: 1 },
    'two slices in one phase': { ...few, slices: 2, phases: 1 },
    'no annotation': { ...few, annotated: false },
    'blank images': { ...few, blank: true },
  };

  /** Tasks that have what they need, whose examples can be made; the others must have said what is missing. */
  function ableOn(data: PreparedData): Task[] {
    return tasks.filter((task) => {
      const config = configOf([task], 2);
      try {
        const plan = planRun(config, data.manifest);
        const split = splitOf(data, config, plan);
        checkData(data, plan, split, config.augmentation);
        noticesOf(data, plan, split);
        for (const stream of plan.streams) {
          const labellers = stream.tasks.map(({ part }) => part);
          const images = trainingImages(data, stream, split);
          createSampler(data, { batch: 4, epoch: 'all', input: stream.input, labellers, images }).batch(0);
        }
        return true;
      } catch (error) {
        expect(error, task.name).toBeInstanceOf(ConfigError);
        expect((error as Error).message).toMatch(new RegExp(`^Task ${task.name}: .*\\. [A-Z].*\\.$`));
        return false;
      }
    });
  }

  it.each(Object.entries(cohorts))('%s: each task says what is missing, or makes examples', (_, cohort) => {
    const able = ableOn(cohortOf(cohort));
    expect(able.length).toBeGreaterThan(0);
    expect(able.length).toBeLessThan(cohort.blank ? tasks.length + 1 : tasks.length);
  });

  // all in one network, whose shaders take long
  const slowly = it.runIf(slow).each(Object.entries(cohorts));
  slowly('%s: what makes examples trains and is judged', { timeout: 600_000 }, async (_, cohort) => {
    const data = cohortOf(cohort);
    const config = configOf(ableOn(data), 2);
    const files = new MemoryFiles();
    const { split } = await train({ device: device(), data, config, files });
    const plan = planRun(config, data.manifest);
    const { state } = decodeWeights(files.files.get(weightsFile)!, weightsFile);
    using network = loadNetwork(device(), plan, state);
    const training = (planned: PlannedTask) => trainingSamples(data, planned, split);
    const indices = imagesOf(data, split.train).slice(0, 4);
    const options = { batch: 3, show: [0], training };
    const { verdicts } = await judgeImages(network, data, plan.tasks, indices, options);
    for (const { key, value, trivial } of verdicts.flatMap(({ results }) => results))
      for (const figure of [value, trivial])
        if (figure !== null) expect(figure, key).toSatisfy(Number.isFinite);
  });
});
