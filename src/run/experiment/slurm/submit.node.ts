/** @file Submits what is left of an experiment to Slurm: writes the scripts, runs them, and knows what is still in the queue. */
import { execFile } from 'node:child_process';
import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { ConfigError } from '../../../base/errors.ts';
import { writeFiles } from '../../../data/files/files.node.ts';
import { freeOfJob, lockFile, lockFolder, whileLocked } from '../../../data/files/lock.node.ts';
import { makeFolder } from '../../../data/files/make.node.ts';
import { codeOf } from '../../../data/files/read.node.ts';
import { DiskFiles } from '../../../train/runfiles.node.ts';
import { readText } from '../../../train/runfiles.ts';
import type { BegunExperiment } from '../begin.node.ts';
import { tasksOf } from '../tasks.node.ts';
import { jobsFile, numbered, submissionFiles, submitScript, tableFile } from './scripts.ts';
import { usualSlurm } from './settings.ts';

/** The folder of submissions in that of an experiment; each has one of its own there, `1`, `2`, … */
const slurmFolder = 'slurm';

export interface SubmitRequest {
  /** Of the experiment. */
  readonly folder: string;
  /** The command that makes the experiment, whole but for what it is to do; paths absolute. */
  readonly command: readonly string[];
  /** Whether to submit, and not only to write the scripts. */
  readonly submit: boolean;
}

export interface Submitted {
  /** Of the submission, absolute; null where nothing was left to submit. */
  readonly folder: string | null;
  readonly script: string | null;
  /** How many runs, and the task of preparing data among them. */
  readonly tasks: number;
  readonly jobs: readonly string[];
  /** Runs that an earlier submission has in the queue. */
  readonly queued: readonly string[];
  readonly resubmissions: number;
}

/** What a program prints. Throws ConfigError where it is not there, or refuses. */
async function printed(program: string, args: readonly string[], what: string): Promise<string> {
  try {
    return (await promisify(execFile)(program, args)).stdout;
  } catch (error) {
    if (codeOf(error) === 'ENOENT')
      throw new ConfigError(
        `${program} was not found. Run this where Slurm's commands are, on a login node; --dry-run only writes the scripts, and --executor local --jobs N needs no Slurm.`,
      );
    const { stderr, message } = error as Error & { stderr?: string };
    throw new ConfigError(`${what}: ${stderr?.trim() || message}`, { cause: error });
  }
}

/** Rows of a table with tabs; none where there is no file. */
async function rowsIn(folder: string, file: string): Promise<string[][]> {
  const text = (await readText(new DiskFiles(folder), file)) ?? '';
  return text.split('\n').flatMap((line) => (line === '' ? [] : [line.split('\t')]));
}

/** Jobs of earlier submissions, `<array>_<task>`, with their runs: in the queue, and gone from it. */
interface Queue {
  readonly there: ReadonlyMap<string, string>;
  readonly gone: ReadonlyMap<string, string>;
}

async function queueOf(root: string, earlier: readonly string[]): Promise<Queue> {
  const runs = new Map<string, string>();
  for (const name of earlier) {
    const folder = join(root, name);
    const [jobs, table] = [await rowsIn(folder, jobsFile), await rowsIn(folder, tableFile)];
    for (const [job] of jobs) for (const [task, run] of table) runs.set(`${job}_${task}`, run!);
  }
  if (runs.size === 0) return { there: runs, gone: runs };
  const list = await printed(
    'squeue',
    ['--noheader', '--array', '--format=%F_%K'],
    'squeue does not say what is in the queue',
  );
  const queue = new Set(list.split('\n').map((line) => line.trim()));
  const those = (queued: boolean) => new Map([...runs].filter(([job]) => queue.has(job) === queued));
  return { there: those(true), gone: those(false) };
}

/** Gives folders free that jobs had which were ended before they could. Others write here, so folders come and go. */
async function freeEnded(folder: string, queue: Queue): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error): Dirent[] => {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  });
  for (const entry of entries)
    if (entry.isDirectory()) await freeEnded(join(folder, entry.name), queue);
    else if (entry.name === lockFile) await freeOfJob(folder, (job) => queue.gone.has(job));
}

/**
 * Submits what is not finished and not in the queue.
 * @throws ConfigError where Slurm's commands are not there or refuse
 * @throws BusyError where another process is submitting
 * @throws FileError where scripts cannot be written
 */
export async function submitExperiment(
  { experiment, own }: BegunExperiment,
  { folder, command, submit }: SubmitRequest,
): Promise<Submitted> {
  const settings = experiment.slurm ?? usualSlurm;
  const root = resolve(folder, slurmFolder);
  return whileLocked(await lockFolder(root), async () => {
    const earlier = (await readdir(root)).filter((name) => /^\d+$/.test(name));
    const queue = await queueOf(root, earlier);
    await freeEnded(folder, queue);
    const due = tasksOf(own, folder);
    const queued = new Map(
      [...queue.there].flatMap(([job, run]) => (due.some(({ name }) => name === run) ? [[run, job]] : [])),
    );
    const left = due.filter(({ name }) => !queued.has(name));
    const none = { folder: null, script: null, tasks: 0, jobs: [] };
    const said = { queued: [...queued.keys()], resubmissions: settings.resubmissions };
    if (left.every(({ kind }) => kind === 'data')) return { ...none, ...said };
    const number = 1 + Math.max(0, ...earlier.map(Number));
    const at = join(root, String(number));
    await makeFolder(join(at, 'logs'));
    const tasks = numbered(left);
    const files = submissionFiles({
      ...{ name: experiment.name, settings, folder: at, cwd: process.cwd() },
      ...{ command, tasks, queued },
    });
    const encoder = new TextEncoder();
    await writeFiles(
      [...files].map(([name, text]) => ({ path: join(at, name), bytes: encoder.encode(text) })),
    );
    const script = join(at, submitScript);
    if (submit) {
      await printed('sbatch', ['--version'], 'sbatch does not run');
      await printed('bash', [script], `Slurm refused a job of ${at}`);
    }
    const jobs = (await rowsIn(at, jobsFile)).map(([job]) => job!);
    return { folder: at, script, tasks: tasks.length, jobs, ...said };
  });
}
