/** @file Few labelled subjects: which are used, and that nothing else changes. */
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/base/errors.ts';
import { subjectsOf } from '../../src/data/split.ts';
import { type PreparedData, UNKNOWN } from '../../src/data/types.ts';
import { splitOf } from '../../src/train/dataset.ts';
import type { TrainConfig } from '../../src/train/settings.ts';
import { tinyConfig, tinyData } from './tiny.ts';

/** Ten subjects, of which three have no mask of which anything is known. */
function masked(): PreparedData {
  const data = tinyData();
  const area = data.manifest.size ** 2;
  const masks = new Uint8Array(data.pixels.length).fill(UNKNOWN);
  for (const [i, { subject }] of data.manifest.images.entries())
    if (!['subject2', 'subject5', 'subject7'].includes(subject)) masks[i * area] = 1;
  return { ...data, manifest: { ...data.manifest, version: 2, classes: ['background', 'organ'] }, masks };
}

const split = (labelled: number | null, seed = 1) =>
  splitOf(masked(), tinyConfig({ labelled, seed, testFraction: 0.2 }));

describe('labelled', () => {
  it('takes so many training subjects with masks, those of fewer among those of more, by the seed', () => {
    const all = split(null);
    const known = all.train.filter((name) => !['subject2', 'subject5', 'subject7'].includes(name));
    for (let count = 1; count <= known.length; count++) {
      const { train, ...held } = split(count);
      expect(held).toEqual({ validation: all.validation, test: all.test });
      expect(train).toHaveLength(count);
      expect(known).toEqual(expect.arrayContaining([...train]));
      expect(train).toEqual(expect.arrayContaining([...split(Math.max(1, count - 1)).train]));
    }
    const seeds = [1, 2, 3, 4, 5, 6].map((seed) => split(2, seed).train.join());
    expect(new Set(seeds).size).toBeGreaterThan(2);
  });

  it('is refused where it asks for more than there are, or where there are no masks', () => {
    const known = split(null).train.filter((name) => !['subject2', 'subject5', 'subject7'].includes(name));
    const message = `labelled is 7, but of the 6 training subjects ${known.length} have masks.`;
    expect(() => split(7)).toThrow(ConfigError);
    expect(() => split(7)).toThrow(message);
    expect(() => splitOf(tinyData(), tinyConfig({ labelled: 1 }))).toThrow(/0 have masks/);
  });
});

describe('subjects that are named', () => {
  const names = subjectsOf(tinyData());
  const [first, second, third] = names as [string, string, string];
  const parts = (subjects: TrainConfig['subjects']) =>
    splitOf(tinyData(), { ...tinyConfig(), validationFraction: 0.3, testFraction: 0.3, subjects });

  it('train, validate and test as they are named, whatever the fractions say', () => {
    const subjects = { train: [third, first], validation: [], test: [second] };
    expect(parts(subjects)).toEqual({ train: [first, third].sort(), validation: [], test: [second] });
    expect(parts(null).test).not.toEqual([]);
  });

  it('are refused where they are unknown, twice there, or nobody trains', () => {
    const none = { train: [], validation: [], test: [] };
    expect(() => parts({ ...none, train: ['nobody'] })).toThrow(
      /^subjects names nobody, whom the data do not/,
    );
    expect(() => parts({ ...none, train: [first], test: [first] })).toThrow(/twice\. Give each to one part/);
    expect(() => parts(none)).toThrow(/^subjects\.train is empty/);
  });
});
