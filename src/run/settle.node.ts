/** @file What a job is to do before it begins: its configuration, new or of the run that it goes on with, and weights to start from. */
import { existsSync } from 'node:fs';
import { ConfigError, FileError } from '../base/errors.ts';
import { checkpointFile, previousCheckpointFile } from '../train/checkpoint.ts';
import type { InitialWeights } from '../train/init.ts';
import { DiskFiles } from '../train/runfiles.node.ts';
import { metricsFile } from '../train/runlog.ts';
import { type GivenConfig, presetOf, type RunConfig, resolveConfig } from './config.ts';
import { adoptData, type DataFacts, dataFacts } from './dataset.node.ts';
import { adoptModel, type InitNews, initNews, readInit } from './init.node.ts';
import type { JobKind } from './job.ts';
import { readSaved } from './saved.node.ts';
import { configFile } from './shared.ts';

export interface Settled {
  readonly config: RunConfig;
  /** `gone`: the run has a checkpoint, and its weights cannot be read any more. */
  readonly init: InitialWeights | 'gone' | null;
  /** Of a new run that starts from weights. */
  readonly news?: InitNews;
}

export interface JobRequest {
  readonly kind: JobKind;
  readonly given: GivenConfig;
  /** Goes on with the run in `given.out`; what was given then holds where nothing is given now. */
  readonly resume: boolean;
  /** The file that `given.subjects` are from, for errors about them; absent: none. */
  readonly splitFile?: string | undefined;
}

/** What files say that decides a configuration. Of several ranks the first reads it for all, for others may not see them. */
export interface Found {
  /** What the run was begun with that goes on; null: a new one. */
  readonly saved: GivenConfig | null;
  /** Whether the run that goes on has a checkpoint. */
  readonly trained: boolean;
  /** Of the data of a new run; null: of a cohort that is made, or none yet. */
  readonly data: DataFacts | null;
}

/** Where a run goes when nothing is said: the first free runs/pretrain-N, say. */
export function freeFolder({ name }: Pick<JobKind, 'name'>): string {
  for (let n = 1; ; n++) if (!existsSync(`runs/${name}-${n}`)) return `runs/${name}-${n}`;
}

/** The configuration that a run was begun with. */
function savedConfig(given: GivenConfig, saved: GivenConfig): RunConfig {
  if (given.identifiers !== undefined && given.identifiers !== saved.identifiers)
    throw new ConfigError(
      `identifiers was ${saved.identifiers}, is ${given.identifiers}, and what the run has written has the former. Leave it as it was, or start a new run.`,
    );
  const { emptySlices = 'unknown' } = saved;
  if ((given.emptySlices ?? emptySlices) !== emptySlices)
    throw new ConfigError(
      `emptySlices was ${emptySlices}, is ${given.emptySlices}, and the run's images are prepared with the former. Leave it as it was, or start a new run.`,
    );
  // runs of before these were settings drew labelled subjects whatever their groups, and knew no empty slice
  return resolveConfig({ stratify: false, ...saved, emptySlices });
}

async function settleNew({ kind, given }: JobRequest, { data }: Found): Promise<Settled> {
  const out = given.out ?? freeFolder(kind);
  const init = given.init ? await readInit(given.init) : null;
  const adopted = adoptData(init ? adoptModel(given, init) : given, data);
  const config = resolveConfig({ ...adopted, preset: presetOf(kind, given), out });
  return { config, init: init?.weights ?? null, ...(init && { news: initNews(init, given, config) }) };
}

/** The weights of a run that goes on; once it has a checkpoint it does without. */
async function initOf({ init }: RunConfig, { trained }: Found): Promise<Settled['init']> {
  if (init === null) return null;
  try {
    return (await readInit(init)).weights;
  } catch (error) {
    if (error instanceof FileError && trained) return 'gone';
    throw error;
  }
}

async function foundNew({ given }: JobRequest): Promise<Found> {
  const data = given.data ? await dataFacts(given.data) : null;
  return { saved: null, trained: false, data };
}

async function foundSaved(files: DiskFiles, given: GivenConfig): Promise<Found> {
  const saved = await readSaved(files, given);
  if (!saved)
    throw new FileError(
      files.describe(configFile),
      'does not exist, so there is no run to resume',
      'Check --out, or drop --resume.',
    );
  const names = [checkpointFile, previousCheckpointFile];
  return { saved, trained: names.some((name) => existsSync(files.describe(name))), data: null };
}

/**
 * What files say that decides a job's configuration.
 * @throws ConfigError where it would overwrite another run
 * @throws FileError where the run's configuration, or a store, cannot be read
 */
export async function readFound(request: JobRequest): Promise<Found> {
  const { given, resume } = request;
  const { out } = given;
  if (resume && !out) throw new ConfigError('--resume needs --out, the folder of the run to go on with.');
  if (!out) return foundNew(request);
  const files = new DiskFiles(out);
  if (resume) return foundSaved(files, given);
  if ((await files.read(checkpointFile)) || (await files.read(metricsFile)))
    throw new ConfigError(
      `${out} already holds a run. Add --resume to go on with it, or choose another --out.`,
    );
  return foundNew(request);
}

/**
 * The configuration of a new or resumed job.
 * @throws ConfigError where what is given does not fit together, or to what was found
 * @throws FileError where weights that it needs cannot be read
 */
export async function settle(request: JobRequest, found: Found): Promise<Settled> {
  const { saved } = found;
  if (!saved) return settleNew(request, found);
  const config = resolveConfig(request.given, savedConfig(request.given, saved));
  return { config, init: await initOf(config, found) };
}
