/** @file The run folders of an experiment: how far each is, and whether it is what the file asks for. */
import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { FileError } from '../../base/errors.ts';
import { parseJson } from '../../base/json.ts';
import { isRecord } from '../../base/record.ts';
import { fileError, writeFiles } from '../../data/files/files.node.ts';
import { checkpointFile, previousCheckpointFile } from '../../train/checkpoint.ts';
import { DiskFiles } from '../../train/runfiles.node.ts';
import { readText } from '../../train/runfiles.ts';
import { metricsFile } from '../../train/runlog.ts';
import { evaluationFile } from '../job.node.ts';
import { expectOutsideImages } from '../runfolder.node.ts';
import { configFile } from '../settle.node.ts';
import type { Experiment } from './settings.ts';

/** The experiment as it was last run, in its folder. */
export const experimentFile = 'experiment.json';

export type RunState = 'none' | 'begun' | 'done';

/** How far the run in a folder is. */
export function stateOf(folder: string): RunState {
  if (!existsSync(join(folder, configFile))) return 'none';
  return existsSync(join(folder, evaluationFile)) ? 'done' : 'begun';
}

/**
 * The experiment that last ran in a folder, null in a new one. Throws FileError where it holds something else, ConfigError
 * where a new one lies among the images.
 */
export async function openFolder(folder: string, experiment: Experiment): Promise<Experiment | null> {
  const { name, base, initialisations } = experiment;
  const path = join(folder, experimentFile);
  const text = await readText(new DiskFiles(folder), experimentFile);
  if (text !== null) {
    const found = parseJson(text, path, 'Choose another --out.');
    if (isRecord(found) && found.name === name) return found as unknown as Experiment;
    const what = isRecord(found) ? `is of the experiment ${found.name}` : 'is of no experiment';
    throw new FileError(path, what, 'Choose another --out.');
  }
  await expectOutsideImages(folder, base.data);
  for (const one of Object.values(initialisations)) await expectOutsideImages(folder, one?.pretraining?.data);
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
