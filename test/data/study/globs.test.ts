/** @file Patterns of --map: they mean what they did, and none takes long. */
import { expect, it } from 'vitest';
import { drawsOf } from '../../../src/base/random.ts';
import type { ScannedImage } from '../../../src/data/scan.ts';
import { viewOf } from '../../../src/data/study/views.ts';

const matches = (match: string, folder: string): boolean => {
  const header = { seriesUid: null, seriesDescription: null };
  const image = { source: { path: `${folder}/a.dcm` }, header } as unknown as ScannedImage;
  return viewOf(image, [{ match, view: 'chosen' }]) === 'chosen';
};

/** As one expression, which is right and may take for ever. */
const slowly = (match: string, text: string): boolean =>
  new RegExp(`^${match.replaceAll('*', '.*').replaceAll('?', '.')}$`, 'isu').test(text);

it('a pattern with * and ? fits what it always fitted', () => {
  const next = drawsOf(1, 0, 0);
  const text = (letters: string, most: number): string =>
    Array.from(
      { length: 1 + Math.floor(next() * most) },
      () => letters[Math.floor(next() * letters.length)],
    ).join('');
  let fitting = 0;
  for (let n = 0; n < 5000; n++) {
    const match = `${text('aB*?', 6)}*`.slice(Math.floor(next() * 2));
    const folder = text('abB', 8);
    if (!/[*?]/.test(match)) continue;
    fitting += Number(slowly(match, folder));
    expect(matches(match, folder), `${match} of ${folder}`).toBe(slowly(match, folder));
  }
  expect(fitting).toBeGreaterThan(500);
});

it('a pattern of many stars takes no time', () => {
  const started = performance.now();
  for (const match of [
    `${'*a'.repeat(40)}*b`,
    `${'?*'.repeat(40)}b`,
    `*${'a'.repeat(200)}*b`,
    '*'.repeat(500),
  ])
    matches(match, 'a'.repeat(2000));
  expect(performance.now() - started).toBeLessThan(2000);
});

it('what is special in an expression is a letter in a pattern', () => {
  expect(matches('(a+)+$', 'x (a+)+$')).toBe(true);
  expect(matches('*[a-z]{2}', 'x[a-z]{2}')).toBe(true);
  expect(matches('*[a-z]{2}', 'xab')).toBe(false);
});
