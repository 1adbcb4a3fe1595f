/** @file Every training kept in the browser, each in a folder of its own; one of them is looked at. */
import type { ValidationMetrics } from '../../src/results/losses.ts';
import { readText, writeText } from '../../src/train/runfiles.ts';
import { readRecords, validationFile } from '../../src/train/runlog.ts';
import type { KeptRun, RunInfo } from '../protocol.ts';
import { BrowserFiles } from '../store.ts';

/** In a run's folder: what is known of it. */
export const runFile = 'run.json';

interface Index {
  /** Folder of the run that is looked at. */
  readonly current: string;
  /** Of all runs, the oldest first. */
  readonly folders: readonly string[];
}

/** Of visits that kept one run only, too. */
const first: Index = { current: 'run', folders: ['run'] };

const indexFile = 'index.json';

export class Runs {
  readonly #files = new BrowserFiles('runs');
  #index = first;

  /** The files of the run that was looked at last. */
  async restore(): Promise<BrowserFiles> {
    const text = await readText(this.#files, indexFile);
    this.#index = text ? (JSON.parse(text) as Index) : first;
    return new BrowserFiles(this.#index.current);
  }

  /** The files of a new run, which is the one that is looked at from now on. */
  async add(): Promise<BrowserFiles> {
    const taken = this.#index.folders.map((folder) => Number(/\d+$/.exec(folder)?.[0] ?? 1));
    const folder = `run-${Math.max(...taken) + 1}`;
    return this.#set({ current: folder, folders: [...this.#index.folders, folder] });
  }

  /** The files of a run, which is the one that is looked at from now on. */
  async choose(folder: string): Promise<BrowserFiles> {
    return this.#set({ ...this.#index, current: folder });
  }

  /** Deletes a run that is not looked at. */
  async remove(folder: string): Promise<void> {
    const { current, folders } = this.#index;
    if (folder === current || !folders.includes(folder)) return;
    await this.#set({ current, folders: folders.filter((own) => own !== folder) });
    await new BrowserFiles(folder).clear();
  }

  /** Deletes all. */
  async clear(): Promise<BrowserFiles> {
    for (const folder of this.#index.folders) await new BrowserFiles(folder).clear();
    await this.#files.clear();
    this.#index = first;
    return new BrowserFiles(first.current);
  }

  /** Those that have begun, the newest first. */
  async list(): Promise<KeptRun[]> {
    const runs: KeptRun[] = [];
    for (const folder of [...this.#index.folders].reverse()) {
      const files = new BrowserFiles(folder);
      const text = await readText(files, runFile);
      if (!text) continue;
      const validation = await readRecords<ValidationMetrics>(files, validationFile);
      const current = folder === this.#index.current;
      runs.push({ folder, current, run: JSON.parse(text) as RunInfo, validation });
    }
    return runs;
  }

  async #set(index: Index): Promise<BrowserFiles> {
    this.#index = index;
    await writeText(this.#files, indexFile, JSON.stringify(index));
    return new BrowserFiles(index.current);
  }
}
