/** @file The file of an experiment: what it comes to, and what is refused, by key. */
import { describe, expect, it } from 'vitest';
import { ConfigError, FileError } from '../../../src/base/errors.ts';
import { pointConfig, pretrainingConfig } from '../../../src/run/experiment/configs.ts';
import { parseExperiment, readExperiment } from '../../../src/run/experiment/file.ts';
import { gridOf, shareOf, unitTitle } from '../../../src/run/experiment/grid.ts';
import { tiny } from './tiny.ts';

const made = tiny.initialisations.pretrained;

/** The experiment with other keys. */
const parsed = (changes: object) => parseExperiment({ ...tiny, ...changes }, 'e.json');

describe('an experiment’s file', () => {
  it('is completed: test hearts, no validation, last weights, one pretraining', () => {
    const { subjects: _, ...rest } = tiny;
    const experiment = parseExperiment(rest, 'e.json');
    expect(experiment.subjects).toEqual({
      ...{ test: { seed: 12, subjects: 40 }, pool: null, validation: 0, seed: 1, distinct: false },
    });
    expect(experiment).toMatchObject({ pretrainingSeeds: [1], figure: null });
    expect(parsed({ steps: undefined, base: { ...tiny.base, steps: 12 } }).steps).toEqual([12]);
  });

  it('gives pretrainings the network of base, and points what their initialisation transfers', () => {
    const moved = { of: 'pretrained', transfer: { initParts: 'encoder', learningRate: 0.5 } };
    const experiment = parsed({ initialisations: { ...tiny.initialisations, moved } });
    const { pretrainings, points } = gridOf(experiment);
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
    ['a typo', { labeled: [1] }, /unknown key "labeled"; known are name, base, initialisations/],
    ['a typo in base', { base: { ...tiny.base, stpes: 3 } }, /e\.json: base: unknown key "stpes"; known are/],
    [
      'an unknown preset',
      { base: { preset: 'huge' } },
      /e\.json: base: preset huge: one of small, .* is needed/,
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
      'hearts in a folder',
      { base: { ...tiny.base, phantom: undefined, data: 'acdc' } },
      /e\.json: subjects\.test is a cohort of phantom hearts, but base\.data is acdc/,
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

  it('must be JSON', () => {
    expect(() => readExperiment('{"name": ', 'e.json')).toThrow(FileError);
  });
});

describe('shares', () => {
  const grid = gridOf(parsed({}));

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
