/** @file Series of several tasks in one picture. */
import { describe, expect, it } from 'vitest';
import { type Finding, type Mark, marksOf, numbered, seriesOf } from '../../src/results/mark.ts';

const classes = new Uint8Array(4);
const values = new Float32Array(4);

/** A mark of every kind, of series `at` where it has one. */
const every = (at: number): Mark[] => [
  { kind: 'line', line: [1, 0, 0], series: at, of: 'truth' },
  { kind: 'heat', values, series: at, of: 'predicted' },
  { kind: 'region', classes, of: 'predicted', ...(at > 0 && { series: at }) },
  { kind: 'words', text: 'of it', series: at },
  { kind: 'words', text: 'of all' },
  { kind: 'scale', title: 't', predicted: 0, truth: 1, from: 'a', to: 'b' },
  { kind: 'picture', title: 't', values },
];
const planes: Finding = { task: 'planes', series: ['left', 'right'], marks: every(1) };
const place: Finding = { task: 'place', series: [], marks: every(0).slice(4) };
const organs: Finding = { task: 'organs', series: ['liver'], marks: every(0) };
const all = [planes, place, organs];

describe('series of several tasks', () => {
  it('are numbered through, task after task, marks of every kind', () => {
    expect(numbered(all).map(({ first }) => first)).toEqual([0, 2, 2]);
    expect(marksOf(all)).toEqual([...every(1), ...place.marks, ...every(2)]);
  });

  it('stay as they are where one task alone is shown', () => {
    expect(marksOf([organs])).toEqual(every(0));
    expect(marksOf([])).toEqual([]);
  });

  it('are listed once for many images, each under the number of its colour', () => {
    const listed = [
      { name: 'left', colour: 0 },
      { name: 'right', colour: 1 },
      { name: 'liver', colour: 2 },
    ];
    expect(seriesOf([all, all])).toEqual(listed);
    expect(seriesOf([[place], all])).toEqual(listed);
  });
});
