/**
 * @file Every form of every kernel against float64 and PyTorch on this adapter: the kernels' tests as they are, a process
 * a file, then once more with each form that fits and that they did not come to. A new form or test is found by itself.
 */
import { fork } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { cpus } from 'node:os';
import { basename, join } from 'node:path';
import { formatTable } from '../../src/commands/table.ts';
import type { FormName, Tested } from './tested.ts';

/** What came of a file of tests; of one run again for a form, that form too. */
export interface FileRow {
  readonly file: string;
  readonly form: FormName | null;
  readonly seconds: number;
  readonly tests: readonly Tested[];
  /** Why the file did not come to its end: it was cut, or its process ended; null where it did. */
  readonly broken: string | null;
}

export interface FormRow {
  readonly form: FormName;
  readonly tests: number;
  readonly failed: number;
  /** The largest error of its tests, as a share of what they allow; null where they compare no numbers. */
  readonly worst: number | null;
}

/** First those of the forms for GPUs. */
const ranks: readonly RegExp[] = [
  /^conv.*(gemm|winograd|matrix|strips)/i,
  /conv|half|winograd/i,
  /norm|pool|product|matmul/i,
];

const rankOf = (file: string): number =>
  [...ranks, /./].findIndex((pattern) => pattern.test(file)) +
  (/halo|quad|subgroup|twin|pair/.test(file) ? 4 : 0);

/** Names of the built files of tests, the most important first. */
export function testFiles(folder: string): string[] {
  const files = readdirSync(folder).filter((name) => name.endsWith('.test.js'));
  return files.sort((a, b) => rankOf(a) - rankOf(b) || (a < b ? -1 : 1));
}

interface Job {
  readonly file: string;
  readonly form: FormName | null;
  /** All where it is empty. */
  readonly names: readonly string[];
}

export interface FormsPlan {
  readonly folder: string;
  readonly files: readonly string[];
  /** Rows of an earlier run, which are not run again. */
  readonly known: readonly FileRow[];
  /** Of one file. */
  readonly limitMs: number;
  /** As performance.now() counts: nothing begins after it, and what runs is cut. */
  readonly ends: number;
  /** Told of a file that is done, and before, `broken`, of one that is not. */
  onFile(row: FileRow): void;
}

function environmentOf(form: FormName | null): NodeJS.ProcessEnv {
  if (!form) return process.env;
  const [op, variant] = form.split(' ');
  return { ...process.env, PLANEWISE_VARIANT: `${op}:${variant}` };
}

/** Of a file that has not come to its end. */
export const RUNNING = 'was running when the run ended';

