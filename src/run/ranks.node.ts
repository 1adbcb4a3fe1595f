/** @file A job of several ranks: that all are to do the same, which GPU is whose, and what those do that are not the first. */
import { variable } from '../base/environment.node.ts';
import { ConfigError, FileError, RankError } from '../base/errors.ts';
import type { TrainingData } from '../data/types.ts';
import { adapterNames } from '../tensor/dawn.node.ts';
import type { Device } from '../tensor/device.ts';
import { choiceOf } from '../tensor/environment.node.ts';
import { settingsOf } from '../train/changes.ts';
import { gatherText, hearFirst, type JobRanks } from '../train/comm.ts';
import { fingerprint } from '../train/dataset.ts';
import type { TrainResult } from '../train/events.ts';
import { weightsChecksum } from '../train/init.ts';
import { pixelMark } from '../train/pixels.ts';
import { DiskFiles } from '../train/runfiles.node.ts';
import { adapterKey } from '../train/winners.ts';
import { type RunConfig, trainConfigOf } from './config.ts';
import { isStore, openRunData } from './dataset.node.ts';
import { openProgramDevice } from './device.node.ts';
import type { JobConsole } from './jobconsole.node.ts';
import { planRun } from './plan.ts';
import { expectPrecision } from './precision.node.ts';
import { type Found, type JobRequest, type Settled, settle } from './settle.node.ts';
import { train } from './training.ts';
import { version } from './version.node.ts';

/** Where things lie may differ from host to host; what lies there is compared by itself. */
const places = ['data', 'unlabelled', 'init', 'out'];

const isSoftware = (name: string): boolean => /llvmpipe|swiftshader/i.test(name);

/**
 * The adapter for a rank among those of its host, as PLANEWISE_GPU names it; null: the one that there is.
 * @param names of the adapters that the rank sees
 * @throws ConfigError for more ranks than GPUs, and for GPUs that cannot be told apart
 */
export function gpuOfRank(
  names: readonly string[],
  { local, onHost }: Pick<JobRanks, 'local' | 'onHost'>,
): string | null {
  const gpus = names.filter((name) => !isSoftware(name));
  if (gpus.length < 2) return null;
  if (new Set(gpus).size < gpus.length)
    throw new ConfigError(
      `This host shows each rank ${gpus.length} GPUs, some of one name (${[...new Set(gpus)].join(', ')}), which WebGPU cannot tell apart. Let each rank see its own alone, by a container or Slurm's --gpus-per-task=1; see docs/clusters.md. PLANEWISE_GPU=<name> has all take the first of that name.`,
    );
  if (onHost > gpus.length)
    throw new ConfigError(
      `${onHost} ranks were started on a host of ${gpus.length} GPUs (${gpus.join(', ')}). Start as many as there are.`,
    );
  return gpus[local]!;
}

/** Has this rank open a GPU of its own, unless it was said which. */
export async function takeGpu(ranks: JobRanks, { adapter }: Pick<RunConfig, 'adapter'>): Promise<void> {
  if (variable('PLANEWISE_GPU') || choiceOf(adapter ?? undefined) === 'swiftshader') return;
  const name = gpuOfRank(await adapterNames(), ranks);
  if (name !== null) process.env.PLANEWISE_GPU = name;
}

/**
 * Compares what each rank says of itself with what the first does.
 * @throws RankError on all of them, naming both and what differs
 */
export async function expectAlike({ comm, names }: JobRanks, own: object): Promise<void> {
  const all = (await gatherText(comm, JSON.stringify([...settingsOf(own)]), true)).map(
    (text) => new Map(JSON.parse(text) as [string, string][]),
  );
  const first = all[0]!;
  for (const [rank, other] of all.entries()) {
    const keys = [...new Set([...first.keys(), ...other.keys()])];
    const differing = keys.filter((key) => first.get(key) !== other.get(key));
    if (differing.length === 0) continue;
    const list = differing.map(
      (key) =>
        `${key} is ${first.get(key) ?? 'missing'} on ${names[0]} and ${other.get(key) ?? 'missing'} on ${names[rank]}`,
    );
    throw new RankError([rank], `The ranks are not alike: ${list.join('; ')}. Start all in the same way.`);
  }
}

/** What decides a rank's numbers before there are data. */
export function startOf({ config, init }: Settled, device: Device): object {
  const shared = Object.entries(config).filter(([key]) => !places.includes(key));
  const { variants = {}, winograd = true } = device.options;
  return {
    version,
    adapter: adapterKey(device),
    kernels: { variants, winograd, matrices: device.caps.matrices ?? null },
    config: Object.fromEntries(shared),
    init: init === null || init === 'gone' ? init : weightsChecksum(init.state),
  };
}

/** Fingerprints of a run's data: by which ranks, and runs that are compared, are known to have the same. */
export const dataOf = (config: RunConfig, data: TrainingData): object => ({
  data: fingerprint(data, planRun(config, data.manifest)),
  pixels: pixelMark(data),
});

/** What the first rank tells the others before they settle. */
export interface Begun {
  readonly out: string;
  readonly found: Found;
}

/** The data that the first rank has made ready. @throws FileError naming the rank that does not see them */
function openReady(config: RunConfig, { found }: Begun, { comm, names }: JobRanks): Promise<TrainingData> {
  if (config.data !== null && found.data?.store && !isStore(config.data))
    throw new FileError(
      config.data,
      `holds a prepared store on ${names[0]}, and ${names[comm.rank]} sees none there`,
      'Copy it there, or give --data on a file system that all hosts share.',
    );
  return openRunData(config, true, {
    startStage: () => ({ update() {}, end() {} }),
    onWarning() {}, // the first rank says it
    worker: null,
    expectFolder() {
      throw new FileError(
        config.out,
        `has no prepared images that ${names[comm.rank]} sees`,
        'Give --out on a file system that all hosts share, or a prepared store (planewise prepare) as --data.',
      );
    },
  });
}

/** What a rank that is not the first does of a job: it trains. Logs, weights, evaluation and report are the first one's. */
export async function followJob(
  request: JobRequest & { readonly console: JobConsole; readonly signal: AbortSignal },
  ranks: JobRanks,
  onTraining: (training: boolean) => void,
): Promise<{ readonly config: RunConfig; readonly training: TrainResult }> {
  const { comm } = ranks;
  const begun = await hearFirst<Begun>(comm);
  const { out, found } = begun;
  const settled = await settle({ ...request, given: { ...request.given, out } }, found);
  await takeGpu(ranks, settled.config);
  const { adapter, precision } = settled.config;
  const say = (text: string): void => request.console.warn(text);
  const device = await openProgramDevice({ ...(adapter && { adapter }), precision, say });
  try {
    await expectPrecision(device, precision);
    await expectAlike(ranks, startOf(settled, device));
    const config = await hearFirst<RunConfig>(comm);
    const data = await openReady(
      { ...config, data: settled.config.data, unlabelled: settled.config.unlabelled },
      begun,
      ranks,
    );
    await expectAlike(ranks, dataOf(config, data));
    onTraining(true);
    const { init } = settled;
    const { resume, signal } = request;
    const training = await train({
      ...{ device, data, config: trainConfigOf(config), files: new DiskFiles(out) },
      ...{ init, resume, signal, comm },
    });
    onTraining(false);
    return { config, training };
  } finally {
    device.dispose();
  }
}
