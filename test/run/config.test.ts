import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { ConfigError } from '../../src/base/errors.ts';
import { embeddedDefault } from '../../src/run/job.ts';
import { changedKeys, parseGiven, presets, resolveConfig, trainConfigOf } from '../../src/run/config.ts';
import { learningRateAt } from '../../src/train/schedule.ts';

/** What an action throws; null where it throws nothing. */
const refusal = (action: () => unknown): string | null => {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).message;
  }
  return null;
};

const message = (action: () => unknown): string => {
  const said = refusal(action);
  if (said === null) throw new Error('nothing was thrown');
  return said;
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

  it('names every fault of a value in one order, whatever a program that holds zod has told it to say', () => {
    z.config({ customError: () => 'Ungültig' });
    const given = {
      map: 'x',
      tasks: ['turn', 'turn'],
      batch: 1e300,
      seed: -0.5,
      augmentation: { scale: [2, 0], gain: [1], flipX: 1, turn: 1 },
      phantom: 3,
      out: '',
    };
    const text = message(() => parseGiven(given, 'run.json'));
    z.config({ customError: undefined });
    expect(
      text
        .replace(/known are [^;.]+/g, 'known are …')
        .split(/: (.*)\.$/)[1]!
        .split('; '),
    ).toEqual([
      'tasks.0 turn: one of orientation, location is needed',
      'tasks.1 turn: one of orientation, location is needed',
      'tasks ["turn","turn"]: names one twice',
      'batch 1e+300: a whole number from 1 to 4096 is needed',
      'augmentation.scale.1 0: a number above 0 is needed',
      'augmentation.scale [2,0]: the first number must not exceed the second',
      'augmentation.flipX 1: true or false is needed',
      'augmentation.gain [1]: a list of two numbers is needed',
      'unknown key "turn" in augmentation',
      'known are …',
      'seed -0.5: a whole number from 0 is needed',
      'map x: a list is needed',
      'phantom 3: an object is needed',
      'out : text is needed',
    ]);
  });

  it('refuses any value in words of its own, and shows it as it is', () => {
    const self: unknown[] = [];
    self.push(self);
    const odd = [
      null,
      Number.NaN,
      1e300,
      -1,
      10n,
      '',
      'x',
      [],
      {},
      [3, 'x'],
      true,
      () => 1,
      Symbol('s'),
      self,
    ];
    const { augmentation, phantom, ...rest } = presets.small;
    const sections = Object.entries({ augmentation, phantom }).map(
      ([name, section]) => [Object.keys(section), (given: object) => ({ [name]: given })] as const,
    );
    const clause = /^x: [\w.]+ .*: (a|an|one of|true or false|text|at least|the first|names)\b[^:]*\.$/s;
    for (const [keys, within] of [[Object.keys(rest), (given: object) => given] as const, ...sections])
      for (const key of keys) {
        const taken = odd.filter((value) => {
          const said = refusal(() => parseGiven(within({ [key]: value }), 'x'));
          if (said !== null) expect(said).toMatch(clause);
          return said === null;
        });
        expect(taken.length, key).toBeLessThan(5);
      }
    const shown = (value: unknown) => message(() => parseGiven({ steps: value }, 'x')).split(': ')[1];
    expect([10n, Number.NaN, self, { a: 1 }].map(shown)).toEqual([
      'steps 10n',
      'steps NaN',
      'steps an object',
      'steps {"a":1}',
    ]);
    expect(message(() => parseGiven(self, 'x'))).toBe('x: the configuration an object: an object is needed.');
  });

  it('takes undefined as none, in sections too', () => {
    const given = { steps: undefined, augmentation: { flipX: undefined, offset: 1 }, phantom: undefined };
    expect(Object.keys(parseGiven(given, 'x'))).toEqual(['augmentation']);
    expect(resolveConfig(given).augmentation).toEqual({ ...presets.small.augmentation, offset: 1 });
    expect(resolveConfig(given).steps).toBe(presets.small.steps);
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
