/** @file What an experiment's file says of Slurm: what jobs ask for, and how often one goes back into the queue. */
import * as z from 'zod/mini';
import { ConfigError } from '../../../base/errors.ts';
import { either, fields, list, shapeOf, text, whole } from '../../../tasks/settings.ts';

/** What a job asks for, in sbatch's words; null: what the cluster gives where nothing is asked. */
export interface SlurmResources {
  readonly partition: string | null;
  readonly account: string | null;
  readonly qos: string | null;
  readonly constraint: string | null;
  /** `hours:minutes:seconds`, days before it with a dash. */
  readonly time: string | null;
  /** Of the node, such as `16G`. */
  readonly memory: string | null;
  readonly cpus: number | null;
  /** How many, or a kind and how many: `a100:1`. */
  readonly gpus: number | string | null;
  /** Further options of sbatch, one a line of the script. */
  readonly options: readonly string[];
}

/** The experiment's file on Slurm. */
export interface SlurmSettings extends SlurmResources {
  /** What differs for pretrainings. */
  readonly pretraining: Partial<SlurmResources>;
  /** What differs where data are prepared and where the report is made; neither has GPUs unless this says so. */
  readonly data: Partial<SlurmResources>;
  /** Lines of shell before each run, such as `module load nodejs/22`. */
  readonly setup: readonly string[];
  /** How often a run goes back into the queue that failed or came to its limit of time. */
  readonly resubmissions: number;
  /** Seconds before its limit of time at which a run is told to save a checkpoint and end. */
  readonly grace: number;
}

const nothing: SlurmResources = {
  ...{ partition: null, account: null, qos: null, constraint: null },
  ...{ time: null, memory: null, cpus: null, gpus: null, options: [] },
};

/** Where the file says nothing. */
export const usualSlurm: SlurmSettings = {
  ...nothing,
  ...{ pretraining: {}, data: {}, setup: [], resubmissions: 3, grace: 120 },
};

const matching = (pattern: RegExp, needed: string) =>
  text.check(z.refine((value) => pattern.test(value), needed));

const word = z.nullable(matching(/^[^\s"'\\]+$/, 'text without spaces and quotes is needed'));
const line = matching(/^[^\r\n]+$/, 'one line is needed');

const resources = shapeOf<SlurmResources>()({
  ...{ partition: word, account: word, qos: word, constraint: word },
  time: z.nullable(
    matching(/^(\d+-)?\d+:[0-5]\d:[0-5]\d$/, 'hours:minutes:seconds is needed, such as 04:00:00'),
  ),
  memory: z.nullable(matching(/^\d+[KMGT]?$/, 'a number with K, M, G or T is needed, such as 16G')),
  cpus: z.nullable(whole({ from: 1 })),
  gpus: z.nullable(
    either(
      whole({ from: 1 }),
      matching(/^[\w.-]+:\d+$/, 'a kind and a count is needed, such as "a100:1"'),
      'a count from 1, or a kind and a count such as "a100:1",',
    ),
  ),
  options: list(
    matching(/^--?[A-Za-z][^\r\n]*$/, 'an option of sbatch is needed, such as "--exclude=node7"'),
  ),
});

const some = z.partial(fields(resources)) as unknown as z.ZodMiniType<Partial<SlurmResources>>;

/** The section `slurm`. */
export const slurmSection = z.partial(
  fields(
    shapeOf<SlurmSettings>()({
      ...resources,
      ...{ pretraining: some, data: some, setup: list(line) },
      resubmissions: whole({ from: 0 }),
      grace: whole({ from: 10 }),
    }),
  ),
);

const secondsOf = (time: string): number => {
  const [days, clock] = time.includes('-') ? time.split('-') : ['0', time];
  return clock!.split(':').reduce((sum, part) => 60 * sum + Number(part), Number(days) * 24);
};

/** Slurm's signals come so much too early at most, seconds (sbatch, --signal). */
const EARLY = 60;

/** Throws ConfigError where runs would be told to end as soon as they begin. */
function expectTime({ time, grace, pretraining }: SlurmSettings, file: string): void {
  for (const [key, limit] of [
    ['time', time],
    ['pretraining.time', pretraining.time ?? null],
  ] as const)
    if (limit !== null && secondsOf(limit) <= grace + EARLY)
      throw new ConfigError(
        `${file}: slurm.${key} is ${limit}, which leaves no time to run: ${grace} s before its limit, and up to a minute earlier, a run is told to end. Give more, or less slurm.grace.`,
      );
}

/** The section with defaults filled in; null where the file has none. Throws ConfigError naming `file` and the key. */
export function completeSlurm(
  said: Partial<SlurmSettings> | null | undefined,
  file: string,
): SlurmSettings | null {
  if (!said) return null;
  const settings = { ...usualSlurm, ...said };
  expectTime(settings, file);
  return settings;
}

/** What the jobs of a kind ask for. */
export function resourcesOf(settings: SlurmSettings, kind: 'data' | 'pretraining' | 'point'): SlurmResources {
  if (kind === 'data') return { ...settings, gpus: null, ...settings.data };
  return kind === 'point' ? settings : { ...settings, ...settings.pretraining };
}
