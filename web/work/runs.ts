/** @file Every training kept in the browser, each in a folder of its own; one of them is looked at. */
import type { ValidationMetrics } from '../../src/results/losses.ts';
import { readText } from '../../src/train/runfiles.ts';
import { readRecords, validationFile } from '../../src/train/runlog.ts';
import type { KeptRun, RunInfo } from '../protocol.ts';
import { BrowserFiles } from '../store.ts';
import { KeptFolders } from './folders.ts';

/** In a run's folder: what is known of it. */
export const runFile = 'run.json';

export class Runs {
  readonly #folders = new KeptFolders('runs', 'run');

  /** The files of the run that was looked at last. */
  async restore(): Promise<BrowserFiles> {
    return new BrowserFiles(await this.#folders.restore());
  }

  /** The files of a new run, which is the one that is looked at from now on. */
  add(): Promise<BrowserFiles> {
    return this.choose(this.#folders.free);
  }

  /** The files of a run, which is the one that is looked at from now on. */
  async choose(folder: string): Promise<BrowserFiles> {
    await this.#folders.choose(folder);
    return new BrowserFiles(folder);
  }

  /** Deletes a run that is not looked at. */
  async remove(folder: string): Promise<void> {
    if (folder !== this.#folders.current) await this.#folders.remove(folder);
  }

  /** Deletes all. */
  async clear(): Promise<BrowserFiles> {
    await this.#folders.clear();
    return new BrowserFiles(this.#folders.current);
  }

  /** Those that have begun, the newest first. */
  async list(): Promise<KeptRun[]> {
    const runs: KeptRun[] = [];
    for (const folder of [...this.#folders.all].reverse()) {
      const files = new BrowserFiles(folder);
      const text = await readText(files, runFile);
      if (!text) continue;
      const validation = await readRecords<ValidationMetrics>(files, validationFile);
      const current = folder === this.#folders.current;
      runs.push({ folder, current, run: JSON.parse(text) as RunInfo, validation });
    }
    return runs;
  }
}
