/** @file The run folders of an experiment: how far each is, and whether it is what the file asks for. */
import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { ConfigError, FileError } from '../../base/errors.ts';
import { parseJson } from '../../base/json.ts';
import { isRecord } from '../../base/record.ts';
import { fileError, isTemporaryOf, writeFiles } from '../../data/files/files.node.ts';
import { checkpointFile, previousCheckpointFile } from '../../train/checkpoint.ts';
import { DiskFiles } from '../../train/runfiles.node.ts';
import { readText } from '../../train/runfiles.ts';
import { metricsFile } from '../../train/runlog.ts';
import { evaluationFile } from '../results.node.ts';
import { expectOutsideImages } from '../runfolder.node.ts';
import { configFile, experimentFile, localAbout, localFile } from '../shared.ts';
import type { Experiment } from './settings.ts';
import { sharedExperiment } from './shared.ts';

export type RunState = 'none' | 'begun' | 'done';

/** How far the run in a folder is. */
export function stateOf(folder: string): RunState {
  if (!existsSync(join(folder, configFile))) return 'none';
  return existsSync(join(folder, evaluationFile)) ? 'done' : 'begun';
}

/** An experiment in its folder. */
export interface Opened {
  /** With what its runs call people. */
  readonly experiment: Experiment;
  /** As it last ran; null in a new folder. */
  readonly before: Experiment | null;
}

const stays = (value: unknown): Experiment | undefined =>
  isRecord(value) ? (value.experiment as Experiment | undefined) : undefined;

/** As it last ran, whole where what stays on this computer is there. @param kept the content of experiment.json */
async function before(folder: string, kept: Experiment): Promise<Experiment> {
  const text = await readText(new DiskFiles(folder), localFile);
  const own = text === null ? undefined : stays(parseJson(text, join(folder, localFile)));
  // experiments of before identifiers were a setting kept them
  return { ...(own ?? kept), identifiers: kept.identifiers ?? 'keep' };
}

/**
 * An experiment in its folder, which may be new. Throws FileError where that holds something else, ConfigError where a new
 * one lies among the images, or where names are to be others than before.
 */
export async function openFolder(folder: string, experiment: Experiment): Promise<Opened> {
  const found = await lastIn(folder, experiment);
  const { identifiers: asked } = experiment;
  if (!found) return { experiment: { ...experiment, identifiers: asked ?? 'pseudonyms' }, before: null };
  const last = await before(folder, found);
  if (asked && asked !== last.identifiers)
    throw new ConfigError(
      `identifiers was ${last.identifiers} in ${folder}, is ${asked}. Leave it as it was, or choose another --out.`,
    );
  return { experiment: { ...experiment, identifiers: last.identifiers }, before: last };
}

/** What is in the folder of an experiment that another process just begins, or was killed at the beginning of. */
const ofBeginning = (name: string): boolean =>
  [localFile, experimentFile].some((own) => name === own || isTemporaryOf(own, name));

/** The content of experiment.json; null in a new folder. */
async function lastIn(folder: string, experiment: Experiment): Promise<Experiment | null> {
  const { name, base, initialisations } = experiment;
  const path = join(folder, experimentFile);
  // before the file is looked for, which whoever begins meanwhile makes before all else
  const present = await readdir(folder).catch((error): string[] => {
    if (error.code === 'ENOENT') return [];
    throw fileError(folder, error);
  });
  const text = await readText(new DiskFiles(folder), experimentFile);
  if (text !== null) {
    const found = parseJson(text, path, 'Choose another --out.');
    if (isRecord(found) && found.name === name) return found as unknown as Experiment;
    const what = isRecord(found) ? `is of the experiment ${found.name}` : 'is of no experiment';
    throw new FileError(path, what, 'Choose another --out.');
  }
  await expectOutsideImages(folder, base.data);
  for (const one of Object.values(initialisations)) await expectOutsideImages(folder, one?.pretraining?.data);
  if (!present.every(ofBeginning))
    throw new FileError(
      folder,
      `is not empty and holds no ${experimentFile}`,
      'Choose another --out, or delete what is there.',
    );
  return null;
}

/**
 * Keeps the experiment as it now runs; what of it says where things lie, or who is who, in a file of its own. Throws
 * FileError where another experiment has begun there since the folder was opened.
 */
export async function keepExperiment(folder: string, experiment: Experiment): Promise<void> {
  await lastIn(folder, experiment);
  const shared = sharedExperiment(experiment);
  const file = (name: string, value: object) => ({
    path: join(folder, name),
    bytes: new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`),
  });
  const local = isDeepStrictEqual(shared, experiment)
    ? []
    : [file(localFile, { about: localAbout, experiment })];
  await writeFiles([...local, file(experimentFile, shared)]);
  if (local.length === 0) await rm(join(folder, localFile), { force: true });
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
