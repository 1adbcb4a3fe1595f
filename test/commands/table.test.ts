import { expect, it } from 'vitest';
import { formatTable } from '../../src/commands/table.ts';

interface Row {
  readonly name: string;
  readonly count: number | null;
}

const columns = [
  { title: 'NAME', cell: (row: Row) => row.name },
  { title: 'COUNT', cell: (row: Row) => row.count },
  { title: 'AGAIN', cell: (row: Row) => row.name },
];

it('a table is aligned, numbers to the right, a dash where there is nothing', () => {
  const rows = [
    { name: 'a long name', count: 1234567 },
    { name: 'b', count: null },
  ];
  expect(formatTable(columns, rows).split('\n')).toEqual([
    'NAME           COUNT  AGAIN',
    'a long name  1234567  a long name',
    'b                  –  b',
  ]);
});

it('a table without rows is its titles', () => {
  expect(formatTable(columns, [])).toBe('NAME  COUNT  AGAIN');
});
