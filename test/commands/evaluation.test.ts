import { expect, it } from 'vitest';
import { evaluationColumns, evaluationRows } from '../../src/commands/evaluation.ts';
import { formatTable } from '../../src/commands/table.ts';
import type { ViewErrors } from '../../src/train/evaluate.ts';

it('the table of errors says in how many images no line was found, and is empty where there was none at all', () => {
  const trivial = {
    baselineAngleDeg: 10,
    baselineOffsetMm: 5,
    baselineMeanAngleDeg: 11,
    baselineMeanOffsetMm: 6,
  };
  const some: ViewErrors = {
    ...{ ...trivial, angleDeg: 9.876, offsetMm: 4.5, meanAngleDeg: 9, meanOffsetMm: 4 },
    ...{ images: 10, missing: 9, unlabelled: 2 },
  };
  const none = {
    ...some,
    angleDeg: null,
    offsetMm: null,
    meanAngleDeg: null,
    meanOffsetMm: null,
    missing: 10,
  };
  const rows = evaluationRows({
    images: 12,
    subjects: 1,
    orientation: { '2-chamber': some, '4-chamber': none },
    location: { mae: 0.12345, baselineMae: 0.25, images: 12 },
  });
  expect(formatTable(evaluationColumns, rows).split('\n')).toEqual([
    'ERROR                                NETWORK  TRIVIAL  MISSING',
    '2-chamber line, median offset (mm)       4.5        5  9 of 10',
    '2-chamber line, median angle (°)        9.88       10  9 of 10',
    '4-chamber line, median offset (mm)         –        5  10 of 10',
    '4-chamber line, median angle (°)           –       10  10 of 10',
    'slice location, mean absolute error   0.1235     0.25  –',
  ]);
});
