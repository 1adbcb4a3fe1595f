/** @file The file of an experiment: what it comes to, and what is refused, by key. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigError, FileError } from '../../../src/base/errors.ts';
import { pointConfig, pointConfigBefore, pretrainingConfig } from '../../../src/run/experiment/configs.ts';
import { parseExperiment, readExperiment } from '../../../src/run/experiment/file.ts';
import { foldsInFile } from '../../../src/run/experiment/folds.ts';
import { gridOf, shareOf, unitTitle } from '../../../src/run/experiment/grid.ts';
import { pretrainingRequest } from '../../../src/run/experiment/requests.node.ts';
import { tiny } from './tiny.ts';

const made = tiny.initialisations.pretrained;

/** The experiment with other keys. */
const parsed = (changes: object) => parseExperiment({ ...tiny, ...changes }, 'e.json');

describe('an experiment’s file', () => {
  it('is completed: test hearts, no validation, last weights, one pretraining', () => {
    const { subjects: _, ...rest } = tiny;
    const experiment = parseExperiment(rest, 'e.json');
    expect(experiment.subjects).toEqual({
      ...{ test: { seed: 12, subjects: 40 }, pool: null, validation: 0, seed: 1, distinct: false, same: {} },
    });
    expect(experiment).toMatchObject({ pretrainingSeeds: [1], figure: null });
    expect(parsed({ steps: undefined, base: { ...tiny.base, steps: 12 } }).steps).toEqual([12]);
  });

  it('gives pretrainings the network of base, and points what their initialisation transfers', () => {
    const moved = { of: 'pretrained', transfer: { initParts: 'encoder', learningRate: 0.5 } };
    const experiment = parsed({ initialisations: { ...tiny.initialisations, moved } });
    const { pretrainings, points } = gridOf(experiment, null);
    expect(pretrainings.map(({ name }) => name)).toEqual(['pretrained/pretrained_seed-1']);
    expect(pretrainingConfig(experiment, pretrainings[0]!).model).toMatchObject({ width: 4, depth: 2 });
    const point = points.find(({ initialisation }) => initialisation === 'moved')!;
    expect(point.pretraining).toEqual(pretrainings[0]);
    expect(pointConfig(experiment, point)).toMatchObject({
      initParts: 'encoder',
      learningRate: 0.5,
      seed: 1,
    });
  });

  it.each([
    [
      'a typo',
      { labeled: [1] },
      /unknown key "labeled"; did you mean labelled\? known are name, base, initialisations/,
    ],
    [
      'a typo in base',
      { base: { ...tiny.base, stpes: 3 } },
      /e\.json: base: unknown key "stpes"; did you mean steps\? known are/,
    ],
    [
      'an unknown preset',
      { base: { preset: 'huge' } },
      /e\.json: base: preset huge: one of small, .* is needed/,
    ],
    ...['5 fold', '1 folds', 'fold 6/5', 'half'].map((test): [string, object, RegExp] => [
      `"${test}" for who tests`,
      { subjects: { test } },
      new RegExp(`e\\.json: subjects\\.test is "${test}"\\. Write "each", "5 folds", `),
    ]),
    [
      'a figure of no task',
      { figure: 'dice' },
      /e\.json: figure is dice, but what figures are called begins with the name of a task, here segmentation\./,
    ],
    ['an empty axis', { seeds: [] }, /e\.json: seeds \[\]: at least one value is needed/],
    ['a value twice', { labelled: [1, 2, 1] }, /labelled \[1,2,1\]: names a value twice/],
    [
      'a seed in base',
      { base: { ...tiny.base, seed: 3 } },
      /base\.seed has no place here: the axis seeds says it/,
    ],
    [
      'a fraction',
      { base: { ...tiny.base, testFraction: 0.2 } },
      /base\.testFraction .* subjects\.test says it/,
    ],
    [
      'images beside, of whom nobody knows who they are',
      { base: { ...tiny.base, unlabelled: 'scans' } },
      /base\.unlabelled has no place here: it would not be known who tests there/,
    ],
    [
      'validation beside that of subjects',
      { base: { ...tiny.base, labelledValidation: 1 } },
      /base\.labelledValidation .* subjects\.validation says it/,
    ],
    ['no scratch', { initialisations: { pretrained: made } }, /has 0 that are null; one, from scratch/],
    ['two scratch', { initialisations: { a: null, b: null } }, /has 2 that are null/],
    [
      'nothing',
      { initialisations: { scratch: null, a: {} } },
      /initialisations\.a needs one of pretraining, weights and of/,
    ],
    [
      'a name',
      { initialisations: { scratch: null, 'a b': made } },
      /initialisations\.a b: letters, digits and dashes/,
    ],
    [
      'of nobody',
      { initialisations: { scratch: null, a: { of: 'b' } } },
      /a\.of is b, which is no initialisation/,
    ],
    [
      'another network',
      {
        initialisations: { scratch: null, a: { pretraining: { ...made.pretraining, model: { width: 8 } } } },
      },
      /initialisations\.a\.pretraining\.model\.width is 8, but base has 4/,
    ],
    [
      'a typo in a pretraining',
      { initialisations: { scratch: null, a: { pretraining: { bacth: 8 } } } },
      /initialisations\.a\.pretraining: unknown key "bacth"/,
    ],
    [
      'other data to transfer to',
      { initialisations: { scratch: null, a: { ...made, transfer: { size: 32 } } } },
      /a\.transfer\.size would compare more than the weights/,
    ],
    [
      'other masks to transfer to',
      { initialisations: { scratch: null, a: { ...made, transfer: { emptySlices: 'background' } } } },
      /a\.transfer\.emptySlices would compare more than the weights/,
    ],
    [
      'hearts in a folder',
      { base: { ...tiny.base, phantom: undefined, data: 'acdc' } },
      /e\.json: subjects\.test is a cohort of phantom hearts, but base\.data is acdc/,
    ],
    [
      'hearts of the phantom that are to leave themselves out',
      { initialisations: { scratch: null, a: { ...made, pretrains: 'untested' } } },
      /a\.pretrains is untested, but it pretrains on phantom hearts/,
    ],
    [
      'distinct subjects that are to be left out',
      {
        base: { ...tiny.base, phantom: undefined, data: 'acdc' },
        subjects: { test: 'each', distinct: true },
        initialisations: { scratch: null, a: { pretraining: { data: 'other' }, pretrains: 'untested' } },
      },
      /a\.pretrains is untested, but subjects\.distinct says that other has no subject of base/,
    ],
    [
      'who pretrains where nobody does',
      { initialisations: { scratch: null, a: { weights: 'w', pretrains: 'untested' } } },
      /initialisations\.a\.pretrains says who pretrains, but nobody does here/,
    ],
    [
      'a training that is to end early where nobody validates, before anything trains',
      { base: { ...tiny.base, patience: 2 } },
      /e\.json: points of scratch, \d+ steps: .*patience is 2, but nobody is held out/,
    ],
    [
      'a warm-up that leaves no step of the shortest',
      { base: { ...tiny.base, warmup: 5 }, steps: [8, 4] },
      /points of scratch, 4 steps: .*warmup is 5 of 4 steps/,
    ],
    [
      'steps until nothing thaws',
      { initialisations: { scratch: null, a: { ...made, transfer: { freezeSteps: 1 } } } },
      /points of a, \d+ steps: .*freezeSteps is 1, but freeze is none/,
    ],
    [
      'validation of all',
      { subjects: { ...tiny.subjects, validation: 1 } },
      /subjects\.validation is 1, which leaves nobody/,
    ],
  ])('refuses %s', (_, changes, message) => {
    expect(() => parsed(changes)).toThrow(ConfigError);
    expect(() => parsed(changes)).toThrow(message);
  });

  it('may say what goes with weights and with subjects that validate', () => {
    const moved = { of: 'pretrained', transfer: { initParts: 'encoder', freeze: 'encoder', freezeSteps: 1 } };
    const experiment = parsed({
      base: { ...tiny.base, patience: 2 },
      initialisations: { ...tiny.initialisations, moved },
      subjects: { ...tiny.subjects, validation: 1 },
      labelled: [3],
    });
    const { points } = gridOf(experiment, null);
    const settled = (name: string) =>
      pointConfigBefore(experiment, points.find(({ initialisation }) => initialisation === name)!);
    expect(settled('moved')).toMatchObject(moved.transfer);
    expect(settled('scratch')).toMatchObject({ init: null, freeze: 'none', patience: 2 });
  });

  it('must be JSON', () => {
    expect(() => readExperiment('{"name": ', 'e.json')).toThrow(FileError);
  });
});

