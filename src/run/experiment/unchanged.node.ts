/** @file Whether the runs that exist are those that an experiment's file asks for, now that it may have changed. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ConfigError } from '../../base/errors.ts';
import { changedKeys, settingAt } from '../../train/changes.ts';
import { DiskFiles } from '../../train/runfiles.node.ts';
import { type RunConfig, resolveSaved } from '../config.ts';
import { readSaved } from '../saved.node.ts';
import { foldsAsked } from './folds.ts';
import type { Request } from './requests.node.ts';
import type { Experiment } from './settings.ts';

/** Keys that do not change what comes out, or are checked by others. */
const aside =
  /^(out|identifiers|adapter|preset|phantom\b.*|data|init|map|target|emptySlices|checkpointEvery|recompute|syncBatchNorm|gradientSums|tune)$/;

/** Keys of the file that decide what is fine-tuned and tested on. */
const dataKeys = [
  ['subjects', 'test'],
  ...(
    ['data', 'phantom', 'map', 'target', 'emptySlices', 'size', 'spacingMm', 'tasks', 'preset'] as const
  ).map((key) => ['base', key] as const),
] as const;

/** Which of the keys that decide the data are others than when the experiment last ran. */
export function changedData(before: Experiment | null, after: Experiment): string {
  const at = (one: Experiment | null, [section, key]: readonly [string, string]): string | undefined =>
    JSON.stringify((one as unknown as Record<string, Record<string, unknown>> | null)?.[section]?.[key]);
  const found = dataKeys.filter((key) => at(before, key) !== at(after, key));
  return found.map((key) => key.join('.')).join(', ') || 'base.data';
}

export const refusal = (run: string, changes: string): ConfigError =>
  new ConfigError(
    `${run} was made with other settings: ${changes}. Set them back, choose another --out, or delete what was made with them.`,
  );

/** Throws ConfigError where points were made in other folds, or in none, whose names are others. */
export async function expectSameFolds(
  folder: string,
  before: Experiment | null,
  after: Experiment,
): Promise<void> {
  const [was, is] = [before ?? after, after].map(({ subjects }) => JSON.stringify(subjects.test));
  const folded = [before, after].some((one) => one && foldsAsked(one.subjects) !== null);
  if (was === is || !folded || !existsSync(join(folder, 'points'))) return;
  throw refusal(join(folder, 'points'), `subjects.test was ${was}, is ${is}`);
}

/** Of runs of before a key was there it has the default, which changes nothing. */
async function savedConfig(folder: string): Promise<RunConfig> {
  return resolveSaved({ ...(await readSaved(new DiskFiles(folder))), out: folder });
}

/** Whether paths are of one store of an experiment, whose folder may have moved. */
export function isSameStore(one: string, other: string): boolean {
  const tail = (path: string): string => resolve(path).split(/[\\/]/).slice(-3).join('/');
  return tail(one) === tail(other);
}

/**
 * Throws ConfigError naming key and run where a run has read another store than it now would.
 * @param changed names the keys
 */
export async function expectStore(folder: string, store: string, changed: () => string): Promise<void> {
  const { data } = await savedConfig(folder);
  if (data === null || !isSameStore(data, store)) throw refusal(folder, `${changed()} changed`);
}

/**
 * Throws ConfigError where a run began with the weights of another run of the experiment than it now would, or of one
 * where it now would not.
 * @param made the name of that run, null for none
 */
export async function expectBegun(folder: string, made: string | null, where: string): Promise<void> {
  const { init } = await savedConfig(folder);
  // an experiment's folder may have moved
  const tail = init === null ? null : resolve(init).split(/[\\/]/).slice(-2).join('/');
  if (made === null ? init === null : tail === made) return;
  throw refusal(folder, `${where} was ${init}, is ${made}`);
}

/** Where the file has a key of a run's configuration. */
const spelled = (key: string, section: string): string =>
  key.startsWith('subjects.') ? `subjects (${key.split('.')[1]} subjects of the run)` : `${section}.${key}`;

export const short = (text: string): string => (text.length > 60 ? `${text.slice(0, 60)}…` : text);

/**
 * Throws ConfigError naming key and run where a run was made with other settings.
 * @param saved what it was made with
 * @param counts whether a key does
 */
export function expectSameKeys(
  folder: string,
  saved: RunConfig,
  { config, section }: Pick<Request, 'config' | 'section'>,
  counts: (key: string) => boolean = () => true,
): void {
  // of constant schedules steps may change where a run goes on, but not here
  const changed = new Set([
    ...changedKeys(saved, config),
    ...(saved.steps === config.steps ? [] : ['steps']),
  ]);
  const kept = [...changed].filter((key) => !aside.test(key) && counts(key));
  if (kept.length === 0) return;
  const list = kept.map((key) => {
    const [was, is] = [saved, config].map((one) => short(settingAt(one, key)));
    return `${spelled(key, section)} was ${was}, is ${is}`;
  });
  throw refusal(folder, list.join('; '));
}

/** As `expectSameKeys`, of a run whose data are there. */
export async function expectSame(folder: string, request: Request): Promise<void> {
  expectSameKeys(folder, await savedConfig(folder), request);
}
