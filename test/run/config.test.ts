import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { ConfigError } from '../../src/base/errors.ts';
import {
  mergeGiven,
  parseGiven,
  presets,
  resolveConfig,
  trainConfigOf,
  upgradeTrained,
} from '../../src/run/config.ts';
import { embeddedDefault } from '../../src/run/job.ts';
import { tasks } from '../../src/tasks/index.ts';
import { changedKeys } from '../../src/train/changes.ts';
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
    expect(config).toMatchObject({ size: 224, spacingMm: 1.26, learningRate: 3e-4, batch: 4 });
    expect(config.model).toEqual({ name: 'unet', width: 64, depth: 5, unusedLayers: true });
    expect(config.augmentation).toMatchObject({ rotationDeg: 3, scale: [1, 1] });
    expect(resolveConfig(embeddedDefault).model).toEqual({
      ...presets.small.model,
      ...embeddedDefault.model,
    });
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
    const known = tasks.map(({ name }) => name).join(', ');
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
      `tasks.0 turn: one of ${known} is needed`,
      `tasks.1 turn: one of ${known} is needed`,
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
      'out "": text is needed',
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
    const said = message(() => resolveConfig({ size: 40, validationFraction: 0.5, testFraction: 0.5 }));
    for (const part of ['size 40', 'of 16', 'no training subject']) expect(said).toContain(part);
    expect(message(() => resolveConfig({ data: 'folder', phantom: { subjects: 5 } }))).toContain('phantom');
    expect(message(() => resolveConfig({ map: ['sax=short-axis'] }))).toContain('map');
    const far = { augmentation: { shiftPx: 40 } };
    expect(message(() => resolveConfig({ ...far, size: 32 }))).toContain(
      'augmentation.shiftPx is 40, which moves images of 32 px out of sight',
    );
    expect(resolveConfig({ ...far, size: 64 }).augmentation.shiftPx).toBe(40);
  });

  it('trains exactly the tasks given, by name or with settings; settings alone choose none', () => {
    const names = (tasks: Parameters<typeof resolveConfig>[0]['tasks']) =>
      Object.keys(resolveConfig({ tasks }).tasks);
    expect(names(['location'])).toEqual(['location']);
    expect(names(['location', 'orientation'])).toEqual(['orientation', 'location']);
    expect(names({ location: { dropout: 0.1 } })).toEqual(['location']);
    expect(message(() => resolveConfig({ tasks: {} }))).toContain('at least one of the names is needed');
    const { tasks } = resolveConfig({ taskSettings: { location: { dropout: 0.1, weight: 3 } } });
    expect(tasks).toEqual({
      ...presets.small.tasks,
      location: { weight: 3, hidden: 128, dropout: 0.1 },
    });
    expect(
      message(() => resolveConfig({ tasks: ['location'], taskSettings: { orientation: { gain: 1 } } })),
    ).toContain('settings of task orientation are given, but tasks lack orientation');
    expect(message(() => parseGiven({ tasks: { location: { turn: 1 } } }, 'x'))).toContain(
      'unknown key "turn" in tasks.location; known are weight, hidden, dropout',
    );
    expect(message(() => parseGiven({ tasks: { turn: {} } }, 'x'))).toContain('unknown key "turn" in tasks');
    expect(message(() => parseGiven({ model: { name: 'x' } }, 'x'))).toContain('model.name x: one of unet');
    expect(message(() => parseGiven({ model: { widht: 3 } }, 'x'))).toContain(
      'unknown key "widht" in model; did you mean width? known are name, width, depth, unusedLayers',
    );
  });

  it('of two parts the second says more, section by section', () => {
    const file = parseGiven({ tasks: ['location'], model: { width: 8 }, batch: 2 }, 'x');
    const flags = parseGiven({ taskSettings: { location: { dropout: 0 } }, model: { depth: 3 } }, 'x');
    const config = resolveConfig(mergeGiven(file, { ...flags, steps: 5 }));
    expect(config).toMatchObject({ batch: 2, steps: 5, model: { width: 8, depth: 3 } });
    expect(config.tasks).toEqual({ location: { weight: 1, hidden: 128, dropout: 0 } });
    expect(resolveConfig(mergeGiven({ tasks: { location: { hidden: 4 } } }, file)).tasks).toEqual({
      location: { weight: 1, hidden: 4, dropout: 0.5 },
    });
    expect(Object.keys(resolveConfig(mergeGiven(file, { tasks: ['orientation'] })).tasks)).toEqual([
      'orientation',
    ]);
  });

  it('reads the flat configurations of version 0.1', () => {
    const flat = { alpha: 2, beta: 0.5, lineSigmaMm: 5, headGain: 1, hidden: 8, dropout: 0.2 };
    const sections = {
      orientation: { weight: 2, sigmaMm: 5, gain: 1, output: 'linear' },
      location: { weight: 0.5, hidden: 8, dropout: 0.2 },
    };
    const model = { width: 4, depth: 3, unusedLayers: true };
    const both = { tasks: ['orientation', 'location'], ...flat, ...model };
    const config = resolveConfig(parseGiven(both, 'config.json'));
    expect(config.tasks).toEqual(sections);
    expect(config.model).toEqual({ name: 'unet', ...model });
    expect(resolveConfig(parseGiven({ alpha: 2 }, 'x')).tasks.orientation).toMatchObject({ weight: 2 });
    expect(upgradeTrained({ ...both, steps: 3 }, 'x')).toEqual({
      steps: 3,
      model: { name: 'unet', ...model },
      tasks: sections,
    });
    const one = { ...both, tasks: ['orientation'], beta: 1, hidden: 128, dropout: 0.5 };
    expect(resolveConfig(parseGiven(one, 'x')).tasks).toEqual({ orientation: sections.orientation });
    expect(message(() => parseGiven({ ...one, dropout: 0.2 }, 'x'))).toBe(
      'x: dropout is given, but tasks lack location.',
    );
  });

  it('tells which settings changed, and lets a constant schedule run longer', () => {
    const before = trainConfigOf(resolveConfig({ schedule: 'constant' }));
    const changed = {
      ...before,
      batch: 3,
      checkpointEvery: 7,
      augmentation: { ...before.augmentation, offset: 1 },
    };
    expect(changedKeys(before, changed)).toEqual(['batch', 'augmentation.offset']);
    const { location, orientation } = before.tasks;
    const turned = { ...before, tasks: { orientation: { ...orientation!, weight: 2 } } };
    expect(changedKeys(before, turned)).toEqual([
      'tasks.orientation.weight',
      ...Object.keys(location!).map((key) => `tasks.location.${key}`),
    ]);
    expect(changedKeys(before, { ...before, steps: 2000 })).toEqual([]);
    const cosine = trainConfigOf(presets.small);
    expect(changedKeys(cosine, { ...cosine, steps: 2000 })).toEqual(['steps']);
  });
});

