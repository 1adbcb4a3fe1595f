/** @file Augmentation in training: what it changes of images and labels, what it must not, and that runs repeat. */
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/base/errors.ts';
import { changesOf } from '../../src/data/appearance.ts';
import { oneImage } from '../../src/data/input.ts';
import { createSampler } from '../../src/data/sampler.ts';
import { type GivenConfig, resolveConfig, trainConfigOf } from '../../src/run/config.ts';
import { planRun } from '../../src/run/plan.ts';
import { train } from '../../src/run/training.ts';
import { checkpointFile } from '../../src/train/checkpoint.ts';
import { checkData, splitOf } from '../../src/train/dataset.ts';
import type { TrainEvent } from '../../src/train/events.ts';
import { MemoryFiles } from '../../src/train/runfiles.ts';
import { metricsFile, withoutTimings } from '../../src/train/runlog.ts';
import { StreamInputs } from '../../src/train/streaminputs.ts';
import { useDevice } from '../device.ts';
import { maskedConfig, maskedData } from './masked.ts';
import { plainKernels, tinyConfig, tinyData } from './tiny.ts';

const device = useDevice(plainKernels);
const data = maskedData();

const looks = { blurPx: 1, noise: 0.3, biasField: 0.3, contrast: [0.7, 1.3], gamma: [0.7, 1.5] } as const;
const everything: GivenConfig = { augmentation: { ...looks, elasticPx: 1 } };

/** Images and class numbers that a training step begins with. */
async function begun(augmentation: GivenConfig['augmentation']) {
  const flat = { rotationDeg: 0, scale: [1, 1], shiftPx: 0, gain: [1, 1], offset: 0 } as const;
  const config = maskedConfig({ augmentation: { ...flat, ...augmentation } });
  const { tasks } = planRun(config, data.manifest);
  const [{ part }] = tasks as [(typeof tasks)[number]];
  const stream = { input: oneImage, tasks };
  const sampler = createSampler(data, {
    batch: 4,
    seed: 2,
    epoch: 'all',
    augmentation: config.augmentation,
    labellers: [part],
  });
  const inputs = new StreamInputs(device(), stream, 4, 16);
  inputs.write(sampler.batch(0));
  const { images, at } = inputs.moved(changesOf(config.augmentation));
  const read = [...(await images.read())];
  const labels = [...(await at(part.fields[0]!).read())];
  const still = [...(await inputs.still().images.read())];
  inputs.dispose();
  return { images: read, labels, still, stored: [...sampler.batch(0).images] };
}

describe('augmentation in training', () => {
  it('changes images and never labels, but for where a displacement takes both', async () => {
    const before = await begun({});
    for (const [key, value] of Object.entries(looks)) {
      const after = await begun({ [key]: value });
      expect(after.images, key).not.toEqual(before.images);
      expect(after.labels, key).toEqual(before.labels);
    }
    const bent = await begun({ elasticPx: 1 });
    expect(bent.images).not.toEqual(before.images);
    expect(bent.labels).not.toEqual(before.labels);
    // the bright line is still where its label says
    const agree = (one: typeof bent) =>
      one.labels.filter((v, i) => v === Number(one.images[i]! > 0.2)).length / one.labels.length;
    expect(agree(before)).toBe(1);
    expect(agree(bent)).toBeGreaterThan(0.95);
  });

  it('is in the training step: each change alone gives other losses, which stay finite', async () => {
    const losses = async (augmentation: GivenConfig['augmentation']) => {
      const found: number[] = [];
      const onProgress = (event: TrainEvent) => {
        if (event.kind === 'steps') found.push(event.metrics.loss!);
      };
      const config = maskedConfig({ steps: 2, augmentation: augmentation });
      await train({ device: device(), data, config, files: new MemoryFiles(), onProgress });
      return found.at(-1)!;
    };
    const changes = Object.entries({ ...looks, elasticPx: 1 }).map(([key, value]) => ({ [key]: value }));
    const all = [await losses({})];
    for (const change of changes) all.push(await losses(change));
    expect(all.every(Number.isFinite)).toBe(true);
    expect(new Set(all).size).toBe(all.length);
  });

  it('is in no validation or evaluation, whatever the batch says', async () => {
    const { still, stored } = await begun(everything.augmentation);
    expect(still).toEqual(stored);
  });

  it('goes on after a stop to the same bytes', async () => {
    const config = maskedConfig(everything);
    const whole = new MemoryFiles();
    await train({ device: device(), data, config, files: whole });
    const parts = new MemoryFiles();
    const stop = new AbortController();
    const onProgress = (event: TrainEvent) => {
      if (event.kind === 'steps' && event.metrics.step >= 3) stop.abort();
    };
    const first = await train({
      device: device(),
      data,
      config,
      files: parts,
      onProgress,
      signal: stop.signal,
    });
    expect(first.stopped).toBe(true);
    await train({ device: device(), data, config, files: parts, resume: true });
    expect(parts.files.get(checkpointFile)).toEqual(whole.files.get(checkpointFile));
    const log = (files: MemoryFiles) =>
      withoutTimings(new TextDecoder().decode(files.files.get(metricsFile)));
    expect(log(parts)).toBe(log(whole));
  });

  it('refuses to bend what lines are learnt from, and to fold images', () => {
    const elastic = (elasticPx: number) => ({ augmentation: { elasticPx } });
    const check = (of: typeof data, config: ReturnType<typeof tinyConfig>) => () =>
      checkData(of, planRun(config, of.manifest), splitOf(of, config, { tasks: [] }), config.augmentation);
    const tiny = tinyData();
    expect(check(tiny, tinyConfig(elastic(1)))).toThrow(ConfigError);
    expect(check(tiny, tinyConfig(elastic(1)))).toThrow(
      'augmentation.elasticPx is 1, but the labels of task orientation follow straight lines',
    );
    expect(check(tiny, tinyConfig({ ...elastic(1), tasks: ['anatomicalPosition'] }))).toThrow(
      'the labels of task anatomicalPosition follow straight lines',
    );
    expect(check(tiny, tinyConfig({ ...elastic(1), tasks: ['location'] }))).not.toThrow();
    expect(check(tiny, tinyConfig())).not.toThrow();
    expect(check(data, maskedConfig(elastic(1)))).not.toThrow();
    expect(check(data, maskedConfig(elastic(1.5)))).toThrow('may fold images of 16 px. Take 1 at most');
  });

  it('is off by default in every preset', () => {
    for (const preset of ['small', 'zhang2024', 'finetune', 'acdc'] as const) {
      const { augmentation } = trainConfigOf(resolveConfig({ preset }));
      expect(changesOf(augmentation)).toEqual({
        blur: false,
        noise: false,
        intensity: false,
        elastic: false,
      });
    }
  });
});
