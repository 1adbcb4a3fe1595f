/** @file The data of an experiment, prepared once in its folder and shared by all its runs. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ConfigError } from '../../base/errors.ts';
import { textChecksum } from '../../base/hash.ts';
import { subjectsOf } from '../../data/split.ts';
import { openStore, writeStore } from '../../data/store.node.ts';
import { manifestName } from '../../data/store.ts';
import type { Groups, PreparedData } from '../../data/types.ts';
import { DiskFiles } from '../../train/runfiles.node.ts';
import { writeText } from '../../train/runfiles.ts';
import { annotationsOf, type RunConfig, resolveConfig } from '../config.ts';
import { type DataOptions, openData } from '../dataset.node.ts';
import { baseConfig, pretrainingGiven } from './file.ts';
import { cohortPrefix, expectApart, type Parts, partsOf } from './parts.ts';
import type { Experiment, TestCohort } from './settings.ts';

/** Who tests, may be labelled, or neither, in the experiment's folder. */
export const subjectsFile = 'subjects.json';

/** A prepared data set: the store that runs read. */
export interface SharedData {
  readonly store: string;
  readonly data: PreparedData;
}

/** What of a configuration decides what is prepared. */
function sourceOf(config: RunConfig): object {
  const { data, map, size, spacingMm, target } = config;
  const { anatomy, ...phantom } = config.phantom;
  // what earlier experiments did not say, so that they find what they have prepared
  const made = { phantom: anatomy === 'heart' ? phantom : config.phantom };
  const from = {
    ...(data === null ? made : { data: resolve(data), map }),
    ...(target !== null && { target }),
  };
  const annotations = annotationsOf(config);
  const groups = annotations.includes('groups') && { groups: true };
  return { ...from, size, spacingMm, masks: annotations.includes('masks'), ...groups };
}

/** The store of a configuration's data: their own where they are one, else in `folder`. */
const storeIn = ({ data }: RunConfig, folder: string): string =>
  data !== null && existsSync(join(data, manifestName)) ? data : join(folder, 'prepared');

/** Data of a folder, or a cohort, prepared in `folder` unless they are there. */
async function prepared(config: RunConfig, folder: string, options: DataOptions): Promise<SharedData> {
  const data = await openData({ ...config, out: folder }, true, options);
  return { store: storeIn(config, folder), data };
}

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
function joined(pool: PreparedData, test: PreparedData): PreparedData {
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

/** Phantom subjects of two cohorts in one store. */
async function targetCohorts(
  config: RunConfig,
  test: TestCohort,
  folder: string,
  options: DataOptions,
): Promise<SharedData> {
  const store = join(folder, 'prepared');
  if (existsSync(join(store, manifestName))) return { store, data: await openStore(store) };
  const pool = await prepared(config, join(folder, 'pool'), options);
  const phantom = { ...config.phantom, ...test };
  const tests = await prepared({ ...config, phantom }, join(folder, 'test'), options);
  const data = joined(pool.data, tests.data);
  await writeStore(store, data);
  return { store, data };
}

const checksumOf = (value: unknown): string => textChecksum(JSON.stringify(value));

/** The folder of the data that are fine-tuned on: another for other settings. */
const targetFolder = (experiment: Experiment): string => {
  const config = baseConfig(experiment);
  const test = config.data === null ? experiment.subjects.test : null;
  return `data/target-${checksumOf({ ...sourceOf(config), test })}`;
};

const pretrainingFolder = (config: RunConfig): string => `data/pretraining-${checksumOf(sourceOf(config))}`;

/** Throws ConfigError where two cohorts of hearts are of one seed: they are the same hearts. */
function expectCohortsApart(experiment: Experiment): void {
  const base = baseConfig(experiment);
  if (base.data !== null) return;
  const { test } = experiment.subjects;
  const taken = new Map([[base.phantom.seed, 'base']]);
  const claim = (seed: number, where: string): void => {
    const other = taken.get(seed);
    if (other)
      throw new ConfigError(
        `${where} is ${seed}, which is the cohort of ${other}: these are the same hearts. Give each its own seed.`,
      );
  };
  claim((test as TestCohort).seed, 'subjects.test.seed');
  taken.set((test as TestCohort).seed, 'subjects.test');
  for (const [key, one] of Object.entries(experiment.initialisations)) {
    if (!one?.pretraining) continue;
    const config = resolveConfig(pretrainingGiven(experiment, one.pretraining));
    if (config.data === null) claim(config.phantom.seed, `initialisations.${key}.pretraining.phantom.seed`);
  }
}

/** Whether a pretraining reads the very folder that is fine-tuned on. */
const sameFolder = (config: RunConfig, base: RunConfig): boolean =>
  config.data !== null && base.data !== null && resolve(config.data) === resolve(base.data);

/** The data of an experiment, each prepared when it is first asked for. */
export class ExperimentData {
  readonly #experiment: Experiment;
  readonly #folder: string;
  readonly #options: DataOptions;
  #target: Promise<SharedData & { readonly parts: Parts }> | undefined;

  /** @throws ConfigError where two cohorts of phantom hearts are the same */
  constructor(experiment: Experiment, folder: string, options: DataOptions) {
    expectCohortsApart(experiment);
    this.#experiment = experiment;
    this.#folder = folder;
    this.#options = options;
  }

  /** Where the store of `target` is or will be. */
  targetStore(): string {
    return storeIn(baseConfig(this.#experiment), join(this.#folder, targetFolder(this.#experiment)));
  }

  /** Where the store of `pretraining` is or will be. */
  pretrainingStore(config: RunConfig): string {
    return storeIn(config, join(this.#folder, pretrainingFolder(config)));
  }

  /** What is fine-tuned and tested on. */
  target(): Promise<SharedData & { readonly parts: Parts }> {
    this.#target ??= this.#openTarget();
    return this.#target;
  }

  async #openTarget() {
    const config = baseConfig(this.#experiment);
    const folder = join(this.#folder, targetFolder(this.#experiment));
    const { test } = this.#experiment.subjects;
    const shared =
      config.data === null
        ? await targetCohorts(config, test as TestCohort, folder, this.#options)
        : await prepared(config, folder, this.#options);
    const parts = partsOf(shared.data, this.#experiment);
    await writeText(new DiskFiles(this.#folder), subjectsFile, `${JSON.stringify(parts, null, 2)}\n`);
    return { ...shared, parts };
  }

  /**
   * The store of a pretraining; `same` where it is of the folder that is fine-tuned on, so that only spare subjects may
   * be used.
   * @throws ConfigError where it has subjects that test or may be labelled
   */
  async pretraining(
    config: RunConfig,
    where: string,
  ): Promise<{ readonly store: string; readonly same: boolean }> {
    const folder = join(this.#folder, pretrainingFolder(config));
    const { store, data } = await prepared(config, folder, this.#options);
    const base = baseConfig(this.#experiment);
    const same = sameFolder(config, base);
    const { distinct } = this.#experiment.subjects;
    if (!same && !distinct && config.data !== null && base.data !== null)
      expectApart(subjectsOf(data), (await this.target()).parts, where);
    return { store, same };
  }
}
