/** @file Stores of an experiment's data, each prepared once in its folder, by one process. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { lockWhenFree, whileLocked } from '../../data/files/lock.node.ts';
import { openStore, writeStore } from '../../data/store.node.ts';
import { manifestName } from '../../data/storenames.ts';
import type { TrainingData } from '../../data/types.ts';
import type { RunConfig } from '../config.ts';
import { type DataOptions, isStore, openData, preparedFolder } from '../dataset.node.ts';
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

/** Opens data of a store in `folder`; where they are to be made first, by one process, which others wait for. */
async function madeOnce<T>(
  store: string,
  folder: string,
  { onWarning }: Pick<DataOptions, 'onWarning'>,
  open: () => Promise<T>,
): Promise<T> {
  if (existsSync(join(store, manifestName))) return open();
  const lock = await lockWhenFree(folder, ({ message }) => onWarning(`Waiting for data: ${message}`));
  return whileLocked(lock, open);
}

/** Data of a folder, or a cohort, prepared in `folder` unless they are there. */
export async function prepared(config: RunConfig, folder: string, options: DataOptions): Promise<SharedData> {
  const store = storeIn(config, folder);
  const open = (): Promise<TrainingData> => openData({ ...config, out: folder }, true, options);
  return { store, data: await madeOnce(store, folder, options, open) };
}

/** Phantom subjects of two cohorts in one store. */
export async function joinedSubjects(
  config: RunConfig,
  test: TestCohort,
  folder: string,
  options: DataOptions,
): Promise<SharedData> {
  const store = join(folder, preparedFolder);
  const data = await madeOnce(store, folder, options, async () => {
    if (existsSync(join(store, manifestName))) return openStore(store);
    const pool = await prepared(config, join(folder, 'pool'), options);
    const phantom = { ...config.phantom, ...test };
    const tests = await prepared({ ...config, phantom }, join(folder, 'test'), options);
    const joined = joinedCohorts(pool.data, tests.data);
    await writeStore(store, joined);
    return joined;
  });
  return { store, data };
}
