/** @file Stores of an experiment's data, each prepared once in its folder, by one process. */
import { join } from 'node:path';
import { lockWhenFree, whileLocked } from '../../data/files/lock.node.ts';
import { openStore, writeStore } from '../../data/store.node.ts';
import type { TrainingData } from '../../data/types.ts';
import type { RunConfig } from '../config.ts';
import { type DataOptions, isStore, openData, preparedFolder, wholeStore } from '../dataset.node.ts';
import { namedData } from '../identifiers.node.ts';
import { joinedCohorts } from './cohorts.ts';
import type { TestCohort } from './settings.ts';

/** A prepared data set: the store that runs read. */
export interface SharedData {
  readonly store: string;
  readonly data: TrainingData;
}

/** The store of a configuration's data: their own where they are one, else in `folder`. */
export const storeIn = ({ data }: RunConfig, folder: string): string =>
  data !== null && isStore(data) ? data : join(folder, preparedFolder);

/** Makes data in `folder`, by one process, which others wait for. */
async function madeOnce(
  folder: string,
  { onWarning }: Pick<DataOptions, 'onWarning'>,
  make: () => Promise<TrainingData>,
): Promise<TrainingData> {
  const lock = await lockWhenFree(folder, ({ message }) => onWarning(`Waiting for data: ${message}`));
  return whileLocked(lock, make);
}

/** Data of a folder, or a cohort, prepared in `folder` unless they are there. */
export async function prepared(config: RunConfig, folder: string, options: DataOptions): Promise<SharedData> {
  const store = storeIn(config, folder);
  const open = (): Promise<TrainingData> => openData({ ...config, out: folder }, true, options);
  if (store === config.data) return { store, data: await open() };
  const there = await wholeStore(store);
  if (there) return { store, data: await namedData(there, store, config.identifiers) };
  return { store, data: await madeOnce(folder, options, open) };
}

/** Phantom subjects of two cohorts in one store. */
export async function joinedSubjects(
  config: RunConfig,
  test: TestCohort,
  folder: string,
  options: DataOptions,
): Promise<SharedData> {
  const store = join(folder, preparedFolder);
  const there = await wholeStore(store, {}, openStore);
  if (there) return { store, data: there };
  const data = await madeOnce(folder, options, async () => {
    const before = await wholeStore(store, options, openStore);
    if (before) return before;
    const pool = await prepared(config, join(folder, 'pool'), options);
    const phantom = { ...config.phantom, ...test };
    const tests = await prepared({ ...config, phantom }, join(folder, 'test'), options);
    const joined = joinedCohorts(pool.data, tests.data);
    await writeStore(store, joined);
    return joined;
  });
  return { store, data };
}
