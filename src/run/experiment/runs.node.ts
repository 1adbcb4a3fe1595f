/** @file The run folders of an experiment: how far each is, whether it is what the file asks for, and who is at it. */
import { existsSync } from 'node:fs';
import { link, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { FileError } from '../../base/errors.ts';
import { isRecord } from '../../base/record.ts';
import { fileError, writeFiles } from '../../data/files/files.node.ts';
import { checkpointFile, previousCheckpointFile } from '../../train/checkpoint.ts';
import { DiskFiles } from '../../train/runfiles.node.ts';
import { readText } from '../../train/runfiles.ts';
import { metricsFile } from '../../train/runlog.ts';
import { evaluationFile } from '../job.node.ts';
import { configFile } from '../settle.node.ts';
import type { Experiment } from './settings.ts';

/** The experiment as it was last run, in its folder. */
export const experimentFile = 'experiment.json';
/** Who is at a run. */
const claimFile = 'running.json';

export type RunState = 'none' | 'begun' | 'done';

/** How far the run in a folder is. */
export function stateOf(folder: string): RunState {
  if (!existsSync(join(folder, configFile))) return 'none';
  return existsSync(join(folder, evaluationFile)) ? 'done' : 'begun';
}

/** The experiment that last ran in a folder, null in a new one. Throws FileError where it holds something else. */
export async function openFolder(folder: string, { name }: Experiment): Promise<Experiment | null> {
  const path = join(folder, experimentFile);
  const text = await readText(new DiskFiles(folder), experimentFile);
  if (text !== null) {
    const found: unknown = JSON.parse(text);
    if (isRecord(found) && found.name === name) return found as unknown as Experiment;
    const what = isRecord(found) ? `is of the experiment ${found.name}` : 'is of no experiment';
    throw new FileError(path, what, 'Choose another --out.');
  }
  const present = await readdir(folder).catch((error): string[] => {
    if (error.code === 'ENOENT') return [];
    throw fileError(folder, error);
  });
  if (present.length > 0)
    throw new FileError(
      folder,
      `is not empty and holds no ${experimentFile}`,
      'Choose another --out, or delete what is there.',
    );
  return null;
}

/** Keeps the experiment as it now runs. */
export const keepExperiment = (folder: string, experiment: Experiment): Promise<void> =>
  writeFiles([
    {
      path: join(folder, experimentFile),
      bytes: new TextEncoder().encode(`${JSON.stringify(experiment, null, 2)}\n`),
    },
  ]);

interface Claim {
  readonly host: string;
  readonly pid: number;
}

function isAlive({ host, pid }: Claim): boolean {
  if (host !== hostname()) return true;
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // another user's process is there too
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Makes a file that has its content from the first moment. Throws EEXIST where there is one. */
async function createWhole(path: string, text: string): Promise<void> {
  const draft = `${path}.${hostname()}.${process.pid}`;
  await writeFile(draft, text);
  try {
    await link(draft, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') throw error;
      // some file systems have no links
      return writeFile(path, text, { flag: 'wx' });
    });
  } finally {
    await rm(draft, { force: true });
  }
}

/**
 * Takes a run for this process, so that nobody else makes it at the same time; a process that is gone no longer has it.
 * @returns what gives it free again, or who has it
 */
export async function claim(
  folder: string,
): Promise<{ readonly free: () => Promise<void> } | { readonly by: string }> {
  const path = join(folder, claimFile);
  const own: Claim = { host: hostname(), pid: process.pid };
  await mkdir(folder, { recursive: true });
  for (let attempt = 0; ; attempt++) {
    try {
      await createWhole(path, `${JSON.stringify(own)}\n`);
      return { free: () => rm(path, { force: true }) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw fileError(path, error);
    }
    const text = await readFile(path, 'utf8').catch(() => '');
    const other = claimOf(text);
    if (attempt > 0 || (other && isAlive(other)))
      return { by: other ? `process ${other.pid} on ${other.host} (${path})` : path };
    await rm(path, { force: true });
  }
}

function claimOf(text: string): Claim | null {
  try {
    return JSON.parse(text) as Claim;
  } catch {
    return null;
  }
}

/** A finished point is not gone on with: its checkpoints, three times its weights, go. */
export async function dropCheckpoints(folder: string): Promise<void> {
  for (const name of [checkpointFile, previousCheckpointFile]) await rm(join(folder, name), { force: true });
}

/** Seconds that the training steps of a run took, by its log, whoever made them and however often it was stopped. */
export async function trainingSeconds(folder: string, batch: number): Promise<number> {
  const text = (await readText(new DiskFiles(folder), metricsFile)) ?? '';
  const speeds = [...text.matchAll(/"imagesPerSecond":([\d.e+-]+)/g)].map(([, speed]) => Number(speed));
  return speeds.reduce((sum, speed) => sum + (speed > 0 ? batch / speed : 0), 0);
}
