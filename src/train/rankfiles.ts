/** @file Files of a run that several ranks train: rank 0's, which alone writes, and which reads for all. */
import { type Comm, fromFirst } from './comm.ts';
import type { RunFiles } from './runfiles.ts';

/** As rank 0's files on every rank. What is read comes from there, so the others need not see its folder. */
export class RankFiles implements RunFiles {
  readonly #files: RunFiles;
  readonly #comm: Comm;

  constructor(files: RunFiles, comm: Comm) {
    this.#files = files;
    this.#comm = comm;
  }

  async read(name: string): Promise<Uint8Array | null> {
    const { rank } = this.#comm;
    const found = rank === 0 ? await this.#files.read(name) : null;
    const isThere = await fromFirst(this.#comm, () => found !== null);
    const all = await this.#comm.gather(found ? new Uint8Array(found) : new Uint8Array(0), true);
    return isThere ? all[0]! : null;
  }

  write(name: string, bytes: Uint8Array): Promise<void> {
    return this.#first((files) => files.write(name, bytes));
  }

  append(name: string, text: string): Promise<void> {
    return this.#first((files) => files.append(name, text));
  }

  rename(from: string, to: string): Promise<void> {
    return this.#first((files) => files.rename(from, to));
  }

  sync(name: string): Promise<void> {
    return this.#first(async (files) => files.sync?.(name));
  }

  describe(name: string): string {
    return this.#files.describe(name);
  }

  async #first(work: (files: RunFiles) => Promise<void>): Promise<void> {
    if (this.#comm.rank === 0) await work(this.#files);
  }
}