/** Runs a file of tests in a process of its own, which is ended when its time is up. */
function runFile(
  { file, form, names }: Job,
  { folder, limitMs: most, ends, onFile }: FormsPlan,
): Promise<FileRow> {
  const began = performance.now();
  const limitMs = Math.max(100, Math.min(most, ends - began));
  const child = fork(join(folder, 'tested.js'), [join(folder, file), ...names], {
    env: environmentOf(form),
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const tests: Tested[] = [];
  let [said, cut] = ['', false];
  const rowOf = (broken: string | null): FileRow => {
    return { file, form, seconds: (performance.now() - began) / 1000, tests, broken };
  };
  child.on('message', (told) => {
    tests.push(told as Tested);
    onFile(rowOf(RUNNING));
  });
  child.stderr?.on('data', (text: Buffer) => {
    said = (said + text).slice(-4000);
  });
  const timer = setTimeout(() => {
    cut = true;
    child.kill('SIGKILL');
  }, limitMs);
  return new Promise((resolve) => {
    const end = (how: string | null): void => {
      clearTimeout(timer);
      const last = tests.at(-1)?.name;
      const after = last ? ` after "${last}"` : ' before its first test';
      const broken = how && `${how}${after}${said && `\n${said.trim()}`}`;
      resolve(rowOf(broken));
    };
    child.once('error', (error) => end(`could not be started (${error.message})`));
    child.once('close', (code, signal) => {
      if (cut) end(`was cut when its ${(limitMs / 1000).toFixed(0)} s were over`);
      else end(code === 0 ? null : `ended (${signal ?? `code ${code}`})`);
    });
  });
}

async function runAll(jobs: readonly Job[], plan: FormsPlan): Promise<FileRow[]> {
  const rows: FileRow[] = [];
  const open = [...jobs];
  const work = async (): Promise<void> => {
    for (let job = open.shift(); job && performance.now() < plan.ends; job = open.shift()) {
      const row = await runFile(job, plan);
      rows.push(row);
      plan.onFile(row);
    }
  };
  const workers = Math.max(1, Math.min(8, cpus().length >> 1));
  await Promise.all(Array.from({ length: workers }, work));
  return rows;
}

/** Forms that fit what a test computes and that none came to, each with a file whose tests it is to run. */
export function missedForms(rows: readonly FileRow[]): Job[] {
  const ran = new Set(rows.flatMap(({ tests }) => tests.flatMap((test) => test.ran)));
  const jobs = new Map<FormName, Job>();
  for (const { file, tests } of rows)
    for (const form of new Set(tests.flatMap(({ fitting }) => fitting))) {
      const compared = tests.filter(({ fitting, worst }) => worst !== null && fitting.includes(form));
      const names = compared.filter(({ error }) => error === null).map(({ name }) => name);
      const known = jobs.get(form)?.names.length ?? 0;
      if (!ran.has(form) && names.length > known) jobs.set(form, { file, form, names });
    }
  return [...jobs.values()];
}

/** Runs the files, then the forms that they missed. */
export async function runForms(plan: FormsPlan): Promise<void> {
  const isKnown = ({ file, form }: Job): boolean =>
    plan.known.some((row) => row.form === form && (form !== null || row.file === file));
  const jobs = plan.files.map((file) => ({ file, form: null, names: [] }));
  const rows = await runAll(
    jobs.filter((job) => !isKnown(job)),
    plan,
  );
  const missed = missedForms([...plan.known, ...rows].filter(({ form }) => form === null));
  await runAll(
    missed.filter((job) => !isKnown(job)),
    plan,
  );
}

/** Whether all of a file ran, and ran right. */
export const isRight = ({ tests, broken }: FileRow): boolean =>
  broken === null && tests.every(({ error }) => error === null);

/** What the tests found, by form. */
export function formRows(rows: readonly FileRow[]): FormRow[] {
  const found = new Map<FormName, FormRow>();
  for (const { ran, error, worst } of rows.flatMap(({ tests }) => tests))
    for (const form of ran) {
      const row = found.get(form) ?? { form, tests: 0, failed: 0, worst: null };
      const more = worst === null ? row.worst : Math.max(row.worst ?? 0, worst);
      found.set(form, {
        form,
        tests: row.tests + 1,
        failed: row.failed + Number(error !== null),
        worst: more,
      });
    }
  return [...found.values()].sort((a, b) => b.failed - a.failed || (a.form < b.form ? -1 : 1));
}

export const formsTable = (rows: readonly FormRow[]): string =>
  formatTable(
    [
      { title: 'form', cell: ({ form }: FormRow) => form },
      { title: 'tests', cell: ({ tests }) => tests },
      { title: 'failed', cell: ({ failed }) => failed },
      { title: 'largest error, of what is allowed', cell: ({ worst }) => worst && Number(worst.toFixed(2)) },
    ],
    rows,
  );

/** What of a row went wrong, a line or more each; `whole`: with stacks. */
export function complaintsOf({ tests, broken }: FileRow, whole: boolean): string[] {
  const text = (error: string) => (whole ? error : error.split('\n', 1)[0]!.slice(0, 300));
  const failed = tests.flatMap(({ name, error }) => (error === null ? [] : [`${name}: ${text(error)}`]));
  return broken ? [...failed, text(broken)] : failed;
}

/** A line on a file, and what went wrong in it. */
export function fileLine(row: FileRow, whole: boolean): string {
  const { file, form, tests, seconds } = row;
  const complaints = complaintsOf(row, whole);
  const name = basename(file, '.test.js') + (form ? ` as ${form}` : '');
  const count = `${tests.length} tests, ${complaints.length} wrong, ${seconds.toFixed(1)} s`;
  return [`${name}: ${count}`, ...complaints.map((text) => `  WRONG ${text}`)].join('\n');
}
