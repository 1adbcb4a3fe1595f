/** @file What a job is to do before it begins: its configuration, new or of the run that it goes on with, and weights to start from. */
import { existsSync } from 'node:fs';
import { ConfigError, FileError } from '../base/errors.ts';
import { checkpointFile, previousCheckpointFile } from '../train/checkpoint.ts';
import type { InitialWeights } from '../train/init.ts';
import { DiskFiles } from '../train/runfiles.node.ts';
import { metricsFile } from '../train/runlog.ts';
import { type GivenConfig, presetOf, type RunConfig, resolveConfig } from './config.ts';
import { adoptStore } from './dataset.node.ts';
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

/** Where a run goes when nothing is said: the first free runs/pretrain-N, say. */
export function freeFolder({ name }: Pick<JobKind, 'name'>): string {
  for (let n = 1; ; n++) if (!existsSync(`runs/${name}-${n}`)) return `runs/${name}-${n}`;
}

/** The configuration that a run was begun with. */
async function savedConfig(given: GivenConfig & { readonly out: string }): Promise<RunConfig> {
  const files = new DiskFiles(given.out);
  const saved = await readSaved(files, given);
  if (!saved)
    throw new FileError(
      files.describe(configFile),
      'does not exist, so there is no run to resume',
      'Check --out, or drop --resume.',
    );
  if (given.identifiers !== undefined && given.identifiers !== saved.identifiers)
    throw new ConfigError(
      `identifiers was ${saved.identifiers}, is ${given.identifiers}, and what the run has written has the former. Leave it as it was, or start a new run.`,
    );
  // runs of before it was a setting drew labelled subjects whatever their groups
  return resolveConfig({ stratify: false, ...saved, out: given.out });
}

async function settleNew({ kind, given }: JobRequest): Promise<Settled> {
  const out = given.out ?? freeFolder(kind);
  const files = new DiskFiles(out);
  const init = given.init ? await readInit(given.init) : null;
  const adopted = await adoptStore(init ? adoptModel(given, init) : given);
  const config = resolveConfig({ ...adopted, preset: presetOf(kind, given), out });
  if ((await files.read(checkpointFile)) || (await files.read(metricsFile)))
    throw new ConfigError(
      `${out} already holds a run. Add --resume to go on with it, or choose another --out.`,
    );
  return { config, init: init?.weights ?? null, ...(init && { news: initNews(init, given, config) }) };
}

/** The weights of a run that goes on; once it has a checkpoint it does without. */
async function initOf({ init, out }: RunConfig): Promise<Settled['init']> {
  if (init === null) return null;
  try {
    return (await readInit(init)).weights;
  } catch (error) {
    const files = new DiskFiles(out);
    const names = [checkpointFile, previousCheckpointFile];
    if (error instanceof FileError && names.some((name) => existsSync(files.describe(name)))) return 'gone';
    throw error;
  }
}

/**
 * The configuration of a new or resumed job.
 * @throws ConfigError where it would overwrite another run
 * @throws FileError where the run's configuration, or weights that it needs, cannot be read
 */
export async function settle(request: JobRequest): Promise<Settled> {
  const { given, resume } = request;
  if (!resume) return settleNew(request);
  const { out } = given;
  if (!out) throw new ConfigError('--resume needs --out, the folder of the run to go on with.');
  const config = resolveConfig(given, await savedConfig({ ...given, out }));
  return { config, init: await initOf(config) };
}
