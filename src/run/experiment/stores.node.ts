/** @file Stores of an experiment's data, each prepared once in its folder, by one process. */
import { join } from 'node:path';
import { FileError } from '../../base/errors.ts';
import { lockWhenFree, whileLocked } from '../../data/files/lock.node.ts';
import { openStore, writeStore } from '../../data/store.node.ts';
import { openForTraining } from '../../data/streamed.node.ts';
import type { TrainingData } from '../../data/types.ts';
import type { RunConfig } from '../config.ts';
import { type DataOptions, isStore, openData, preparedFolder } from '../dataset.node.ts';
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

/** What a store holds; null where it is not there, or damaged, of which `onDamage` is told. */
async function whole<T>(
  store: string,
  open: () => Promise<T>,
  onDamage?: (message: string) => void,
): Promise<T | null> {
  if (!isStore(store)) return null;
  try {
    return await open();
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    onDamage?.(error.message);
    return null;
  }
}

/** Opens data of a store in `folder`; where they are to be made first, or again, by one process, which others wait for. */
async function madeOnce<T>(
  store: string,
  folder: string,
  { onWarning }: Pick<DataOptions, 'onWarning'>,
  { open, make }: { readonly open: () => Promise<T>; readonly make: () => Promise<T> },
): Promise<T> {
  const there = await whole(store, open);
  if (there !== null) return there;
  const lock = await lockWhenFree(folder, ({ message }) => onWarning(`Waiting for data: ${message}`));
  return whileLocked(lock, make);
}

/** Data of a folder, or a cohort, prepared in `folder` unless they are there. */
export async function prepared(config: RunConfig, folder: string, options: DataOptions): Promise<SharedData> {
  const store = storeIn(config, folder);
  const data = await madeOnce(store, folder, options, {
    open: async () => namedData(await openForTraining(store), store, config.identifiers),
    make: () => openData({ ...config, out: folder }, true, options),
  });
  return { store, data };
}

/** Phantom subjects of two cohorts in one store. */
export async function joinedSubjects(
  config: RunConfig,
  test: TestCohort,
  folder: string,
  options: DataOptions,
): Promise<SharedData> {
  const store = join(folder, preparedFolder);
  const open = () => openStore(store);
  const make = async () => {
    const before = await whole(store, open, (message) => options.onWarning(`${message} Preparing again.`));
    if (before) return before;
    const pool = await prepared(config, join(folder, 'pool'), options);
    const phantom = { ...config.phantom, ...test };
    const tests = await prepared({ ...config, phantom }, join(folder, 'test'), options);
    const joined = joinedCohorts(pool.data, tests.data);
    await writeStore(store, joined);
    return joined;
  };
  return { store, data: await madeOnce(store, folder, options, { open, make }) };
}
