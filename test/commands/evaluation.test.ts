import { expect, it } from 'vitest';
import { resultColumns } from '../../src/commands/evaluation.ts';
import { formatTable } from '../../src/commands/table.ts';
import { offset, place, resultOf } from '../results/results.ts';

it('the table of results says in how many images no answer was found, and is empty where there was none at all', () => {
  const some = { count: 10, missing: 9 };
  const none = { count: 10, missing: 10, value: null };
  const other = { title: '4-chamber line, angle' };
  const results = [
    resultOf({ ...some, value: 9.876, trivial: 10 }),
    { ...offset, ...some, value: 4.5, trivial: 5 },
    resultOf({ ...other, ...none, trivial: 10 }),
    { ...offset, ...none, title: '4-chamber line, offset', trivial: 5 },
    { ...place, value: 0.12345, trivial: 0.25, count: 12 },
  ];
  expect(formatTable(resultColumns, results).split('\n')).toEqual([
    'RESULT                       NETWORK  TRIVIAL  MISSING',
    '2-chamber line, angle (°)       9.88       10  9 of 10',
    '2-chamber line, offset (mm)      4.5        5  9 of 10',
    '4-chamber line, angle (°)          –       10  10 of 10',
    '4-chamber line, offset (mm)        –        5  10 of 10',
    'Slice location                0.1235     0.25  –',
  ]);
});
