/** @file Who of the test subjects has a value of a result. */
import { expect, it } from 'vitest';
import { coverageOf } from '../../src/results/coverage.ts';
import { dice } from './compared.ts';

const run = (...names: string[]) => ({ results: [dice(names.length > 0 ? 0.5 : null, names)] });
const { key } = dice(1);

it('test subjects have a value in all runs, in some, or in none', () => {
  const runs = [run('a', 'b'), run('a'), { results: [] }];
  expect(coverageOf(runs.slice(0, 2), key, ['a', 'b', 'c'])).toEqual({ tested: 3, none: ['c'], some: ['b'] });
  expect(coverageOf(runs, key, ['a', 'b', 'c'])).toMatchObject({ none: ['c'], some: ['a', 'b'] });
  expect(coverageOf([run('a')], null, ['a'])).toEqual({ tested: 1, none: ['a'], some: [] });
  expect(coverageOf([run()], key, ['a'])).toMatchObject({ none: ['a'] });
});

it('nothing is known of whom where nothing ran, nobody is known to test, or only all together have a figure', () => {
  expect(coverageOf([], key, ['a'])).toBeNull();
  expect(coverageOf([run('a')], key, [])).toBeNull();
  expect(coverageOf([{ results: [dice(0.5, [])] }], key, ['a'])).toBeNull();
});
