/** @file The data of an experiment, shared by all its runs: which stores they are in, and who is in them. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ConfigError } from '../../base/errors.ts';
import { textChecksum } from '../../base/hash.ts';
import { ownOf } from '../../base/record.ts';
import { some } from '../../base/words.ts';
import { expectOneKey } from '../../data/beside.ts';
import { subjectsOf } from '../../data/split.ts';
import { openStore } from '../../data/store.node.ts';
import { manifestName } from '../../data/storenames.ts';
import type { TrainingData } from '../../data/types.ts';
import { annotationsOf, type RunConfig, resolveConfig } from '../config.ts';
import { type DataOptions, prepareFolder, wholeStore } from '../dataset.node.ts';
import { namesInData, originalsIn, revealedText } from '../identifiers.node.ts';
import { baseConfig, pretrainingGiven } from './configs.ts';
import { foldsInFile, testCohort } from './folds.ts';
import { heldOutNotice, type Parts, partsOf } from './parts.ts';
import type { Experiment } from './settings.ts';
import { joinedSubjects, prepared, type SharedData, storeIn } from './stores.node.ts';
import { writeSubjects } from './subjects.node.ts';

/** The test subjects' original images. */
export interface TestStudies {
  readonly folder: string;
  /** Null: all that are there. */
  readonly subjects: readonly string[] | null;
  readonly map: readonly string[];
}

/** What of a configuration decides what is prepared. */
function sourceOf(config: RunConfig): object {
  const { data, map, size, spacingMm, target, emptySlices } = config;
  const { anatomy, ...phantom } = config.phantom;
  // what earlier experiments did not say, so that they find what they have prepared
  const made = { phantom: anatomy === 'heart' ? phantom : config.phantom };
  const from = {
    ...(data === null ? made : { data: resolve(data), map }),
    ...(target !== null && { target }),
  };
  const annotations = annotationsOf(config);
  const groups = annotations.includes('groups') && { groups: true };
  const masks = annotations.includes('masks');
  const empty = masks && emptySlices !== 'unknown' && { emptySlices };
  return { ...from, size, spacingMm, masks, ...empty, ...groups };
}

const checksumOf = (value: unknown): string => textChecksum(JSON.stringify(value));

/** The folder of the data that are fine-tuned on: another for other settings. */
const targetFolder = (experiment: Experiment): string => {
  const config = baseConfig(experiment);
  const test = testCohort(experiment.subjects);
  return `data/target-${checksumOf({ ...sourceOf(config), test })}`;
};

const pretrainingFolder = (config: RunConfig): string => `data/pretraining-${checksumOf(sourceOf(config))}`;

/** Whether a pretraining reads the very folder that is fine-tuned on. */
const sameFolder = (config: RunConfig, base: RunConfig): boolean =>
  config.data !== null && base.data !== null && resolve(config.data) === resolve(base.data);

/** What is fine-tuned and tested on: parts of each fold, or one where the same subjects test at every point. */
export interface TargetData extends SharedData {
  readonly parts: readonly Parts[];
}

/** What is pretrained on. */
export interface PretrainingData {
  readonly store: string;
  readonly subjects: readonly string[];
  readonly same: boolean;
  /** Of the subjects; see `inOrder`. */
  readonly order: readonly string[] | undefined;
  /** Who is whom: the name in the target data of a subject of these. */
  readonly known: (name: string) => string;
}

/** The data of an experiment, each prepared when it is first asked for. */
export class ExperimentData {
  readonly #experiment: Experiment;
  readonly #folder: string;
  readonly #options: DataOptions;
  #target: Promise<TargetData> | undefined;
  #sameKnown = false;

