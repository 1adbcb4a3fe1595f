/** @file The data sets the page works on: made or read, kept in the browser, one of them looked at; found again when the page is reopened. */

import { ConfigError, FileError } from '../../src/base/errors.ts';
import type { PreparedData, PreparedManifest } from '../../src/data/types.ts';
import type {
  Busy,
  DataInfo,
  DataState,
  FolderChoice,
  FolderInfo,
  Grid,
  KeptData,
  MadeSettings,
  PickedFile,
} from '../protocol.ts';
import { BrowserFiles } from '../store.ts';
import {
  DataWarnings,
  described,
  infoOf,
  madeName,
  parseSource,
  type Source,
  spacingFor,
} from './datainfo.ts';
import type { Folder } from './folder.ts';
import { KeptFolders } from './folders.ts';
import { keepData, keptData } from './kept.ts';
import { type Library, preparedLibrary } from './library.ts';

/** A data set at hand. */
interface Loaded {
  /** Its folder in the browser. */
  readonly key: string;
  readonly source: Source;
  readonly data: PreparedData;
  readonly library: Library;
  readonly originals: boolean;
}

const sourceFile = 'source.json';
/** The first data set; that of visits that kept one only. */
export const firstData = 'data';

/** The phantom is loaded when it is wanted, as is what reads folders: the page's first load need not have them. */
const phantomOf = async (made: MadeSettings) => (await import('./phantoms.ts')).phantomOf(made);

export class Session {
  readonly #folders = new KeptFolders('datasets', firstData);
  /** What is kept, by folder, the oldest first. */
  readonly #sources = new Map<string, Source>();
  /** Original images of folders that are open, by the data set prepared of them. */
  readonly #originals = new Map<string, Library>();
  #picked: PickedFile[] = [];
  #folder: Folder | null = null;
  /** The data set that was prepared of the open folder. */
  #folderKey: string | null = null;
  #loaded: Loaded | null = null;

  /** Throws ConfigError where there is no data yet. */
  get key(): string {
    return this.#must().key;
  }

  get manifest(): PreparedManifest | null {
    return this.#loaded?.data.manifest ?? null;
  }

  get library(): Library {
    return this.#must().library;
  }

  get info(): DataInfo | null {
    return this.#loaded && infoOf(this.#loaded);
  }

  /** What is looked at, and what else is kept. */
  get state(): DataState {
    const sets = [...this.#sources].flatMap(([key, { name, about }]): KeptData[] =>
      about ? [{ key, name, ...about }] : [],
    );
    return { data: this.info, sets };
  }

  /** Whether a data set's subjects are people. Throws ConfigError where it is not kept any more. */
  isOfPeople(key: string): boolean {
    return this.#sourceOf(key).kind === 'folder';
  }

  nameOf(key: string): string {
    return this.#sourceOf(key).name;
  }

