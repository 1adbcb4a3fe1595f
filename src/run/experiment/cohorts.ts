/** @file Two cohorts of a phantom as one data set, and cohorts that must be others. */
import { ConfigError } from '../../base/errors.ts';
import type { Groups, PreparedData } from '../../data/types.ts';
import { type PhantomSettings, resolveConfig } from '../config.ts';
import { baseConfig, pretrainingGiven } from './configs.ts';
import { testCohort } from './folds.ts';
import { cohortPrefix } from './parts.ts';
import type { Experiment } from './settings.ts';

const prefixedGroups = (groups: Groups, prefix: string): [string, string][] =>
  Object.entries(groups).map(([name, group]) => [prefix + name, group]);

const prefixed = ({ manifest }: PreparedData, prefix: string) => ({
  images: manifest.images.map((image) => ({
    ...image,
    ...{ subject: prefix + image.subject, file: prefix + image.file },
  })),
  groups: prefixedGroups(manifest.groups ?? {}, prefix),
  labels: Object.entries(manifest.labels ?? {}).map(
    ([label, groups]) => [label, prefixedGroups(groups, prefix)] as const,
  ),
  skipped: manifest.skipped.map((file) => ({ ...file, file: prefix + file.file })),
});

/** Two data sets as one, of whom no subject has another's name. */
export function joinedCohorts(pool: PreparedData, test: PreparedData): PreparedData {
  const [one, other] = [prefixed(pool, cohortPrefix.pool), prefixed(test, cohortPrefix.test)];
  const pixels = new Float32Array(pool.pixels.length + test.pixels.length);
  pixels.set(pool.pixels);
  pixels.set(test.pixels, pool.pixels.length);
  const groups = [...one.groups, ...other.groups];
  const labels = one.labels.map(([label, own]) => {
    const others = other.labels.find(([name]) => name === label)?.[1] ?? [];
    return [label, Object.fromEntries([...own, ...others])] as const;
  });
  // of cohorts the whole of one tests, whatever part of it was held out
  const { labels: _, heldOut: __, ...manifest } = pool.manifest;
  return {
    manifest: {
      ...manifest,
      images: [...one.images, ...other.images],
      skipped: [...one.skipped, ...other.skipped],
      ...(groups.length > 0 && { groups: Object.fromEntries(groups) }),
      ...(labels.length > 0 && { labels: Object.fromEntries(labels) }),
    },
    pixels,
    ...(pool.masks && test.masks && { masks: Uint8Array.from([...pool.masks, ...test.masks]) }),
  };
}

/**
 * Throws ConfigError where two cohorts of an anatomy are of one seed: they are the same subjects.
 * @param seen the cohorts that weights from elsewhere saw, by where the experiment names these
 */
export function expectCohortsApart(experiment: Experiment, seen: ReadonlyMap<string, PhantomSettings>): void {
  const base = baseConfig(experiment);
  if (base.data !== null) return;
  const test = testCohort(experiment.subjects);
  const taken = new Map([[base.phantom.seed, 'base']]);
  const claim = (seed: number, where: string): void => {
    const other = taken.get(seed);
    if (other)
      throw new ConfigError(
        `${where} is ${seed}, which is the cohort of ${other}: these are the same ${base.phantom.anatomy}s. Give each its own seed.`,
      );
  };
  if (test) {
    claim(test.seed, 'subjects.test.seed');
    taken.set(test.seed, 'subjects.test');
  }
  for (const [key, one] of Object.entries(experiment.initialisations)) {
    if (!one?.pretraining) continue;
    const config = resolveConfig(pretrainingGiven(experiment, one.pretraining));
    if (config.data === null && config.phantom.anatomy === base.phantom.anatomy)
      claim(config.phantom.seed, `initialisations.${key}.pretraining.phantom.seed`);
  }
  for (const [where, { anatomy, seed }] of seen)
    if (anatomy === base.phantom.anatomy) claim(seed, `the cohort that ${where} saw`);
}
