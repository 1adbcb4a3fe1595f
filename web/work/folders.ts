/** @file Folders of one kind kept in the browser, runs or data sets, of which one is looked at. */
import { readText, writeText } from '../../src/train/runfiles.ts';
import { BrowserFiles } from '../store.ts';

interface Index {
  /** Folder that is looked at. */
  readonly current: string;
  /** Of all, the oldest first. */
  readonly folders: readonly string[];
  /** The highest number there ever was: what names a deleted folder is not to find another one. */
  readonly last?: number;
}

const indexFile = 'index.json';

export class KeptFolders {
  readonly #files: BrowserFiles;
  readonly #first: string;
  #index: Index;

  /**
   * @param where the folder of the list
   * @param first what the first folder is called; further ones get numbers. Of visits that kept one only, too.
   */
  constructor(where: string, first: string) {
    this.#files = new BrowserFiles(where);
    this.#first = first;
    this.#index = this.#none;
  }

  get #none(): Index {
    return { current: this.#first, folders: [this.#first] };
  }

  get current(): string {
    return this.#index.current;
  }

  /** The oldest first. */
  get all(): readonly string[] {
    return this.#index.folders;
  }

  /** Reads which one was looked at last. */
  async restore(): Promise<string> {
    const text = await readText(this.#files, indexFile);
    this.#index = text ? (JSON.parse(text) as Index) : this.#none;
    return this.current;
  }

  /** A name that no folder has. */
  get free(): string {
    return `${this.#first}-${this.#last + 1}`;
  }

  get #last(): number {
    const { folders, last = 1 } = this.#index;
    return Math.max(last, ...folders.map((folder) => Number(/\d+$/.exec(folder)?.[0] ?? 1)));
  }

  /** Looks at a folder, which is one of all from now on. */
  async choose(folder: string): Promise<void> {
    const folders = this.all.includes(folder) ? this.all : [...this.all, folder];
    await this.#set({ current: folder, folders });
  }

  /** Deletes a folder; where it was looked at, the newest other is now. Of one that is not there, nothing. */
  async remove(folder: string): Promise<void> {
    if (!this.all.includes(folder)) return;
    const folders = this.all.filter((own) => own !== folder);
    if (folders.length === 0) return this.clear();
    await this.#set({ current: folder === this.current ? folders.at(-1)! : this.current, folders });
    await new BrowserFiles(folder).clear();
  }

  /** Deletes all. */
  async clear(): Promise<void> {
    for (const folder of this.all) await new BrowserFiles(folder).clear();
    await this.#files.clear();
    this.#index = this.#none;
  }

  async #set(index: Index): Promise<void> {
    this.#index = { ...index, last: this.#last };
    await writeText(this.#files, indexFile, JSON.stringify(index));
  }
}
