/** @file Reads the folders of runs that are to be compared: finished or not, of whatever kind. */
import { existsSync } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { ConfigError, FileError } from '../base/errors.ts';
import { parseJson } from '../base/json.ts';
import { isRecord } from '../base/record.ts';
import { fileError } from '../data/files/files.node.ts';
import { flattened } from '../report/page.ts';
import { type ComparedRun, type Comparison, compareRuns } from '../results/compare.ts';
import type { TestedRun } from '../results/comparedresults.ts';
import type { StepMetrics, ValidationMetrics } from '../results/losses.ts';
import { initFile } from '../train/init.ts';
import { DiskFiles } from '../train/runfiles.node.ts';
import { type RunFiles, readText } from '../train/runfiles.ts';
import { metricsFile, readWhole, validationFile } from '../train/runlog.ts';
import { parseGiven } from './config.ts';
import { evaluationFile, readResults, readRunJson, resultsFile } from './results.node.ts';
import type { GivenConfig } from './settings.ts';
import { configFile, experimentFile, newConfigFile } from './shared.ts';

const again = 'Repair it, or compare without this run.';

/** Whether a folder holds the runs of an experiment. */
const holdsExperiment = (folder: string): boolean => existsSync(join(folder, experimentFile));

/** A run's configuration as it is shared, with the keys that are only in local.json. @throws FileError where there is none */
async function configOf(files: DiskFiles): Promise<{ given: GivenConfig; local: readonly string[] }> {
  for (const name of [configFile, newConfigFile]) {
    const text = await readText(files, name);
    if (text === null) continue;
    const path = files.describe(name);
    const value = parseJson(text, path, again);
    const { local = [], ...shared } = isRecord(value) ? value : { local: [] };
    return {
      given: parseGiven(isRecord(value) ? shared : value, path),
      local: (local as unknown[]).map(String),
    };
  }
  throw new FileError(
    files.folder,
    `holds no run (there is no ${configFile})`,
    holdsExperiment(files.folder)
      ? 'It holds an experiment; name its runs, the folders below points and pretrained.'
      : 'Name the folder that a training was given by --out.',
  );
}

/** The weights that a run began with, as its folder tells; null where it began with none. */
async function initText(files: RunFiles): Promise<string | null> {
  const text = await readText(files, initFile);
  if (text === null) return null;
  const value = parseJson(text, files.describe(initFile), again);
  return isRecord(value) ? `${value.file}, checksum ${value.checksum}` : null;
}

async function settingsOf(
  files: DiskFiles,
  { given, local }: { readonly given: GivenConfig; readonly local: readonly string[] },
): Promise<Record<string, string>> {
  const { out: _, ...rest } = given;
  const init = await initText(files);
  return {
    ...Object.fromEntries(flattened(rest)),
    ...Object.fromEntries(local.map((key) => [key, 'kept in local.json'])),
    ...(init !== null && { init }),
  };
}

const textOrNull = (value: unknown): string | null => (typeof value === 'string' ? value : null);

const isEvaluation = (value: unknown): boolean =>
  isRecord(value) &&
  ['test', 'validation', 'training'].includes(String(value.part)) &&
  Number.isInteger(value.images) &&
  Number.isInteger(value.subjects);

async function testedOf(folder: string): Promise<TestedRun | null> {
  if (!existsSync(join(folder, evaluationFile))) return null;
  const read = await readRunJson<Record<string, unknown>>(folder, evaluationFile, isEvaluation, again);
  const { part, images, subjects } = read as unknown as TestedRun;
  const results = existsSync(join(folder, resultsFile)) ? await readResults(folder, again) : [];
  return { part, images, subjects, data: textOrNull(read.data), pixels: textOrNull(read.pixels), results };
}

function statusNotes(folder: string, { steps, tested }: Pick<ComparedRun, 'steps' | 'tested'>): string[] {
  const { trained, asked } = steps;
  if (!tested)
    return [
      `it is not finished (step ${trained.toLocaleString('en')}${asked === null ? '' : ` of ${asked.toLocaleString('en')}`}), so there are no results of it.`,
    ];
  if (existsSync(join(folder, resultsFile))) return [];
  return [
    `an earlier version made it, without ${resultsFile}; its command with --resume --out evaluates it again.`,
  ];
}

async function readRun(folder: string, name: string): Promise<ComparedRun> {
  const files = new DiskFiles(folder);
  const config = await configOf(files);
  const { given } = config;
  const notes: string[] = [];
  // the folder's path stays out of what is shared
  const onWarning = (message: string): void => void notes.push(message.replace(folder + sep, ''));
  const metrics = await readWhole<StepMetrics>(files, metricsFile, onWarning);
  const validation = await readWhole<ValidationMetrics>(files, validationFile, onWarning);
  const steps = { asked: given.steps ?? null, trained: metrics.at(-1)?.step ?? 0 };
  const tested = await testedOf(folder);
  return {
    ...{ name, steps, metrics, validation, tested },
    tasks: Array.isArray(given.tasks) ? given.tasks : Object.keys(given.tasks ?? {}),
    settings: await settingsOf(files, config),
    named: given.identifiers !== 'pseudonyms',
    best: validation.findLast(({ best }) => best)?.step ?? null,
    notes: [...statusNotes(folder, { steps, tested }), ...notes],
  };
}

/** Ends of paths, as short as tells them apart. */
function namesOf(folders: readonly string[]): string[] {
  const parts = folders.map((folder) => folder.split(sep));
  const ends = (count: number): string[] => parts.map((own) => own.slice(-count).join('/'));
  const most = Math.max(...parts.map(({ length }) => length));
  for (let count = 1; count < most; count++)
    if (new Set(ends(count)).size === folders.length) return ends(count);
  return ends(most);
}

/** Where a folder really lies. @throws FileError where it is none */
async function realFolder(folder: string): Promise<string> {
  const found = await stat(folder).catch((error): never => {
    throw fileError(folder, error);
  });
  if (!found.isDirectory()) throw new FileError(folder, 'is no folder', 'Name the folder of a run.');
  return realpath(folder);
}

/**
 * Compares the runs in some folders by what their configurations, logs and results say; weights and checkpoints are not
 * read, and nothing is written.
 * @throws ConfigError for fewer than two folders, or one that comes twice
 * @throws FileError for a folder that holds no run, or what of it is damaged but for lines of its logs, of which the
 * comparison warns
 */
export async function compareFolders(folders: readonly string[]): Promise<Comparison> {
  if (folders.length < 2)
    throw new ConfigError(
      `To compare takes two runs or more, here ${folders.length === 1 ? `is only ${folders[0]}` : 'is none'}. Name their folders one after the other.`,
    );
  const real = await Promise.all(folders.map(realFolder));
  const twice = real.findIndex((folder, i) => real.indexOf(folder) < i);
  if (twice >= 0)
    throw new ConfigError(
      `${folders[real.indexOf(real[twice]!)]} and ${folders[twice]} are one folder. Name each run once.`,
    );
  const names = namesOf(real);
  const runs: ComparedRun[] = [];
  for (const [i, folder] of real.entries()) runs.push(await readRun(folder, names[i]!));
  return compareRuns(runs);
}