describe('seeds and pretrainings', () => {
  const initialisations = { ...tiny.initialisations, taken: { of: 'pretrained' } };
  const asked = { initialisations, labelled: [1], seeds: [4, 7, 5], pretrainingSeeds: [1, 2] };
  const pairs = (pairing: object) =>
    gridOf(parsed({ ...asked, ...pairing }), null).points.map(
      ({ initialisation, pretraining, seed }) => `${initialisation} ${pretraining?.seed ?? '-'} ${seed}`,
    );

  it('are crossed, or the seeds take the pretrainings in turn', () => {
    expect(pairs({})).toEqual(pairs({ pairing: 'crossed' }));
    expect(pairs({})).toHaveLength(3 * (1 + 2 + 2));
    expect(pairs({ pairing: 'nested' })).toEqual([
      ...['scratch - 4', 'pretrained 1 4', 'taken 1 4'],
      ...['scratch - 7', 'pretrained 2 7', 'taken 2 7'],
      ...['scratch - 5', 'pretrained 1 5', 'taken 1 5'],
    ]);
    expect(() => parsed({ pairing: 'turns' })).toThrow(/pairing turns: one of crossed, nested is needed/);
  });
});

describe('a pretraining that goes on from another', () => {
  const init = { of: 'pretrained' };
  const onward = (more: object = {}) => ({ pretraining: { ...made.pretraining, init, ...more } });
  const asked = (initialisations: object, more: object = {}) =>
    parsed({ initialisations: { ...tiny.initialisations, ...initialisations }, ...more });

  it('is made after it, of the same seed or the only one, and its points after both', () => {
    const content = { last: onward({ init: { of: 'taken' } }), on: onward(), taken: { of: 'on' } };
    const grid = gridOf(asked(content, { pretrainingSeeds: [1, 2], labelled: [1], seeds: [1] }), null);
    const names = ['pretrained', 'on', 'last'].flatMap((key) =>
      [1, 2].map((seed) => `pretrained/${key}_seed-${seed}`),
    );
    expect(grid.pretrainings.map(({ name }) => name).sort()).toEqual([...names].sort());
    const place = (name: string) => grid.pretrainings.findIndex((unit) => unit.name === name);
    expect(place('pretrained/last_seed-2')).toBeGreaterThan(place('pretrained/on_seed-2'));
    expect(place('pretrained/on_seed-2')).toBeGreaterThan(place('pretrained/pretrained_seed-2'));
    const share = shareOf(grid, { only: ['last_pretraining-2'] });
    expect(share.pretrainings.map(({ name }) => name)).toEqual([names[1], names[3], names[5]]);
    const single = { pretrained: { ...made, seeds: [7] }, on: onward() };
    const [on] = gridOf(asked(single, { pretrainingSeeds: [1, 2] }), null).pretrainings.filter(
      ({ initialisation }) => initialisation === 'on',
    );
    expect(on!.from!.name).toBe('pretrained/pretrained_seed-7');
  });

  it('is made in each fold where what it goes on from is, whose subjects test there', () => {
    const folder = { ...tiny.base, phantom: undefined, data: 'acdc' };
    const content = {
      pretrained: {
        pretraining: { ...made.pretraining, phantom: undefined, data: 'scans' },
        pretrains: 'untested',
      },
      on: onward(),
    };
    const own = asked(content, { base: folder, subjects: { test: '3 folds' }, seeds: [1], labelled: [2] });
    const on = gridOf(own, 3).pretrainings.filter(({ initialisation }) => initialisation === 'on');
    expect(on.map(({ from }) => from!.name)).toEqual(
      [1, 2, 3].map((fold) => `pretrained/pretrained_fold-${fold}_seed-1`),
    );
  });

  it('may keep the weights that it begins with, or take some of them', () => {
    const experiment = asked({ on: onward({ initParts: 'encoder', freeze: 'encoder' }) });
    const on = gridOf(experiment, null).pretrainings.find(({ initialisation }) => initialisation === 'on')!;
    expect(pretrainingConfig(experiment, on)).toMatchObject({ initParts: 'encoder', freeze: 'encoder' });
    const { given } = pretrainingRequest(experiment, on, {
      folder: 'f',
      store: 's',
      split: null,
      unmatched: [],
    });
    expect(given.init).toBe(join('f', 'pretrained/pretrained_seed-1'));
  });

  it.each([
    ['none', { on: onward({ init: { of: 'scratch' } }) }, /on\.pretraining\.init is of scratch, which is no/],
    ['itself', { on: onward({ init: { of: 'on' } }) }, /init is of on, which begins with on itself/],
    [
      'one that goes on from it',
      { on: onward({ init: { of: 'off' } }), off: onward({ init: { of: 'on' } }) },
      /init is of off, which begins with on itself: on, off, on/,
    ],
    [
      'one of other seeds',
      { pretrained: { ...made, seeds: [2, 3] }, on: onward() },
      /has pretraining seeds 2, 3, but not 1/,
    ],
    ['something else', { on: onward({ init: { off: 'x' } }) }, /init \{"off":"x"\}: a path or \{ "of": /],
  ])('cannot go on from %s', (_, initialisations, message) => {
    expect(() => asked(initialisations)).toThrow(ConfigError);
    expect(() => asked(initialisations)).toThrow(message);
  });
});

describe('folds', () => {
  const folder = { ...tiny.base, phantom: undefined, data: 'acdc/' };
  const own = parsed({
    base: folder,
    subjects: { test: '3 folds', same: { one: 'two' } },
    initialisations: {
      scratch: null,
      apart: made,
      same: { pretraining: { data: './acdc', tasks: ['rotation'] } },
      other: { pretraining: { data: 'scans', init: 'runs/w' }, pretrains: 'untested' },
      taken: { of: 'other', transfer: { initParts: 'encoder' } },
    },
    labelled: [2],
    seeds: [5, 6],
  });

  it('are an axis: each with pretrainings of its own where these have its test subjects', () => {
    const { points, pretrainings } = gridOf(own, 3);
    expect(points).toHaveLength(5 * 3 * 2);
    expect(new Set(points.map(({ name }) => name)).size).toBe(30);
    expect(pretrainings.map(({ name }) => name)).toEqual([
      'pretrained/apart_seed-1',
      ...['same', 'other'].map((name) => `pretrained/${name}_fold-1_seed-1`),
      ...['same', 'other'].map((name) => `pretrained/${name}_fold-2_seed-1`),
      ...['same', 'other'].map((name) => `pretrained/${name}_fold-3_seed-1`),
    ]);
    for (const { fold, initialisation, pretraining } of points) {
      if (['same', 'other', 'taken'].includes(initialisation)) expect(pretraining!.fold).toBe(fold);
      else expect(pretraining?.fold ?? null).toBeNull();
    }
    expect(shareOf({ points, pretrainings }, { only: ['taken*fold-2*seed-6'] })).toMatchObject({
      points: [{ name: 'points/taken_pretraining-1_labelled-2_steps-8_fold-2_seed-6' }],
      pretrainings: [{ name: 'pretrained/other_fold-2_seed-1' }],
    });
    expect(unitTitle(pretrainings[1]!)).toBe('pretraining same, fold 1, seed 1');
    expect(unitTitle(points[5]!)).toBe('scratch, 2 labelled, 8 steps, fold 2, seed 5');
  });

  it('are counted by the file, or by its hearts', () => {
    expect(foldsInFile(own)).toBe(3);
    expect(foldsInFile(parsed({ subjects: { test: 'each' } }))).toBe(4);
    expect(foldsInFile(parsed({ base: folder, subjects: { test: 'each' } }))).toBeUndefined();
    expect(foldsInFile(parsed({ base: folder, subjects: { test: 'fold 1/3' } }))).toBeNull();
    expect(foldsInFile(parsed({ base: folder, subjects: {} }))).toBeNull();
  });
});

describe('shares', () => {
  const grid = gridOf(parsed({}), null);

  it('of several machines hold every point once, with the pretrainings that each needs', () => {
    const parts = [1, 2, 3].map((k) => shareOf(grid, { part: { k, n: 3 } }));
    const names = parts.flatMap(({ points }) => points.map(({ name }) => name));
    expect(names.sort()).toEqual(grid.points.map(({ name }) => name).sort());
    const scratch = shareOf(grid, { only: ['scratch'] });
    expect(scratch.points).toHaveLength(4);
    expect(scratch.pretrainings).toEqual([]);
    expect(shareOf(grid, { only: ['pretrained*seed-2'] }).points.map(unitTitle)).toEqual([
      'pretrained (pretraining 1), 1 labelled, 8 steps, seed 2',
      'pretrained (pretraining 1), 2 labelled, 8 steps, seed 2',
    ]);
  });
});
