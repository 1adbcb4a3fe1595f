/** @file The data the page works on: made or read, kept in the browser, found again when the page is reopened. */

import { ConfigError } from '../../src/base/errors.ts';
import { subjectsOf } from '../../src/data/split.ts';
import { bytesOf } from '../../src/data/store.ts';
import type { PreparedData, Reason } from '../../src/data/types.ts';
import type {
  Busy,
  DataInfo,
  FolderChoice,
  FolderInfo,
  Grid,
  HeartSettings,
  PickedFile,
} from '../protocol.ts';
import { BrowserFiles } from '../store.ts';
import { Folder } from './folder.ts';
import { heartLibrary, heartsName, prepareHearts } from './hearts.ts';
import { keepData, keptData } from './kept.ts';
import { type Library, preparedLibrary } from './library.ts';

/** What is kept beside the prepared images. */
interface Source {
  readonly kind: DataInfo['kind'];
  readonly name: string;
  readonly hearts: HeartSettings | null;
  readonly warnings: DataInfo['warnings'];
  readonly notices: DataInfo['notices'];
}

interface Loaded {
  readonly source: Source;
  readonly data: PreparedData;
  readonly library: Library;
  readonly originals: boolean;
}

const sourceFile = 'source.json';

/** How many images each warning concerns. */
class Warnings {
  readonly #counts = new Map<string, { message: string; images: number }>();

  /** Counted by code: messages of one kind name what differs, and the first stands for all. */
  add = (_file: string, { code, message }: Reason): void => {
    const known = this.#counts.get(code);
    if (known) known.images++;
    else this.#counts.set(code, { message, images: 1 });
  };

  get list(): DataInfo['warnings'] {
    return [...this.#counts.values()];
  }
}

export class Session {
  readonly #files = new BrowserFiles('data');
  #picked: PickedFile[] = [];
  #folder: Folder | null = null;
  #loaded: Loaded | null = null;

  /** Throws ConfigError where there is no data yet. */
  get data(): PreparedData {
    return this.#must().data;
  }

  get name(): string {
    return this.#must().source.name;
  }

  get library(): Library {
    return this.#must().library;
  }

  get info(): DataInfo | null {
    return this.#loaded && infoOf(this.#loaded);
  }

  async makeHearts(settings: HeartSettings & Grid, onBusy: (busy: Busy) => void): Promise<DataInfo> {
    const { size, spacingMm, ...hearts } = settings;
    const data = await prepareHearts(hearts, { size, spacingMm }, (done) =>
      onBusy({ what: 'Making hearts', done, total: hearts.subjects, detail: `heart ${done}` }),
    );
    const source: Source = { kind: 'hearts', name: heartsName(hearts), hearts, warnings: [], notices: [] };
    return this.#keep({ source, data, library: heartLibrary(hearts), originals: true });
  }

  addFiles(files: readonly PickedFile[], first: boolean): void {
    if (first) this.#picked = [];
    this.#picked.push(...files);
  }

  async scanFolder(name: string, onBusy: (busy: Busy) => void): Promise<FolderInfo> {
    this.#folder = await Folder.open(name, this.#picked, onBusy);
    this.#picked = [];
    return this.#folder.info;
  }

  async prepareFolder(choice: FolderChoice, onBusy: (busy: Busy) => void): Promise<DataInfo> {
    const folder = this.#folder;
    if (!folder) throw new ConfigError('No folder is open. Choose a folder first.');
    const warnings = new Warnings();
    const { data, references, notices } = await folder.prepare(choice, onBusy, warnings.add);
    const source: Source = {
      kind: 'folder',
      name: folder.name,
      hearts: null,
      warnings: warnings.list,
      notices: notices.map(({ message }) => message),
    };
    const library = folder.library(choice) ?? preparedLibrary(data);
    return this.#keep({ source, data, library, originals: true }, references);
  }

  /** What an earlier visit left, or null. */
  async restore(): Promise<DataInfo | null> {
    const text = await this.#files.read(sourceFile);
    const data = text && (await keptData(this.#files, 'data'));
    if (!text || !data) return null;
    const source = JSON.parse(new TextDecoder().decode(text)) as Source;
    const references = source.hearts ? null : await keptData(this.#files, 'references');
    const library = source.hearts
      ? heartLibrary(source.hearts)
      : preparedLibrary(data, ...(references ? [references] : []));
    this.#loaded = { source, data, library, originals: source.hearts !== null };
    return this.info;
  }

  async clear(): Promise<void> {
    this.#loaded = null;
    this.#folder = null;
    await this.#files.clear();
  }

  #must(): Loaded {
    if (this.#loaded) return this.#loaded;
    throw new ConfigError('There is no data yet. Make hearts or open a folder under Data.');
  }

  /** In memory first: where the browser keeps nothing, the data can still be used until the page is closed. */
  async #keep(loaded: Loaded, references: PreparedData | null = null): Promise<DataInfo> {
    this.#loaded = loaded;
    await this.#files.clear();
    await keepData(this.#files, 'data', loaded.data);
    if (references) await keepData(this.#files, 'references', references);
    await this.#files.write(sourceFile, new TextEncoder().encode(JSON.stringify(loaded.source)));
    return infoOf(loaded);
  }
}

function infoOf({ source, data, originals }: Loaded): DataInfo {
  const { images, referenceViews, targetView, size, spacingMm, skipped, classes = [] } = data.manifest;
  return {
    kind: source.kind,
    name: source.name,
    subjects: subjectsOf(data),
    images: images.length,
    targetView,
    referenceViews,
    lines: referenceViews.map((_, view) => images.filter(({ lines }) => lines[view]).length),
    locations: images.filter(({ location }) => location !== null).length,
    classes,
    skipped,
    warnings: source.warnings,
    // Kept by a page that did not tell them yet.
    notices: source.notices ?? [],
    originals,
    size,
    spacingMm,
    bytes: bytesOf(data),
  };
}
