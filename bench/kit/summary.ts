/** @file summary.txt: how each part of a run went, and the short of what it found. */
import { formatTable } from '../../src/commands/table.ts';
import { modelOf } from '../model.ts';
import { summaryTable } from '../summary.ts';
import { profileTable, waysTable } from '../tables.ts';
import { complaintsOf, formRows, formsTable } from './forms.ts';
import { parts } from './plan.ts';
import type { KitResults, TaskRow } from './record.ts';

/** Complaints that are listed; all are in forms.txt. */
const MOST_COMPLAINTS = 40;

const taskTable = (tasks: readonly TaskRow[]): string =>
  formatTable(
    [
      { title: 'part', cell: ({ name }: TaskRow) => name },
      { title: '', cell: ({ state }) => (state === 'done' ? 'done' : state.toUpperCase()) },
      { title: 's', cell: ({ seconds }) => Number(seconds.toFixed(1)) },
      { title: 'of', cell: ({ limit }) => Math.round(limit) },
      { title: 'tells', cell: ({ part }) => parts[part] },
      { title: 'why not', cell: ({ why }) => why && why.split('\n', 1)[0]!.slice(0, 200) },
    ],
    tasks,
  );

function formsText({ forms }: KitResults): string {
  if (forms.length === 0) return 'forms: none tried';
  const complaints = forms.flatMap((row) =>
    complaintsOf(row, false).map((text) => `${row.file}${row.form ? ` as ${row.form}` : ''}: ${text}`),
  );
  const rows = formRows(forms);
  const tests = forms.reduce((sum, row) => sum + row.tests.length, 0);
  const head = `forms: ${rows.length} forms, ${forms.length} files, ${tests} tests, ${complaints.length} wrong`;
  const left = complaints.length - MOST_COMPLAINTS;
  const more = left > 0 ? [`… ${left} more in forms.txt`] : [];
  return [head, ...complaints.slice(0, MOST_COMPLAINTS), ...more, '', formsTable(rows)].join('\n');
}

export function summaryText(results: KitResults): string {
  const { pack, date, call, adapter, remedy, tasks, bench } = results;
  const found = adapter ? `${adapter} (way: ${remedy})` : 'no adapter';
  const measured = bench.flatMap((one) => {
    const model = modelOf(one.adapter);
    const profiles = Object.entries(one.profile ?? {});
    return [
      ...(one.ways ? [waysTable(one.ways, model)] : []),
      summaryTable(one),
      ...profiles.map(([config, rows]) => profileTable(config as keyof typeof one.profile, rows, model)),
    ];
  });
  const head = `planewise kit, ${pack}; run ${call}, ${date}\n${found}`;
  return `${[head, taskTable(tasks), ...measured, formsText(results)].join('\n\n')}\n`;
}
