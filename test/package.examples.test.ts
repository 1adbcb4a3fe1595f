/** @file The `@example` lines of docstrings: they run, and give what they say. */
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { data, schedules } from '../src/index.ts';

/** Modules every function of which has an example. */
const modules = ['autograd/schedule', 'data/affine'];
const texts = await Promise.all(
  modules.map((name) => readFile(new URL(`../src/${name}.ts`, import.meta.url), 'utf8')),
);
const lines = texts.flatMap((text) =>
  [...text.matchAll(/^ \* @example\n \* (.*); \/\/ (.*)$/gm)].map(
    ([, call, value]) => [call!, value!] as const,
  ),
);

it('all functions of these modules have one', () => {
  const silent = texts.flatMap((text) =>
    [...text.matchAll(/\*\/\nexport function (\w+)/g)]
      .map(([, name]) => name!)
      .filter((name) => !lines.some(([call]) => call.includes(`.${name}(`))),
  );
  expect(silent).toEqual([]);
});

it.each(lines)('%s is %s', (call, value) => {
  const made: unknown = new Function('data', 'schedules', `return ${call};`)(data, schedules);
  const wanted = JSON.parse(value);
  const near = (one: number) => expect.closeTo(one, 9);
  expect(made).toEqual(Array.isArray(wanted) ? wanted.map(near) : near(wanted));
});
