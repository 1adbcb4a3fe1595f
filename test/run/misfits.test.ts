/** @file Every wrong value in a file is refused in one form: what it is of, what it is, what is needed. */
import { describe, expect, it } from 'vitest';
import { put } from '../../src/run/assign.ts';
import { parseGiven, presets } from '../../src/run/config.ts';
import { readExperiment } from '../../src/run/experiment/file.ts';
import { foreign } from '../foreign.ts';

/** What fits nowhere, or hardly anywhere. */
const misfits: readonly unknown[] = [
  null,
  '',
  ' ',
  -1,
  0.5,
  1e99,
  'x',
  [],
  {},
  true,
  [1],
  [''],
  [2, 1],
  { a: 1 },
];

/** Every path of an object, sections and what is in them. */
const pathsOf = (value: object, before: readonly string[] = []): string[][] =>
  Object.entries(value).flatMap(([key, inner]) => {
    const path = [...before, key];
    const deeper = typeof inner === 'object' && inner !== null && !Array.isArray(inner);
    return [path, ...(deeper ? pathsOf(inner, path) : [])];
  });

/** What is said where every setting, or every section, is a misfit. */
function refusalsOf(whole: object, read: (value: object) => unknown): string[] {
  const paths = pathsOf(whole);
  const leaves = paths.filter(
    (path) => !paths.some((other) => other.length > path.length && path.every((key, i) => other[i] === key)),
  );
  return [leaves, paths.filter(({ length }) => length === 1)].flatMap((chosen) =>
    misfits.flatMap((misfit) => {
      const value = {};
      for (const path of chosen) put(value, path, misfit);
      try {
        read(value);
        return [];
      } catch (error) {
        return [(error as Error).message];
      }
    }),
  );
}

describe('a wrong value in a file', () => {
  const clause =
    /^[^:]+: ((\S+ (.+|is missing)|): .+ (is needed|must not exceed the second|names (one|a value) twice)|unknown key ".*"; .*known are .*)/;
  const grid = {
    ...{
      name: 'grid',
      base: {},
      labelled: [1],
      steps: [1],
      seeds: [1],
      pretrainingSeeds: [1],
      pairing: 'nested',
    },
    initialisations: { p: { pretraining: {}, pretrains: 'spare', seeds: [1], transfer: {} } },
    subjects: { test: 1, pool: null, validation: 1, seed: 0, distinct: true, same: {} },
    ...{ identifiers: 'keep', figure: null },
  };

  it.each<[string, object, (value: object) => unknown]>([
    ['of a configuration', presets.small, (value) => parseGiven(value, 'c.json')],
    ['of an experiment', grid, (value) => readExperiment(JSON.stringify(value), 'e.json')],
  ])('%s is refused with key, value and need', (_, whole, read) => {
    const refusals = refusalsOf(whole, read);
    expect(refusals.length).toBeGreaterThan(misfits.length);
    for (const text of refusals) {
      expect(text).toMatch(clause);
      expect(text).not.toMatch(foreign);
    }
  });

  it('a misspelt key is told its like', () => {
    expect(() => parseGiven({ augmentation: { rotationDge: 1 } }, 'c.json')).toThrow(
      /^c\.json: unknown key "rotationDge" in augmentation; did you mean rotationDeg\? known are rotationDeg, /,
    );
    expect(() => readExperiment('{ "nmae": "x" }', 'e.json')).toThrow(
      /e\.json: name is missing: .*; unknown key "nmae"; did you mean name\? known are name, base/,
    );
  });
});
