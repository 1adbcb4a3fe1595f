import { describe, expect, it } from 'vitest';
import { compareRuns, comparisonRows, letterOf } from '../../src/results/compare.ts';
import { dice, runOf, tested } from './compared.ts';

const other = dice(5, ['a']);
const lines = { ...other, key: 'orientation.angle', title: 'Line, angle', better: 'lower' as const };

it('runs have letters, more than the alphabet where need be', () => {
  expect([0, 25, 26, 27, 701, 702].map(letterOf)).toEqual(['A', 'Z', 'AA', 'AB', 'ZZ', 'AAA']);
});

describe('compared runs', () => {
  it('have the settings that differ, those that one lacks too, and no others', () => {
    const runs = [
      runOf({ settings: { size: '32', seed: '1', steps: '40' } }),
      runOf({ settings: { size: '32', seed: '2', steps: '40', preset: 'acdc' } }),
    ];
    expect(compareRuns(runs).settings).toEqual([
      { name: 'seed', values: ['1', '2'] },
      { name: 'preset', values: [null, 'acdc'] },
    ]);
  });

  it('have differences to the first, none where either has no value', () => {
    const runs = [0.8, 0.75, null].map((value) => runOf({ tested: tested({ results: [dice(value)] }) }));
    const [result] = compareRuns([...runs, runOf({ tested: null })]).results;
    expect(result).toMatchObject({ values: [0.8, 0.75, null, null], measured: [true, true, true, false] });
    expect(result!.differences[1]).toBeCloseTo(-0.05, 12);
    expect(result!.differences).toEqual([null, expect.any(Number), null, null]);
    expect(compareRuns([runs[2]!, runs[0]!]).results[0]!.differences).toEqual([null, null]);
  });

  it('have means over the subjects of both for differences where not the same have a value', () => {
    const distance = (values: Readonly<Record<string, number>>, value: number | null) =>
      runOf({ tested: tested({ results: [{ ...dice(value), better: 'lower', bySubject: values }] }) });
    const first = distance({ a: 4 }, 4);
    const runs = [first, distance({ a: 5, b: 20 }, 12.5), distance({ b: 9 }, 9), distance({}, null)];
    const [result] = compareRuns(runs).results;
    expect(result).toMatchObject({ subjects: [1, 2, 1, 0], paired: [null, 1, 0, null] });
    expect(result!.differences).toEqual([null, 1, null, null]);
    const rows = comparisonRows(compareRuns(runs));
    const columns = ['value', 'difference', 'subjects', 'paired'].map((name) => rows[0]!.indexOf(name));
    expect(rows.slice(1).map((row) => columns.map((i) => row[i]))).toEqual([
      ...[
        [4, null, 1, null],
        [12.5, 1, 2, 1],
        [9, null, 1, 0],
        [null, null, 0, null],
      ],
    ]);
    // of medians over images, say, which are no means over subjects
    const medians = [distance({ a: 4, b: 8 }, 5), distance({ a: 5, b: 9 }, 7)];
    expect(compareRuns(medians).results[0]).toMatchObject({ differences: [null, 2], paired: [null, 2] });
  });

  it('have no count of pairs where only all subjects together have a figure', () => {
    const whole = runOf({ tested: tested({ results: [dice(0.5, [])] }) });
    const [result] = compareRuns([runOf({ tested: tested({ results: [dice(0.75, [])] }) }), whole]).results;
    expect(result).toMatchObject({ subjects: [3, 3], differences: [null, -0.25], paired: [null, null] });
  });

  it('are not warned of where all is the same', () => {
    expect(compareRuns([runOf(), runOf({ settings: {} })]).warnings).toEqual([]);
  });

  it.each([
    [tested({ pixels: 'q' }), /A and B had different images/],
    [tested({ data: 'e' }), /same images, but different geometry, labels or groups/],
    [
      tested({ subjects: 4 }),
      /A and B were measured on different subjects \(3 and 4, of whom 3 are the same/,
    ],
    [tested({ results: [dice(1, ['a', 'b', 'x'])] }), /\(3 and 3, of whom 2 are the same by name\)/],
    [tested({ part: 'training' }), /A on test subjects and B on the subjects it was trained on/],
    [tested({ results: [dice(1), lines] }), /^Not measured by all: B only: Line, angle\.$/],
    [tested({ results: [lines] }), /^The runs share no result\. Not measured by all: A only: Dice, mean/],
  ])('are warned of where they were measured otherwise: %#', (measured, warning) => {
    const { warnings } = compareRuns([runOf(), runOf({ tested: measured })]);
    expect(warnings.filter((text) => warning.test(text))).toHaveLength(1);
  });

  it('are not said to share no result where two of three do', () => {
    const lines = { ...dice(5), key: 'orientation.angle', title: '2-chamber line, angle' };
    const runs = [runOf({ tested: tested({ results: [lines] }) }), runOf(), runOf()];
    expect(compareRuns(runs).warnings).toEqual([
      'Not measured by all: A only: 2-chamber line, angle. B and C only: Dice, mean of the classes.',
    ]);
  });

  it('are warned of other subjects beside the first run that measured the same, be it not the first', () => {
    const runs = [
      runOf({ tested: tested({ results: [lines] }) }),
      runOf({ tested: tested({ results: [dice(1, ['a', 'b', 'c'])] }) }),
      runOf({ tested: tested({ results: [dice(1, ['a', 'x', 'y'])], pixels: 'q' }) }),
    ];
    expect(compareRuns(runs).warnings.filter((text) => text.startsWith('B and C'))).toEqual([
      'B and C were measured on different subjects (3 and 3, of whom 1 are the same by name).',
      'B and C had different images: the fingerprints of their pixels differ.',
    ]);
  });

  it('say nothing of fingerprints and subjects that are not known', () => {
    const unknown = tested({ data: null, pixels: null, results: [dice(0.5, [])] });
    expect(compareRuns([runOf(), runOf({ tested: unknown })]).warnings).toEqual([]);
  });

  it('are warned of where they took other numbers of steps', () => {
    const short = runOf({ steps: { asked: 40, trained: 30 } });
    expect(compareRuns([runOf(), short]).warnings).toEqual([
      'The runs were trained for different numbers of steps: A 40, B 30.',
    ]);
  });

  it('are rows of a table: those that were measured', () => {
    const runs = [
      runOf(),
      runOf({ name: 'two', tested: tested({ results: [lines] }) }),
      runOf({ tested: null }),
    ];
    expect(comparisonRows(compareRuns(runs)).slice(1)).toEqual([
      ...[
        [
          'one',
          'segmentation.dice',
          'Dice, mean of the classes',
          '',
          'higher',
          0.8,
          null,
          'test',
          3,
          null,
          40,
        ],
      ],
      ...[['two', 'orientation.angle', 'Line, angle', '', 'lower', 5, null, 'test', 1, null, 40]],
    ]);
  });
});