  constructor(experiment: Experiment, folder: string, options: DataOptions) {
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
  target(): Promise<TargetData> {
    this.#target ??= this.#openTarget();
    return this.#target;
  }

  /**
   * Where the images of those who test are as they were acquired; null of a prepared store, which has none.
   * @param fold whose test subjects; null: of all
   */
  async testStudies(fold: number | null): Promise<TestStudies | null> {
    const { data, map } = baseConfig(this.#experiment);
    const { parts } = await this.target();
    const subjects = (fold === null ? parts : [parts[fold - 1]!]).flatMap(({ test }) => test);
    if (data !== null) return existsSync(join(data, manifestName)) ? null : { folder: data, subjects, map };
    const made = join(this.#folder, targetFolder(this.#experiment));
    return testCohort(this.#experiment.subjects)
      ? { folder: join(made, 'test', 'cohort'), subjects: null, map }
      : { folder: join(made, 'cohort'), subjects, map };
  }

  async #openTarget(): Promise<TargetData> {
    const config = baseConfig(this.#experiment);
    const folder = join(this.#folder, targetFolder(this.#experiment));
    const test = testCohort(this.#experiment.subjects);
    const shared = test
      ? await joinedSubjects(config, test, folder, this.#options)
      : await prepared(config, folder, this.#options);
    const parts = partsOf(shared.data, this.#experiment, await originalsIn(shared.data.manifest));
    const notice = heldOutNotice(shared.data, parts);
    if (notice) this.#options.onWarning(await revealedText(notice));
    await writeSubjects(this.#folder, this.#experiment, parts, notice);
    return { ...shared, parts };
  }

  /**
   * How many folds there are, null where the same subjects test at every point. Where only the data tell, their folder is
   * read for it, and nothing written.
   */
  async folds(): Promise<number | null> {
    const said = foldsInFile(this.#experiment);
    if (said !== undefined) return said;
    const config = baseConfig(this.#experiment);
    const store = this.targetStore();
    const data = existsSync(join(store, manifestName))
      ? await openStore(store)
      : await prepareFolder(config.data!, config, this.#options);
    return partsOf(data, this.#experiment).length;
  }

  /**
   * `target` where it is prepared, else null; nothing is written.
   * @throws ConfigError where it has not whom is asked for
   */
  async preparedTarget(): Promise<TargetData | null> {
    const store = this.targetStore();
    const data = await wholeStore(store);
    return data && { store, data, parts: partsOf(data, this.#experiment, await originalsIn(data.manifest)) };
  }

  /**
   * The store of a pretraining with its subjects; `same` where it is of the folder that is fine-tuned on.
   * @throws ConfigError where subjects.same names somebody whom no pretraining's data hold
   */
  async pretraining(config: RunConfig): Promise<PretrainingData> {
    if (config.data !== null) await this.#expectSameKnown();
    const { store, data } = await this.#openPretraining(config);
    const same = sameFolder(config, baseConfig(this.#experiment));
    const { order } = data.manifest;
    return { store, subjects: subjectsOf(data), same, order, known: await this.#knownIn(data) };
  }

  /** By `subjects.same`, whose names may be those that pseudonyms stand for. */
  async #knownIn({ manifest }: TrainingData): Promise<PretrainingData['known']> {
    const { same, distinct } = this.#experiment.subjects;
    if (manifest.identifiers === 'nobody') return (name) => ownOf(same, name) ?? name;
    const target = (await this.target()).data.manifest;
    if (!distinct) expectOneKey(target, manifest, 'pretraining.data and base.data');
    const [here, there] = await Promise.all([namesInData(manifest), namesInData(target)]);
    const pairs = Object.entries(same).map(([other, own]) => [here(other), there(own)] as const);
    const whom = Object.fromEntries(pairs);
    return (name) => ownOf(whom, name) ?? name;
  }

  #openPretraining(config: RunConfig): Promise<SharedData> {
    return prepared(config, join(this.#folder, pretrainingFolder(config)), this.#options);
  }

  /** Names of subjects, and those that they stand for where they are pseudonyms. */
  async #called(data: TrainingData): Promise<string[]> {
    const called = await originalsIn(data.manifest);
    return subjectsOf(data).flatMap((name) => [called(name), name]);
  }

  /** A name that is misspelt would let somebody pretrain who tests. */
  async #expectSameKnown(): Promise<void> {
    const { subjects, initialisations } = this.#experiment;
    if (Object.keys(subjects.same).length === 0 || this.#sameKnown) return;
    const there = new Set<string>();
    for (const [key, made] of Object.entries(initialisations)) {
      if (!made?.pretraining?.data) continue;
      const config = resolveConfig(pretrainingGiven(this.#experiment, key));
      for (const name of await this.#called((await this.#openPretraining(config)).data)) there.add(name);
    }
    const target = new Set(await this.#called((await this.target()).data));
    for (const [other, own] of Object.entries(subjects.same)) {
      if (!there.has(other))
        throw new ConfigError(
          `subjects.same names ${other}, whom no pretraining’s data hold; they hold ${some([...there], 5)}.`,
        );
      if (!target.has(own))
        throw new ConfigError(
          `subjects.same says that ${other} is ${own}, whom base.data do not hold; they hold ${some([...target], 5)}.`,
        );
    }
    this.#sameKnown = true;
  }
}
