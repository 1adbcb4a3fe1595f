/** @file What comes of measured volumes: ejection fractions, and the table of all. */
import { expect, it } from 'vitest';
import { type ClassRow, ejectionRows, type Phase, rowsAsCsv } from '../../src/results/volumes.ts';

const row = (
  subject: string,
  phase: Phase,
  name: string,
  predictedMl: number,
  truthMl: number,
): ClassRow => ({
  ...{ subject, phase, volume: `${subject}_${phase}`, class: name, predictedMl, truthMl },
  ...{ dice: 0.5, hausdorffMm: 4, hausdorff95Mm: 3, surfaceMm: null, missing: null },
});

it('ejection fractions are those of chambers of subjects that have both phases, whatever their order', () => {
  const rows = [
    ...[row('a', 'ES', 'LV', 60, 50), row('a', 'ED', 'LV', 120, 200), row('a', 'ED', 'RV', 0, 80)],
    ...[
      row('a', 'ES', 'RV', 10, 100),
      row('a', 'ED', 'myocardium', 5, 5),
      row('a', 'ES', 'myocardium', 4, 4),
    ],
    ...[row('b', 'ED', 'LV', 100, 100), row('c', 'ES', 'LV', 50, 50), row('d', null, 'LV', 70, 70)],
  ];
  expect(ejectionRows(rows, ['LV', 'RV'])).toEqual([
    { subject: 'a', class: 'LV', predicted: 50, truth: 75 },
    { subject: 'a', class: 'RV', predicted: null, truth: -25 },
  ]);
});

it('the table has a line for each volume and class, and leaves empty what is missing', () => {
  const table = rowsAsCsv([
    row('a, b', 'ED', 'LV', 60, 50),
    { ...row('c', null, 'RV', 0, 2), missing: 'predicted' },
  ]);
  expect(table.split('\r\n')).toEqual([
    'subject,phase,volume,class,dice,hausdorffMm,hausdorff95Mm,surfaceMm,predictedMl,truthMl,missing',
    '"a, b",ED,"a, b_ED",LV,0.5,4,3,,60,50,',
    'c,,c_null,RV,0.5,4,3,,0,2,predicted',
    '',
  ]);
});