describe('learning rate', () => {
  type Rates = Parameters<typeof learningRateAt>[0];
  const rates = (schedule: Rates['schedule'], given: Partial<Rates> = {}): Rates => ({
    ...{ schedule, learningRate: 2, steps: 10, warmup: 0, ...given },
  });

  it('steps as the published schedules really ran', () => {
    const paper = { learningRate: 3e-4, steps: 500 };
    const at = (epoch: number) => learningRateAt(rates('step', paper), epoch);
    const expected = [3e-4, 9e-5, 2.7e-5, 8.1e-6, 2.43e-6];
    for (const [part, rate] of expected.entries()) {
      expect(at(100 * part + 1)).toBeCloseTo(rate, 12);
      expect(at(100 * part + 100)).toBeCloseTo(rate, 12);
    }
    // 1e-3 halved every 50 of 500 epochs
    for (let part = 0; part < 10; part++)
      for (const epoch of [50 * part + 1, 50 * part + 50])
        expect(learningRateAt(rates('halving', { learningRate: 1e-3, steps: 500 }), epoch)).toBe(
          1e-3 * 0.5 ** part,
        );
  });

  it('falls along half a cosine, or stays', () => {
    const at = (step: number) => learningRateAt(rates('cosine'), step);
    expect(at(1)).toBe(2);
    expect(at(6)).toBeCloseTo(1, 12);
    expect(at(10)).toBeCloseTo(1 + Math.cos(0.9 * Math.PI), 12);
    expect(learningRateAt(rates('constant'), 10)).toBe(2);
  });

  it('rises straight before any schedule, which then has the steps that are left', () => {
    for (const schedule of ['constant', 'cosine', 'step', 'halving'] as const) {
      const warm = rates(schedule, { steps: 24, warmup: 4 });
      const all = Array.from({ length: 24 }, (_, i) => learningRateAt(warm, i + 1));
      expect(all.slice(0, 4)).toEqual([0.4, 0.8, 1.2, 1.6]);
      const rest = rates(schedule, { steps: 20 });
      expect(all.slice(4)).toEqual(Array.from({ length: 20 }, (_, i) => learningRateAt(rest, i + 1)));
    }
    expect(message(() => resolveConfig({ steps: 5, warmup: 5 }))).toContain(
      'warmup is 5 of 5 steps, which leaves none for the schedule',
    );
  });

  it('and patience are settings that runs of earlier versions had none of', () => {
    const now = trainConfigOf(presets.finetune);
    const { warmup: _w, chooseBy: _c, patience: _p, augmentation, ...before } = now;
    const {
      blurPx: _b,
      noise: _n,
      biasField: _f,
      contrast: _k,
      gamma: _g,
      elasticPx: _e,
      ...old
    } = augmentation;
    const earlier = { ...before, augmentation: old } as unknown as typeof now;
    const plain = { ...now, warmup: 0, chooseBy: 'loss', patience: null } as const;
    expect(changedKeys(earlier, plain)).toEqual([]);
    expect(changedKeys(earlier, { ...plain, patience: 3 })).toEqual([]);
    expect(changedKeys(earlier, { ...plain, warmup: 1, chooseBy: 'figure' })).toEqual(['warmup', 'chooseBy']);
    expect(changedKeys(earlier, { ...plain, augmentation: { ...augmentation, gamma: [1, 2] } })).toEqual([
      'augmentation.gamma',
    ]);
    expect(message(() => resolveConfig({ patience: 2, validationFraction: 0 }))).toContain(
      'patience is 2, but nobody is held out for validation',
    );
    const named = (validation: string[]) => ({ train: ['a'], validation, test: [] });
    const both = { patience: 2, validationFraction: 0 };
    expect(() => resolveConfig({ ...both, subjects: named(['b']) })).not.toThrow();
    expect(message(() => resolveConfig({ patience: 2, subjects: named([]) }))).toContain(
      'nobody is held out',
    );
  });
});
