/** @file Who trains, validates and tests: named, by folds, and as a run's split.json keeps it. */
import { describe, expect, it } from 'vitest';
import { ConfigError, FileError } from '../../src/base/errors.ts';
import { type Split, subjectsOf } from '../../src/data/split.ts';
import type { PreparedData } from '../../src/data/types.ts';
import type { GivenConfig, TrainConfig } from '../../src/run/config.ts';
import { planRun } from '../../src/run/plan.ts';
import { train } from '../../src/run/training.ts';
import { splitOf } from '../../src/train/dataset.ts';
import { MemoryFiles } from '../../src/train/runfiles.ts';
import { expectKept, keepSplit, splitFile, splitRecord } from '../../src/train/splitfile.ts';
import { useDevice } from '../device.ts';
import { maskedData } from './masked.ts';
import { plainKernels, tinyConfig, tinyData } from './tiny.ts';

const splitFor = (data: PreparedData, given: GivenConfig): Split => {
  const config = tinyConfig(given);
  return splitOf(data, config, planRun(config, data.manifest));
};

/** Without the images of some. */
function without(data: PreparedData, ...gone: string[]): PreparedData {
  const { manifest, pixels } = data;
  const kept = manifest.images.flatMap(({ subject }, i) => (gone.includes(subject) ? [] : [i]));
  const area = manifest.size ** 2;
  const parts = kept.flatMap((i) => [...pixels.subarray(i * area, (i + 1) * area)]);
  return {
    manifest: { ...manifest, images: kept.map((i) => manifest.images[i]!) },
    pixels: Float32Array.from(parts),
  };
}

const names = subjectsOf(tinyData());
const [first, second, third] = names as [string, string, string];

describe('subjects that are named', () => {
  const parts = (subjects: TrainConfig['subjects']) =>
    splitFor(tinyData(), { validationFraction: 0.3, testFraction: 0.3, subjects, tasks: ['location'] });

  it('train, validate and test as they are named, whatever the fractions say', () => {
    const subjects = { train: [third, first], validation: [], test: [second] };
    expect(parts(subjects)).toEqual({ train: [first, third].sort(), validation: [], test: [second] });
    expect(parts(null).test).not.toEqual([]);
  });

  it('are refused where they are unknown, have two places, or nobody trains', () => {
    const none = { train: [], validation: [], test: [] };
    expect(() => parts({ ...none, train: ['nobody'] })).toThrow(
      /^subjects names nobody, whom the data do not/,
    );
    expect(() => parts({ ...none, train: [first], test: [first] })).toThrow(
      `subjects names ${first} twice, in train and in test.`,
    );
    expect(() => parts({ ...none, train: [first], rest: [first] })).toThrow(/twice, in train and in rest/);
    expect(() => parts(none)).toThrow(/^subjects: train is empty/);
  });

  it('are divided as few labelled ones were, where the rest is named too', () => {
    const data = maskedData();
    const drawn = splitFor(data, { tasks: ['segmentation', 'location'], labelled: 3 });
    expect(drawn.rest!.length).toBeGreaterThan(0);
    const again = splitFor(data, { tasks: ['segmentation', 'location'], subjects: drawn });
    expect(again).toEqual(drawn);
    expect(() => tinyConfig({ labelled: 2, subjects: drawn })).toThrow(
      /subjects\.rest names who trains without/,
    );
  });
});

describe('folds', () => {
  it('test every subject once, differ with the seed, and leave a share of the others to validate', () => {
    const fold = (k: number, seed = 1) => splitFor(tinyData(), { fold: `${k}/4`, seed });
    const parts = [1, 2, 3, 4].map((k) => fold(k));
    expect(parts.flatMap(({ test }) => test).sort()).toEqual([...names].sort());
    for (const { train: own, validation, test } of parts) {
      expect([...own, ...validation, ...test].sort()).toEqual([...names].sort());
      expect(validation).toHaveLength(Math.round(0.2 * (names.length - test.length)));
    }
    expect(fold(2)).toEqual(parts[1]);
    expect([1, 2, 3, 4].map((k) => fold(k, 7).test)).not.toEqual(parts.map(({ test }) => test));
  });

  it('are refused where there is no such one, or fewer subjects', () => {
    for (const fold of ['5/4', '0/4', '1/1', '2', 'two'])
      expect(() => tinyConfig({ fold }), fold).toThrow(/a fold of two or more, such as 2\/5, is needed/);
    expect(() => splitFor(tinyData(), { fold: '1/11' })).toThrow(
      /fold 1\/11 of 10 subjects: 2 folds or more/,
    );
    expect(() => tinyConfig({ fold: '1/2', subjects: { train: ['a'], validation: [], test: [] } })).toThrow(
      /fold is 1\/2, but subjects names who tests/,
    );
  });
});

describe('split.json', () => {
  const device = useDevice(plainKernels);

  it('says who trained, validated and tested, from the first step on', async () => {
    const data = tinyData();
    const files = new MemoryFiles();
    const config = tinyConfig({ steps: 1, fold: '2/5', seed: 3 });
    const { split } = await train({ device: device(), data, config, files });
    const text = new TextDecoder().decode(files.files.get(splitFile));
    expect(JSON.parse(text)).toEqual({ seed: 3, fold: '2/5', ...split });
    const resumed = train({
      device: device(),
      data: without(data, split.train[0]!),
      config,
      files,
      resume: true,
    });
    await expect(resumed).rejects.toThrow(
      `split.json has subjects whom the data no longer hold: ${split.train[0]}. Resume with`,
    );
  });

  it('tells who is gone, or came, since; of other names it says nothing', async () => {
    const data = tinyData();
    const files = new MemoryFiles();
    const record = (own: PreparedData) => splitRecord(own, { seed: 1, fold: null }, splitFor(own, {}));
    const look = (own: PreparedData) => expectKept(files, own, record(own));
    await look(data);
    await keepSplit(files, record(data));
    await look(data);
    const fewer = without(data, first, second);
    await expect(look(fewer)).rejects.toThrow(ConfigError);
    await expect(look(fewer)).rejects.toThrow(
      /has subjects whom the data no longer hold: subject\d, subject\d\./,
    );
    await keepSplit(files, record(fewer));
    await expect(look(data)).rejects.toThrow('lacks subjects whom the run would use now: subject');
    const renamed = data.manifest.images.map((image) => ({ ...image, subject: `other-${image.subject}` }));
    await look({ ...data, manifest: { ...data.manifest, images: renamed } });
    await files.write(splitFile, new TextEncoder().encode('{'));
    await expect(look(data)).rejects.toThrow(FileError);
  });

  it('keeps who trains beside the run’s own data apart', () => {
    const { manifest, pixels } = tinyData();
    const data = { manifest: { ...manifest, beside: { 'unlabelled/a': 'a' } }, pixels };
    const split = { train: [first], rest: [second, 'unlabelled/a'], validation: [], test: [third] };
    expect(splitRecord(data, { seed: 1, fold: null }, split)).toEqual({
      ...{ seed: 1, fold: null, train: [first], rest: [second], validation: [], test: [third] },
      beside: ['unlabelled/a'],
    });
  });
});
