import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/base/errors.ts';
import { embeddedDefault } from '../../src/run/job.ts';
import { changedKeys, parseGiven, presets, resolveConfig, trainConfigOf } from '../../src/train/config.ts';
import { learningRateAt } from '../../src/train/schedule.ts';

const message = (action: () => unknown): string => {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).message;
  }
  throw new Error('nothing was thrown');
};

describe('configuration', () => {
  it('fills a preset in around what was given, nested settings too', () => {
    const config = resolveConfig({ preset: 'zhang2024', batch: 4, augmentation: { rotationDeg: 3 } });
    expect(config).toMatchObject({ width: 64, size: 224, spacingMm: 1.26, learningRate: 3e-4, batch: 4 });
    expect(config.augmentation).toMatchObject({ rotationDeg: 3, scale: [1, 1] });
    expect(resolveConfig(embeddedDefault).width).toBe(embeddedDefault.width);
  });

  it('survives being saved and read again, for one task too', () => {
    for (const config of [
      resolveConfig({ tasks: ['location'] }),
      resolveConfig({ data: 'x', tasks: ['orientation'] }),
    ]) {
      const read = parseGiven(JSON.parse(JSON.stringify(config)), 'config.json');
      expect(resolveConfig(read)).toEqual(config);
    }
  });

  it('names unknown keys, wrong types and ranges, all at once', () => {
    const text = message(() => parseGiven({ batch: 'x', stpes: 3, augmentation: { turn: 1 } }, 'run.json'));
    for (const part of [
      'run.json',
      'batch x: ',
      'a whole number from 1 to 4096 is needed',
      '"stpes"',
      '"turn" in augmentation',
    ])
      expect(text).toContain(part);
    expect(message(() => parseGiven({ tasks: [] }, 'x'))).toContain('tasks');
    expect(message(() => parseGiven({ tasks: ['location', 'location'] }, 'x'))).toContain('twice');
    expect(message(() => parseGiven({ learningRate: 0 }, 'x'))).toContain('learningRate 0: a number above 0');
    expect(message(() => parseGiven({ augmentation: { scale: [1.1, 0.9] } }, 'x'))).toContain(
      'augmentation.scale',
    );
  });

  it('refuses settings that contradict each other', () => {
    const said = message(() =>
      resolveConfig({ tasks: ['location'], alpha: 2, size: 40, validationFraction: 0.5, testFraction: 0.5 }),
    );
    for (const part of ['alpha', 'size 40', '= 16', 'no training subject']) expect(said).toContain(part);
    expect(message(() => resolveConfig({ data: 'folder', phantom: { subjects: 5 } }))).toContain('phantom');
    expect(message(() => resolveConfig({ map: ['sax=short-axis'] }))).toContain('map');
    expect(message(() => resolveConfig({ tasks: ['orientation'], dropout: 0.2 }))).toContain('dropout');
  });

  it('tells which settings changed, and lets a constant schedule run longer', () => {
    const before = trainConfigOf(resolveConfig({ schedule: 'constant' }));
    const changed = {
      ...before,
      batch: 3,
      checkpointEvery: 7,
      augmentation: { ...before.augmentation, offset: 1 },
    };
    expect(changedKeys(before, changed)).toEqual(['batch', 'augmentation']);
    expect(changedKeys(before, { ...before, steps: 2000 })).toEqual([]);
    const cosine = trainConfigOf(presets.small);
    expect(changedKeys(cosine, { ...cosine, steps: 2000 })).toEqual(['steps']);
  });
});

describe('learning rate', () => {
  it('steps as the published schedule really ran', () => {
    const at = (epoch: number) => learningRateAt('step', 3e-4, epoch, 500);
    const expected = [3e-4, 9e-5, 2.7e-5, 8.1e-6, 2.43e-6];
    for (const [part, rate] of expected.entries()) {
      expect(at(100 * part + 1)).toBeCloseTo(rate, 12);
      expect(at(100 * part + 100)).toBeCloseTo(rate, 12);
    }
  });

  it('falls along half a cosine, or stays', () => {
    expect(learningRateAt('cosine', 2, 1, 10)).toBe(2);
    expect(learningRateAt('cosine', 2, 6, 10)).toBeCloseTo(1, 12);
    expect(learningRateAt('cosine', 2, 10, 10)).toBeCloseTo(1 + Math.cos(0.9 * Math.PI), 12);
    expect(learningRateAt('constant', 2, 10, 10)).toBe(2);
  });
});
