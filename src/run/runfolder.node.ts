/** @file The folder of a run: outside the images that it reads, locked while the run goes, with its configuration. */
import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BusyError, ConfigError } from '../base/errors.ts';
import { type FolderLock, isLockName, lockFolder } from '../data/files/lock.node.ts';
import { expectOutside } from '../data/store.node.ts';
import { manifestName } from '../data/storenames.ts';
import { DiskFiles } from '../train/runfiles.node.ts';
import { writeText } from '../train/runfiles.ts';
import type { RunConfig } from './config.ts';
import { evaluationFile, resultsFile } from './results.node.ts';
import { configTexts } from './saved.node.ts';
import { freeFolder, type JobRequest } from './settle.node.ts';
import { configFile, localFile, newConfigFile } from './shared.ts';

/**
 * Throws ConfigError where a folder of runs is or lies in one of images; a prepared store is not searched for any.
 * @param data what the images are read from; none of a phantom cohort
 */
export async function expectOutsideImages(out: string, data: string | null | undefined): Promise<void> {
  if (data && !existsSync(join(data, manifestName))) await expectOutside(out, data);
}

/**
 * The lock of the first free folder of a command.
 * @param expect is awaited with its path before it is made, and may throw
 */
export async function lockFree(
  kind: Parameters<typeof freeFolder>[0],
  expect: (out: string) => Promise<void> = async () => {},
): Promise<FolderLock> {
  for (;;) {
    const out = freeFolder(kind);
    await expect(out);
    const lock = await lockFolder(out).catch((error) => {
      if (error instanceof BusyError) return null;
      throw error;
    });
    // whoever began at the same moment has it, or has had it, and the next is free
    if (lock && (await readdir(out)).every(isLockName)) return lock;
    lock?.free();
  }
}

/**
 * The lock of the folder that a job is to go to, or of the first free one.
 * @throws BusyError where another process has it; ConfigError where it lies among the images of a new run
 */
export async function lockRun({ kind, given, resume }: JobRequest): Promise<FolderLock> {
  if (resume) {
    if (!given.out) throw new ConfigError('--resume needs --out, the folder of the run to go on with.');
    return lockFolder(given.out);
  }
  const expect = async (out: string): Promise<void> => {
    for (const data of [given.data, given.unlabelled]) await expectOutsideImages(out, data);
  };
  if (given.out === undefined) return lockFree(kind, expect);
  await expect(given.out);
  return lockFolder(given.out);
}

/** A run's files in the folder that it has locked, and the configuration there. */
export class RunFolder {
  readonly files: DiskFiles;
  readonly #lock: FolderLock;
  #pending = false;

  constructor(folder: string, lock: FolderLock) {
    this.files = new DiskFiles(folder, lock);
    this.#lock = lock;
  }

  /** Throws FileError where the folder is no longer the run's. */
  check(): Promise<void> {
    return this.#lock.check();
  }

  /** Keeps the configuration of a new run, so that one that is killed while data are prepared can be resumed, too. */
  async announce(config: RunConfig): Promise<void> {
    this.#pending = true;
    await this.#write(config, false);
  }

  /** It fits the data, and the checkpoint where there is one; the subjects that it names go by the names of the data. */
  async accept(config: RunConfig): Promise<void> {
    await this.#write(config, true);
    await this.files.rename(newConfigFile, configFile);
    this.#pending = false;
  }

  /** It trains on: what was measured at its end is no longer of its weights, nor the run at its end. */
  async reopen(): Promise<void> {
    await this.check();
    for (const name of [evaluationFile, resultsFile]) await rm(this.files.describe(name), { force: true });
  }

  /** After a failure: what never came to be a run leaves no configuration. */
  async withdraw(): Promise<void> {
    if (!this.#pending) return;
    for (const name of [newConfigFile, localFile]) await rm(this.files.describe(name), { force: true });
  }

  /** What stays first: what is shared refers to it. */
  async #write(config: RunConfig, subjectsToo: boolean): Promise<void> {
    const { shared, local } = configTexts(config, subjectsToo);
    if (local !== null) await writeText(this.files, localFile, local);
    await writeText(this.files, newConfigFile, shared);
    if (local === null) await rm(this.files.describe(localFile), { force: true });
  }
}
