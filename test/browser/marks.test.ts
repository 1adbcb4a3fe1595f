/** @file Marks as the page paints them: what has one colour wherever it is shown. */
import { expect, it } from 'vitest';
import { identityAffine } from '../../src/data/affine.ts';
import { seriesColour } from '../../src/report/palette.ts';
import type { Finding } from '../../src/results/mark.ts';
import { captions, heatOf, legend, regionsOf, strokesOf } from '../../web/panels/marks.ts';

const size = 2;
const planes: Finding = {
  task: 'planes',
  series: ['left', 'right'],
  marks: [
    { kind: 'line', line: [1, 0, 0], series: 1, of: 'predicted' },
    { kind: 'words', text: 'near', series: 1 },
    { kind: 'scale', title: 'height', predicted: 0.001, truth: -0.001, from: 'low', to: 'high' },
  ],
};
const organs: Finding = {
  task: 'organs',
  series: ['liver'],
  marks: [
    { kind: 'region', classes: new Uint8Array(4).fill(1), of: 'predicted' },
    { kind: 'heat', values: new Float32Array(4).fill(1), series: 0, of: 'predicted' },
    { kind: 'words', text: 'large', series: 0 },
    { kind: 'scale', title: 'width', predicted: 1, truth: null, from: 'thin', to: 'wide' },
  ],
};
const all = [planes, organs];
const colour = (series: number): string => `rgb(${seriesColour(series).join(', ')})`;

/** Colours of the swatches in an element, by the text beside them. */
const swatches = (element: HTMLElement): [string, string][] =>
  [...element.querySelectorAll<HTMLElement>('.swatch')].map((own) => [
    own.parentElement!.textContent!,
    own.style.background,
  ]);

it('the series of two tasks have different colours, in the legend, the captions and the picture', () => {
  expect(swatches(legend([all, all]))).toEqual([
    ['left', colour(0)],
    ['right', colour(1)],
    ['liver', colour(2)],
  ]);
  const element = document.createElement('div');
  element.append(...(captions(all).flat() as Node[]).filter((child) => child !== null));
  expect(swatches(element)).toEqual([
    ['near', colour(1)],
    ['large', colour(2)],
  ]);
  expect(strokesOf(all, 'predicted', identityAffine).map(({ series }) => series)).toEqual([1]);
  for (const layers of [regionsOf, heatOf].map((of) => of(all, 'predicted', size, identityAffine)))
    expect(layers.map(({ picture }) => [...picture.data.slice(0, 3)])).toEqual([[...seriesColour(2)]]);
});

it('every scale is in the legend, and numbers have no sign before a zero', () => {
  const keys = [...legend([all]).querySelectorAll('li')].map(({ textContent }) => textContent);
  expect(keys.slice(-4)).toEqual([
    'predicted height',
    'true height, low to high',
    'predicted width',
    'true width, thin to wide',
  ]);
  const words = (captions([planes]).flat() as Node[]).map((child) => child?.textContent);
  expect(words).toContain('height 0.00, true 0.00');
});
