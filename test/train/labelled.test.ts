/** @file Few labelled subjects: which are used, and that nothing else changes. */
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/base/errors.ts';
import { oneImage } from '../../src/data/input.ts';
import { isLabelled } from '../../src/data/sample.ts';
import { subjectsOf } from '../../src/data/split.ts';
import { type PreparedData, UNKNOWN } from '../../src/data/types.ts';
import type { GivenConfig } from '../../src/run/config.ts';
import { planRun } from '../../src/run/plan.ts';
import { train } from '../../src/run/training.ts';
import { changedKeys } from '../../src/train/changes.ts';
import { checkpointFile } from '../../src/train/checkpoint.ts';
import { splitOf, trainingImages, validationImages, withJoinedStreams } from '../../src/train/dataset.ts';
import type { TrainEvent } from '../../src/train/events.ts';
import { labelledText } from '../../src/train/labelled.ts';
import { MemoryFiles } from '../../src/train/runfiles.ts';
import { metricsFile, parseRecords, validationFile } from '../../src/train/runlog.ts';
import { weightsFile } from '../../src/train/weightsfile.ts';
import { useDevice } from '../device.ts';
import { plainKernels, type TrainingOptions, tinyConfig, tinyData } from './tiny.ts';

const device = useDevice(plainKernels);

/** Ten subjects, of which three have no mask of which anything is known. */
function masked(): PreparedData {
  const data = tinyData();
  const area = data.manifest.size ** 2;
  const masks = new Uint8Array(data.pixels.length).fill(UNKNOWN);
  for (const [i, { subject }] of data.manifest.images.entries())
    if (!['subject2', 'subject5', 'subject7'].includes(subject)) masks[i * area] = 1;
  return { ...data, manifest: { ...data.manifest, version: 2, classes: ['background', 'organ'] }, masks };
}

const splitFor = (data: PreparedData, given: GivenConfig) => {
  const config = tinyConfig({ tasks: ['segmentation'], ...given });
  return splitOf(data, config, planRun(config, data.manifest));
};

const split = (labelled: number | null, seed = 1) =>
  splitFor(masked(), { labelled, seed, testFraction: 0.2 });

