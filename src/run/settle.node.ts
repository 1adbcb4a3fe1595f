/** @file What a job is to do before it begins: its configuration, new or of the run that it goes on with, and weights to start from. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ConfigError, FileError } from '../base/errors.ts';
import { settingsOf } from '../train/changes.ts';
import { checkpointFile, previousCheckpointFile } from '../train/checkpoint.ts';
import type { InitialWeights } from '../train/init.ts';
import { DiskFiles } from '../train/runfiles.node.ts';
import { metricsFile } from '../train/runlog.ts';
import { type GivenConfig, presetOf, type RunConfig, resolveConfig, resolveSaved } from './config.ts';
import {
  adoptData,
  type DataFacts,
  dataFacts,
  isStore,
  preparedFolder,
  unlabelledFolder,
} from './dataset.node.ts';
import { adoptModel, expectEncoder, type InitNews, initNews, readInit } from './init.node.ts';
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
  /** Of the run that goes on. */
  readonly prepared: Prepared;
}

/** Whether what a run trains on is prepared, and by the run itself, so that neither folder is read any more. */
type Prepared = { readonly [of in 'images' | 'data' | 'unlabelled']: boolean };

/** Where a run goes when nothing is said: the first free runs/pretrain-N, say. */
export function freeFolder({ name }: Pick<JobKind, 'name'>): string {
  for (let n = 1; ; n++) if (!existsSync(`runs/${name}-${n}`)) return `runs/${name}-${n}`;
}

/** Keys that decide a run's images, which are prepared once; the folders they are of apart. */
const ofImages = /^(target|map|emptySlices|size|spacingMm|phantom\..*)$/;

type Change = readonly [key: string, was: unknown, is: unknown];

const refusal = (changes: readonly Change[], why: string): ConfigError => {
  const list = changes.map(([key, was, is]) => `${key} was ${was}, is ${is}`).join('; ');
  return new ConfigError(`${list}, and ${why} the former. Leave it as it was, or start a new run.`);
};

/** Throws ConfigError where a folder is another one and would not be read, for the run has its images. */
function expectSameFolder(key: 'data' | 'unlabelled', before: RunConfig, after: RunConfig): void {
  const [was, is] = [before[key], after[key]];
  if (was === is || (was !== null && is !== null && resolve(was) === resolve(is))) return;
  throw refusal([[key, was, is]], "the run's images are prepared from");
}

/** Throws ConfigError for what is given anew and would not change what the run has made already. */
function expectSame(before: RunConfig, after: RunConfig, { saved, prepared }: Found): void {
  const [was, is] = [settingsOf(before), settingsOf(after)];
  const changes = [...is].flatMap(([key, value]): Change[] =>
    was.get(key) === value ? [] : [[key, was.get(key), value]],
  );
  const named = changes.filter(([key]) => key === 'identifiers');
  if (named.length > 0) throw refusal(named, 'what the run has written has');
  const shown = changes.filter(([key]) => ofImages.test(key));
  if (prepared.images && shown.length > 0) throw refusal(shown, "the run's images are prepared with");
  // where local.json is lost, nobody knows what they were
  for (const key of ['data', 'unlabelled'] as const)
    if (prepared[key] && saved?.[key] !== undefined) expectSameFolder(key, before, after);
}

async function settleNew({ kind, given }: JobRequest, { data }: Found): Promise<Settled> {
  const out = given.out ?? freeFolder(kind);
  const init = given.init ? await readInit(given.init) : null;
  const adopted = adoptData(init ? adoptModel(given, init) : given, data);
  const config = resolveConfig({ ...adopted, preset: presetOf(kind, given), out });
  if (init) expectEncoder(init, config);
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
  return { saved: null, trained: false, data, prepared: { data: false, unlabelled: false, images: false } };
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
  const holds = (name: string): boolean => isStore(files.describe(name));
  const own = holds(preparedFolder);
  // another store is read, and compared with what the run was trained on
  const reads = (key: 'data' | 'unlabelled'): boolean =>
    typeof given[key] === 'string' && isStore(given[key]);
  return {
    saved,
    trained: names.some((name) => existsSync(files.describe(name))),
    data: null,
    prepared: {
      images: own || reads('data') || (typeof saved.data === 'string' && isStore(saved.data)),
      data: own && !reads('data'),
      unlabelled: holds(join(unlabelledFolder, preparedFolder)) && !reads('unlabelled'),
    },
  };
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
  // runs of before these were settings drew labelled subjects whatever their groups, and knew no empty slice
  const before = resolveSaved({ stratify: false, emptySlices: 'unknown', ...saved });
  const { preset, ...given } = request.given;
  // the run's own preset says nothing that the run does not
  const config = resolveConfig(preset === before.preset ? given : request.given, before);
  expectSame(before, config, found);
  return { config, init: await initOf(config, found) };
}
