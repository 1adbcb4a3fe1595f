/** @file What of a configuration may be handed on: no path, no pattern of folders' names, no name that is no pseudonym. */
import type { GivenConfig, RunConfig } from './settings.ts';

/** The experiment of a folder that holds its runs. */
export const experimentFile = 'experiment.json';
export const configFile = 'config.json';
/** The configuration of a run that has not been found to fit its data yet. */
export const newConfigFile = 'config.new.json';
/** Beside config.json: what of the configuration stays on this computer. */
export const localFile = 'local.json';
/** Its first field. */
export const localAbout =
  'Where things lie on this computer, and who is who, for going on. It may name people: leave it out of what you hand on.';

/** Keys that say where things lie, what folders are called, or who is who. */
const localKeys = ['data', 'unlabelled', 'init', 'map', 'subjects'] as const satisfies (keyof RunConfig)[];
export type LocalKey = (typeof localKeys)[number];

/** A configuration, or a part of one, without what stays. */
export const withoutLocal = (given: GivenConfig): GivenConfig =>
  Object.fromEntries(Object.entries(given).filter(([key]) => !isLocal(key)));

export const isLocal = (key: unknown): key is LocalKey => localKeys.includes(key as LocalKey);

/** What stands for the weights in the package, wherever weights are asked for. */
export const builtinWeights = 'builtin';

const isEmpty = (value: unknown): boolean =>
  value === null || value === builtinWeights || (Array.isArray(value) && value.length === 0);

/** A configuration without what stays. */
export interface SharedConfig {
  /** `local` names the keys that are not here, where there are any. */
  readonly shared: Omit<RunConfig, LocalKey | 'out'> & Partial<RunConfig> & { readonly local?: LocalKey[] };
  readonly local: Partial<RunConfig>;
}

/**
 * Divides a configuration; one that keeps identifiers is shared as it is.
 * @param subjectsToo whether the subjects that it names are known to be pseudonyms, or nobody
 */
export function sharedConfig(config: RunConfig, subjectsToo: boolean): SharedConfig {
  if (config.identifiers === 'keep') return { shared: config, local: {} };
  const { out: _, ...rest } = config;
  const kept = localKeys.filter((key) => !isEmpty(config[key]) && !(key === 'subjects' && subjectsToo));
  const of = (keys: readonly string[], wanted: boolean): object =>
    Object.fromEntries(Object.entries(rest).filter(([key]) => keys.includes(key) === wanted));
  return {
    shared: { ...of(kept, false), ...(kept.length > 0 && { local: kept }) } as SharedConfig['shared'],
    local: of(kept, true),
  };
}
