/** @file What the browser keeps for the page: a run's files, prepared data, and their end. */
import { MemoryFiles, type RunFiles } from '../src/train/runfiles.ts';
import { PrivateFolder } from './opfs.ts';

async function asked(): Promise<string | null> {
  try {
    await navigator.storage.getDirectory();
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

let refusal: Promise<string | null> | undefined;

/** Why the browser keeps nothing for this page (private windows, blocked site data), in its words; null where it does. */
export function refusedStorage(): Promise<string | null> {
  refusal ??= asked();
  return refusal;
}

/** What the browser does not keep, by folder: it lasts until the page is closed. */
const passing = new Map<string, MemoryFiles>();

/** One flat folder: of the browser's storage, or of memory where that is refused. Only for workers. */
export class BrowserFiles implements RunFiles {
  readonly folder: string;
  readonly #private: PrivateFolder;

  constructor(folder: string) {
    this.folder = folder;
    this.#private = new PrivateFolder(folder);
  }

  describe(name: string): string {
    return this.#private.describe(name);
  }

  async read(name: string): Promise<Uint8Array | null> {
    return (await this.#files()).read(name);
  }

  async write(name: string, bytes: Uint8Array): Promise<void> {
    return (await this.#files()).write(name, bytes);
  }

  async append(name: string, text: string): Promise<void> {
    return (await this.#files()).append(name, text);
  }

  async rename(from: string, to: string): Promise<void> {
    return (await this.#files()).rename(from, to);
  }

  /** Deletes the folder and all in it. */
  async clear(): Promise<void> {
    if (await refusedStorage()) passing.delete(this.folder);
    else await this.#private.clear();
  }

  async #files(): Promise<RunFiles> {
    if (!(await refusedStorage())) return this.#private;
    const files = passing.get(this.folder) ?? new MemoryFiles();
    passing.set(this.folder, files);
    return files;
  }
}

/** A run's files, telling what is appended to its logs. */
export class WatchedFiles implements RunFiles {
  readonly #files: RunFiles;
  readonly #onAppend: (name: string, text: string) => void;

  constructor(files: RunFiles, onAppend: (name: string, text: string) => void) {
    this.#files = files;
    this.#onAppend = onAppend;
  }

  read(name: string): Promise<Uint8Array | null> {
    return this.#files.read(name);
  }

  write(name: string, bytes: Uint8Array): Promise<void> {
    return this.#files.write(name, bytes);
  }

  async append(name: string, text: string): Promise<void> {
    await this.#files.append(name, text);
    this.#onAppend(name, text);
  }

  rename(from: string, to: string): Promise<void> {
    return this.#files.rename(from, to);
  }

  describe(name: string): string {
    return this.#files.describe(name);
  }
}
