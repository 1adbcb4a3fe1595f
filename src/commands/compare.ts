/** @file `planewise compare`: runs beside each other, as a page, as JSON and as comma-separated values. */
import type { Command } from 'commander';
import { writeFiles } from '../data/files/files.node.ts';
import { lockFolder, whileLocked } from '../data/files/lock.node.ts';
import { renderComparison } from '../report/compare.ts';
import {
  type ComparedRun,
  type ComparedSetting,
  type Comparison,
  comparisonRecord,
  comparisonRows,
  letterOf,
} from '../results/compare.ts';
import type { ComparedResult } from '../results/comparedresults.ts';
import { csvLines } from '../results/csv.ts';
import { rounded } from '../results/result.ts';
import { compareFolders } from '../run/compare.node.ts';
import { lockFree } from '../run/runfolder.node.ts';
import { named } from './evaluation.ts';
import { addExample, orElse } from './help.ts';
import { note, print, printJson, printTable } from './output.ts';

interface CompareArguments {
  readonly out?: string;
  readonly json?: boolean;
}

export const comparisonFile = 'compare.html';

type Placed = ComparedRun & { readonly place: number };

/** `A 2, B 1 (1 with A)`: how many subjects have a value; null where all do, and in A too. */
function subjectsText({ subjects, paired }: ComparedResult, runs: readonly ComparedRun[]): string | null {
  const lacks = subjects.some(
    (count, i) =>
      count !== null &&
      (count < runs[i]!.tested!.subjects ||
        (paired[i] !== null && Math.max(count, subjects[0]!) > paired[i]!)),
  );
  const told = (count: number, i: number): string =>
    `${letterOf(i)} ${count}${paired[i] === null ? '' : ` (${paired[i]} with A)`}`;
  return lacks ? subjects.flatMap((count, i) => (count === null ? [] : [told(count, i)])).join(', ') : null;
}

function printComparison({ runs, settings, results }: Comparison): void {
  const letters = runs.map((_, i) => letterOf(i));
  printTable(
    [
      { title: 'RUN', cell: ({ place }: Placed) => letters[place]! },
      { title: 'FOLDER', cell: ({ name }) => name },
      { title: 'TASKS', cell: ({ tasks }) => tasks.join(', ') },
      { title: 'STEPS', cell: ({ steps }) => steps.trained },
      { title: 'BEST', cell: ({ best }) => best },
      { title: 'SUBJECTS', cell: ({ tested }) => tested?.subjects ?? null },
    ],
    runs.map((run, place) => ({ ...run, place })),
  );
  if (settings.length > 0) {
    print('Settings that differ:', true);
    printTable(
      [
        { title: 'SETTING', cell: ({ name }: ComparedSetting) => name },
        ...letters.map((title, i) => ({ title, cell: ({ values }: ComparedSetting) => values[i]! })),
      ],
      settings,
    );
  }
  const shared = results.filter(({ measured }) => measured.filter(Boolean).length > 1);
  if (shared.length === 0) return;
  const lacking = shared.some((result) => subjectsText(result, runs) !== null);
  print('Results that runs share, and their differences to A:', true);
  printTable(
    [
      { title: 'RESULT', cell: named },
      ...letters.flatMap((title, i) => [
        { title, cell: ({ values, digits }: ComparedResult) => rounded(values[i]!, digits) },
        ...(i > 0
          ? [
              {
                title: `${title} − A`,
                cell: ({ differences, digits }: ComparedResult) => rounded(differences[i]!, digits),
              },
            ]
          : []),
      ]),
      ...(lacking
        ? [{ title: 'SUBJECTS', cell: (result: ComparedResult) => subjectsText(result, runs) }]
        : []),
    ],
    shared,
  );
}

async function write(folder: string, comparison: Comparison): Promise<void> {
  const file = (name: string, text: string) => ({
    path: `${folder}/${name}`,
    bytes: new TextEncoder().encode(text),
  });
  await writeFiles(
    [
      file('compare.json', `${JSON.stringify(comparisonRecord(comparison), null, 2)}\n`),
      file('compare.csv', csvLines(comparisonRows(comparison))),
      file(comparisonFile, renderComparison(comparison)),
    ],
    'expect',
  );
}

async function compare(folders: readonly string[], { out, json = false }: CompareArguments): Promise<void> {
  // before a folder is made
  const comparison = await compareFolders(folders);
  const lock = out === undefined ? await lockFree({ name: 'compare' }) : await lockFolder(out);
  await whileLocked(lock, async () => {
    await lock.check();
    await write(lock.folder, comparison);
    const path = `${lock.folder}/${comparisonFile}`;
    if (json) printJson({ page: path, ...comparisonRecord(comparison) });
    else printComparison(comparison);
    for (const warning of comparison.warnings) note(`warning: ${warning}`);
    if (!json) print(`Page: ${path}`, true);
  });
}

export function addCompare(program: Command): void {
  const command = program
    .command('compare')
    .description(
      'put runs beside each other: curves over one another, settings that differ, results with their differences',
    )
    .argument('<runs...>', 'the folders of two runs or more; differences are to the first')
    .option(
      '--out <folder>',
      orElse('where compare.html, compare.json and compare.csv go', 'the first free runs/compare-N'),
    )
    .option('--json', 'print the comparison as JSON')
    .action(compare);
  addExample(command, 'compare runs/scratch runs/pretrained --out runs/beside');
}