  /** The images of a data set. Throws ConfigError where it is not kept any more. */
  async dataOf(key: string): Promise<PreparedData> {
    if (this.#loaded?.key === key) return this.#loaded.data;
    this.#sourceOf(key);
    const data = await keptData(new BrowserFiles(key), 'data');
    if (data) return data;
    throw goneError();
  }

  async makeStudies(settings: MadeSettings & Grid, onBusy: (busy: Busy) => void): Promise<DataState> {
    const { size, spacingMm, ...made } = settings;
    const grid = { size, spacingMm: spacingFor(made.targetView, { size, spacingMm }) };
    const { prepare, library } = await phantomOf(made);
    const { anatomy = 'heart', subjects: total } = made;
    const data = await prepare(made, grid, (done) =>
      onBusy({ what: `Making ${anatomy}s`, done, total, detail: `${anatomy} ${done}` }),
    );
    const source: Source = { kind: 'made', name: madeName(made), made, warnings: [], notices: [] };
    // the same once more is the same
    const wanted = JSON.stringify([made, grid]);
    const same = [...this.#sources].find(
      ([, { made: own, about }]) =>
        about && JSON.stringify([own, { size: about.size, spacingMm: about.spacingMm }]) === wanted,
    );
    const key = same?.[0] ?? this.#newKey;
    return this.#keep({ key, source, data, library: library(made), originals: true });
  }

  addFiles(files: readonly PickedFile[], first: boolean): void {
    if (first) this.#picked = [];
    this.#picked.push(...files);
  }

  async scanFolder(name: string, onBusy: (busy: Busy) => void): Promise<FolderInfo> {
    const folder = await import('./folder.ts');
    this.#folder = await folder.Folder.open(name, this.#picked, onBusy);
    this.#folderKey = null;
    this.#picked = [];
    return this.#folder.info;
  }

  async prepareFolder(choice: FolderChoice, onBusy: (busy: Busy) => void): Promise<DataState> {
    const folder = this.#folder;
    if (!folder) throw new ConfigError('No folder is open. Choose a folder first.');
    const warnings = new DataWarnings();
    const { data, references, notices } = await folder.prepare(choice, onBusy, warnings.add);
    const source: Source = {
      kind: 'folder',
      name: folder.name,
      made: null,
      warnings: warnings.list,
      notices: notices.map(({ message }) => message),
    };
    const originals = folder.library(choice);
    const key = this.#folderKey && this.#sources.has(this.#folderKey) ? this.#folderKey : this.#newKey;
    this.#folderKey = key;
    this.#originals.delete(key);
    if (originals) this.#originals.set(key, originals);
    const library = originals ?? preparedLibrary(data);
    return this.#keep({ key, source, data, library, originals: true }, references);
  }

  /** What an earlier visit left. */
  async restore(): Promise<DataState> {
    const current = await this.#folders.restore();
    for (const key of this.#folders.all) {
      const text = await new BrowserFiles(key).read(sourceFile);
      if (text) this.#sources.set(key, parseSource(new TextDecoder().decode(text)));
    }
    if (this.#sources.has(current)) await this.#load(current);
    return this.state;
  }

  /** Looks at another data set. Throws ConfigError where it is not kept any more. */
  async choose(key: string): Promise<DataState> {
    await this.#load(key);
    await this.#folders.choose(key);
    return this.state;
  }

  /** Deletes a data set; where it was looked at, the newest other is now. */
  async remove(key: string): Promise<DataState> {
    await this.#folders.remove(key);
    this.#sources.delete(key);
    this.#originals.delete(key);
    if (this.#loaded?.key !== key) return this.state;
    this.#loaded = null;
    const next = this.#folders.current;
    if (this.#sources.has(next)) await this.#load(next);
    return this.state;
  }

  async clear(): Promise<void> {
    this.#loaded = null;
    this.#folder = null;
    this.#sources.clear();
    this.#originals.clear();
    await this.#folders.clear();
  }

  get #newKey(): string {
    return this.#sources.size === 0 ? this.#folders.current : this.#folders.free;
  }

  #must(): Loaded {
    if (this.#loaded) return this.#loaded;
    throw new ConfigError('There is no data yet. Make hearts or knees, or open a folder, under Data.');
  }

  #sourceOf(key: string): Source {
    const source = this.#sources.get(key);
    if (source) return source;
    throw goneError();
  }

  async #load(key: string): Promise<void> {
    if (this.#loaded?.key === key) return;
    const [source, data] = [this.#sourceOf(key), await this.dataOf(key)];
    const given = { key, source, data };
    const { made } = source;
    const own = made ? (await phantomOf(made)).library(made) : this.#originals.get(key);
    if (own) this.#loaded = { ...given, library: own, originals: true };
    else {
      const references = await keptData(new BrowserFiles(key), 'references');
      const library = preparedLibrary(data, ...(references ? [references] : []));
      this.#loaded = { ...given, library, originals: false };
    }
    // kept by a page that kept one data set only
    if (!source.about) await this.#keepSource(key, described(this.#loaded));
  }

  async #keepSource(key: string, source: Source): Promise<void> {
    this.#sources.set(key, source);
    await new BrowserFiles(key).write(sourceFile, new TextEncoder().encode(JSON.stringify(source)));
  }

  /** In memory first: where the browser keeps nothing, the data can still be used until the page is closed. */
  async #keep(made: Loaded, references: PreparedData | null = null): Promise<DataState> {
    const source = described(made);
    const { key } = made;
    this.#loaded = { ...made, source };
    this.#sources.set(key, source);
    try {
      const files = new BrowserFiles(key);
      await files.clear();
      await keepData(files, 'data', made.data);
      if (references) await keepData(files, 'references', references);
      await this.#keepSource(key, source);
      await this.#folders.choose(key);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      await new BrowserFiles(key).clear().catch(() => {});
      const notice = `${error.message} Until this page is closed or looks at other data, these can be used.`;
      this.#loaded = { ...made, source: { ...source, notices: [...source.notices, notice] } };
    }
    return this.state;
  }
}

const goneError = (): ConfigError =>
  new ConfigError('The data of this run are not kept any more. Choose other data, and begin a new run.');
