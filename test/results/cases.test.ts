/** @file Figures of single cases and how they are put together: slices, subjects, claims, cells of a table. */
import { describe, expect, it } from 'vitest';
import { UNKNOWN } from '../../src/data/types.ts';
import { calibrationOf } from '../../src/results/calibration.ts';
import { csvLines } from '../../src/results/csv.ts';
import { sliceDice } from '../../src/results/dice.ts';
import { subjectMeans } from '../../src/results/subjects.ts';

it('Dice of a slice counts what is known, and is none where neither has the class', () => {
  const dice = (predicted: readonly number[], truth: readonly number[], label = 1) =>
    sliceDice(Uint8Array.from(predicted), Uint8Array.from(truth), label);
  expect(dice([1, 1, 0, 0], [1, 0, 1, 1])).toBeCloseTo(2 / 5, 12);
  expect(dice([2, 1, 2, 0], [2, 2, 2, 1], 2)).toBeCloseTo(4 / 5, 12);
  expect(dice([1, 1, 1, 0], [1, UNKNOWN, UNKNOWN, 0])).toBe(1);
  expect(dice([1, 0], [0, 1])).toBe(0);
  expect(dice([0, 2], [0, 2])).toBe(null);
  expect(dice([1, 1], [UNKNOWN, UNKNOWN])).toBe(null);
});

it('means of subjects are over the rows that have a value, and of those that have any', () => {
  const rows = [
    { subject: 'a', value: 1 },
    { subject: 'b', value: null },
    { subject: 'a', value: 4 },
    { subject: 'c', value: 0 },
    { subject: 'a', value: null },
  ];
  expect([...subjectMeans(rows, ({ value }) => value)]).toEqual([
    ['a', 2.5],
    ['c', 0],
  ]);
});

describe('claims', () => {
  it('may be of no and of full confidence, in the first bin and in the last', () => {
    const claims = [
      { confidence: 0, right: false },
      { confidence: 1, right: true },
    ];
    const { error, bins } = calibrationOf(claims, 4);
    expect([error, bins.map(({ count }) => count)]).toEqual([0, [1, 0, 0, 1]]);
  });

  it.each([-0.01, 1.01, Number.NaN])('of confidence %d are refused', (confidence) => {
    expect(() =>
      calibrationOf([
        { confidence: 0.5, right: true },
        { confidence, right: true },
      ]),
    ).toThrow(`calibrationOf: claims hold confidence ${confidence}. Give 0 to 1.`);
  });
});

it('cells with commas, quotes and line breaks stay one cell, and what is missing is empty', () => {
  expect(csvLines([['a,b', 'a "b"', 'a\nb', 'a\rb', null, 0]])).toBe('"a,b","a ""b""","a\nb","a\rb",,0\r\n');
});
