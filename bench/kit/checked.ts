/** @file The kit's part `forms` as a program: prints what the kernels' tests find, and keeps it as it goes. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  type FileRow,
  fileLine,
  formRows,
  formsTable,
  isRight,
  RUNNING,
  runForms,
  testFiles,
} from './forms.ts';

const { values } = parseArgs({
  options: {
    // where the rows are kept
    out: { type: 'string', default: 'forms.json' },
    // only files that were not right before
    missing: { type: 'boolean', default: false },
    // with the errors' stacks
    whole: { type: 'boolean', default: false },
    // of a file
    seconds: { type: 'string', default: '45' },
    // of all of it
    limit: { type: 'string', default: '1e6' },
    // only files with this text in their name
    only: { type: 'string', default: '' },
  },
});

const folder = fileURLToPath(new URL('../forms', import.meta.url));
const kept = existsSync(values.out) ? (JSON.parse(readFileSync(values.out, 'utf8')) as FileRow[]) : [];
const right = values.missing ? kept.filter(isRight) : [];
const rows = new Map(right.map((row) => [nameOf(row), row]));
let written = 0;

function nameOf({ file, form }: FileRow): string {
  return `${file} ${form}`;
}

function keep(row: FileRow): void {
  rows.set(nameOf(row), row);
  const isDone = row.broken !== RUNNING;
  if (isDone) console.log(fileLine(row, values.whole));
  else if (performance.now() - written < 1000) return;
  written = performance.now();
  writeFileSync(`${values.out}.part`, JSON.stringify([...rows.values()]));
  renameSync(`${values.out}.part`, values.out);
}

const files = testFiles(folder).filter((file) => file.includes(values.only));
const limitMs = 1000 * Number(values.seconds);
await runForms({ folder, files, known: right, limitMs, ends: 1000 * Number(values.limit), onFile: keep });
const found = [...rows.values()];
console.log(`\n${formsTable(formRows(found))}`);
const wrong = found.filter((row) => !isRight(row)).length;
const left = files.filter((file) => !found.some((row) => row.file === file)).length;
if (wrong + left > 0) console.log(`\n${wrong} files not right, ${left} files not run`);
process.exitCode = wrong + left > 0 ? 1 : 0;