describe('labelled', () => {
  it('takes so many training subjects with masks, those of fewer among those of more, by the seed', () => {
    const all = split(null);
    const known = all.train.filter((name) => !['subject2', 'subject5', 'subject7'].includes(name));
    for (let count = 1; count <= known.length; count++) {
      const { train, rest, ...held } = split(count);
      expect(held).toEqual({ validation: all.validation, test: all.test });
      expect([...train, ...rest!].sort()).toEqual([...all.train]);
      expect(train).toHaveLength(count);
      expect(known).toEqual(expect.arrayContaining([...train]));
      expect(train).toEqual(expect.arrayContaining([...split(Math.max(1, count - 1)).train]));
    }
    const seeds = [1, 2, 3, 4, 5, 6].map((seed) => split(2, seed).train.join());
    expect(new Set(seeds).size).toBeGreaterThan(2);
  });

  it('leaves tasks that need no masks every training subject, and the others images with masks alone', () => {
    const [data, own] = [masked(), split(2)];
    const subjects = (images: readonly number[]) =>
      [...new Set(images.map((index) => data.manifest.images[index]!.subject))].sort();
    const stream = (masks: boolean) => ({
      ...{ input: oneImage, tasks: [] },
      ...(masks && { labelled: isLabelled }),
    });
    expect(subjects(trainingImages(data, stream(true), own))).toEqual([...own.train]);
    expect(subjects(trainingImages(data, stream(false), own))).toEqual([...own.train, ...own.rest!].sort());
    const everyone = { train: subjectsOf(data), validation: subjectsOf(data), test: [] };
    const known = everyone.train.filter((name) => !['subject2', 'subject5', 'subject7'].includes(name));
    expect(subjects(trainingImages(data, stream(true), everyone))).toEqual(known);
    expect(subjects(validationImages(data, stream(true), everyone, 1000))).toEqual(known);
    const thin = validationImages(data, stream(true), everyone, 7);
    expect(thin).toHaveLength(7);
    expect(thin.every((index) => known.includes(data.manifest.images[index]!.subject))).toBe(true);
  });

  it('trains target and pretext together, the pretext on the others too, to the same bytes when resumed', async () => {
    const data = masked();
    const given: GivenConfig = {
      ...{ labelled: 2, steps: 4, checkpointEvery: 2, validateEvery: 2 },
      tasks: { segmentation: { weight: 1 }, location: { weight: 0.5 } },
    };
    const run = async (files: MemoryFiles, options: Partial<TrainingOptions> = {}) => {
      await train({ device: device(), data, config: tinyConfig(given), files, ...options });
      return files.files;
    };
    const whole = await run(new MemoryFiles());
    const record = parseRecords<Record<string, number>>(
      new TextDecoder().decode(whole.get(metricsFile)),
      metricsFile,
    ).at(-1)!;
    expect(record.loss).toBeCloseTo(record.segmentationLoss! + 0.5 * record.locationLoss!, 5);
    const [stop, files] = [new AbortController(), new MemoryFiles()];
    await run(files, {
      signal: stop.signal,
      onProgress: (event) => event.kind === 'checkpoint' && stop.abort(),
    });
    const resumed = await run(files, { resume: true });
    for (const name of [weightsFile, checkpointFile]) expect(resumed.get(name)).toEqual(whole.get(name));
  });

  /** Data whose validation subjects have no masks. */
  function unvalidated(): PreparedData {
    const data = masked();
    const { validation } = split(null);
    const area = data.manifest.size ** 2;
    const masks = data.masks!.slice();
    for (const [i, { subject }] of data.manifest.images.entries())
      if (validation.includes(subject)) masks.fill(UNKNOWN, i * area, (i + 1) * area);
    return { ...data, masks };
  }

  it('validates the tasks that it can, and says of which it cannot', async () => {
    const files = new MemoryFiles();
    const told: string[] = [];
    const config = tinyConfig({
      ...{ testFraction: 0.2, steps: 4, validateEvery: 2 },
      tasks: { segmentation: {}, location: {} },
    });
    const onProgress = (event: TrainEvent) => event.kind === 'warning' && told.push(event.message);
    const { best } = await train({ device: device(), data: unvalidated(), config, files, onProgress });
    expect(told).toEqual([
      'No image of the 2 validation subjects has what segmentation learns from, so validation says nothing of it.',
    ]);
    expect(best).not.toBeNull();
    const text = new TextDecoder().decode(files.files.get(validationFile));
    for (const row of parseRecords<Record<string, number>>(text, validationFile)) {
      expect(row.segmentationLoss).toBe(0);
      expect(row.loss).toBe(row.locationLoss);
    }
  });

  it('is one forward pass for tasks that draw the same images, as a run of before was', () => {
    const config = tinyConfig({ tasks: { orientation: {}, segmentation: {} } });
    const streams = (data: PreparedData) => {
      const plan = planRun(config, data.manifest);
      const own = splitOf(data, config, plan);
      return withJoinedStreams(data, plan, own, 100).streams.map(({ tasks }) =>
        tasks.map(({ task }) => task.name),
      );
    };
    expect(streams(masked())).toEqual([['orientation'], ['segmentation']]);
    const whole = { ...masked(), masks: masked().masks!.map(() => 1) };
    expect(streams(whole)).toEqual([['orientation', 'segmentation']]);
  });

  it('keeps the last weights where no validation subject has a mask, for no loss can choose', async () => {
    const files = new MemoryFiles();
    const config = tinyConfig({ testFraction: 0.2, steps: 4, validateEvery: 2, tasks: { segmentation: {} } });
    const { best } = await train({ device: device(), data: unvalidated(), config, files });
    expect(best).toBeNull();
    expect(files.files.has(validationFile)).toBe(false);
    expect(files.files.has(weightsFile)).toBe(true);
  });

  it('draws from every group its share, unless it is told not to', () => {
    const data = masked();
    const groups = Object.fromEntries(
      subjectsOf(data).map((name) => [name, ['subject0', 'subject9'].includes(name) ? 'rare' : 'usual']),
    );
    const whole = { ...data, masks: data.masks!.map(() => 1), manifest: { ...data.manifest, groups } };
    const none: GivenConfig = { validationFraction: 0, testFraction: 0, labelled: 5 };
    const rare = (given: GivenConfig) =>
      [1, 2, 3, 4, 5, 6, 7, 8].map(
        (seed) =>
          splitFor(whole, { ...none, ...given, seed }).train.filter((name) => groups[name] === 'rare').length,
      );
    expect(rare({})).toEqual(Array(8).fill(1));
    expect(new Set(rare({ stratify: false })).size).toBeGreaterThan(1);
    const config = tinyConfig({ labelled: 2 });
    const { stratify: _, labelledValidation: __, ...earlier } = config;
    expect(changedKeys(earlier, config)).toEqual(['stratify']);
    expect(changedKeys(earlier, { ...config, stratify: false })).toEqual([]);
    expect(changedKeys({ ...earlier, labelled: null }, { ...config, labelled: null })).toEqual([]);
  });

  it('counts who chooses the weights among the labelled where it is told how many', () => {
    const data = masked();
    const at = (labelled: number, labelledValidation: number) =>
      splitFor(data, { labelled, labelledValidation, testFraction: 0.2 });
    const all = split(null);
    const [three, counted, last] = [at(3, 0), at(3, 1), at(4, 0)];
    expect(three.validation).toEqual([]);
    expect(three.test).toEqual(all.test);
    expect([...counted.train, ...counted.validation].sort()).toEqual(three.train);
    expect(counted.validation).toHaveLength(1);
    expect(last.train).toEqual(expect.arrayContaining([...three.train]));
    for (const { train, validation, test, rest } of [three, counted, last])
      expect([...train, ...validation, ...test, ...rest!].sort()).toEqual(subjectsOf(data));
    const told = (given: GivenConfig) => {
      const config = tinyConfig({ tasks: ['segmentation'], testFraction: 0.2, ...given });
      const plan = planRun(config, data.manifest);
      return labelledText(data, splitOf(data, config, plan), config, plan);
    };
    expect(told({})).toBeNull();
    expect(told({ labelled: 2 })).toMatch(
      /^2 labelled subjects train, and (1 more with masks chooses|2 more with masks choose) the weights \(not counted/,
    );
    expect(told({ labelled: 3, labelledValidation: 1 })).toBe(
      '2 labelled subjects train, and 1 more with masks chooses the weights (3 in all)',
    );
    expect(told({ labelled: 1, labelledValidation: 0 })).toBe(
      '1 labelled subject trains, and none chooses the weights: the last are kept',
    );
  });

  it('refuses a count of validation subjects that says nothing or leaves nobody', () => {
    const none = { train: ['subject1'], validation: [], test: [] };
    expect(() => tinyConfig({ labelledValidation: 1 })).toThrow(/but labelled is not given/);
    expect(() => tinyConfig({ labelled: 2, labelledValidation: 2 })).toThrow(
      /labelledValidation is 2 of 2 labelled, which leaves nobody to train/,
    );
    expect(() => tinyConfig({ labelled: 2, labelledValidation: 1, subjects: none })).toThrow(
      /subjects names who validates/,
    );
    expect(() => tinyConfig({ labelled: 2, labelledValidation: 0, patience: 3 })).toThrow(
      /nobody is held out for validation/,
    );
  });

  it('is refused where it asks for more than there are, or where there are no masks', () => {
    const known = split(null).train.filter((name) => !['subject2', 'subject5', 'subject7'].includes(name));
    const message = `labelled is 7, but of the 6 training subjects ${known.length} have masks.`;
    expect(() => split(7)).toThrow(ConfigError);
    expect(() => split(7)).toThrow(message);
    const { masks: _, ...bare } = masked();
    expect(() => splitFor(bare, { labelled: 1 })).toThrow(/0 have masks/);
    expect(() => splitFor(masked(), { labelled: 1, tasks: ['location'] })).toThrow(
      /no task learns from masks/,
    );
  });

  it('counts subjects with groups for a task that learns from these, and with both where both are learnt from', () => {
    const data = masked();
    const groups = Object.fromEntries(
      ['1', '2', '3', '5', '8'].map((i) => [`subject${i}`, i > '2' ? 'b' : 'a']),
    );
    const grouped = { ...data, manifest: { ...data.manifest, groups } };
    const none: GivenConfig = { validationFraction: 0, testFraction: 0 };
    const most = (tasks: readonly string[], labelled: number) =>
      splitFor(grouped, { ...none, labelled, tasks }).train;
    expect(most(['classification'], 5)).toEqual(Object.keys(groups));
    expect(() => most(['classification'], 6)).toThrow(/of the 10 training subjects 5 have groups\./);
    expect(most(['segmentation', 'classification'], 3)).toEqual(['subject1', 'subject3', 'subject8']);
    expect(() => most(['segmentation', 'classification'], 4)).toThrow(/3 have masks and groups\./);
  });
});
