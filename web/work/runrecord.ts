/** @file What the page keeps of a training beside its files: run.json, written whenever it changes. */
import type { RunInfo } from '../protocol.ts';
import type { BrowserFiles } from '../store.ts';
import { runFile } from './runs.ts';

/** What is known of a training before its first step. */
export type BegunRun = Omit<
  RunInfo,
  'state' | 'step' | 'best' | 'hasWeights' | 'adapter' | 'message' | 'smallerBatch'
>;

export class RunRecord {
  readonly files: BrowserFiles;
  readonly #tell: (info: RunInfo) => void;
  /** Wall-clock seconds of training so far. */
  seconds = 0;
  #info: RunInfo | null = null;
  #written: Promise<void> = Promise.resolve();

  /** @param tell whom to tell of each change */
  constructor(files: BrowserFiles, tell: (info: RunInfo) => void) {
    this.files = files;
    this.#tell = tell;
  }

  get info(): RunInfo | null {
    return this.#info;
  }

  /** What the training runs on; told with the next change. */
  set adapter(adapter: string) {
    if (this.#info) this.#info = { ...this.#info, adapter };
  }

  /** A run left by an earlier visit; one that was cut off is paused at its last checkpoint. */
  async read(): Promise<RunInfo | null> {
    const bytes = await this.files.read(runFile);
    if (!bytes) return null;
    const { seconds, ...info } = JSON.parse(new TextDecoder().decode(bytes)) as RunInfo & { seconds: number };
    this.seconds = seconds;
    this.#info = info.state === 'running' ? { ...info, state: 'paused' } : info;
    return this.#info;
  }

  async begin(given: BegunRun): Promise<void> {
    this.seconds = 0;
    this.#info = { ...given, state: 'running', step: 0, best: null, hasWeights: false, adapter: '' };
    await this.set({});
  }

  /** What was said of its end is no longer so. */
  async goOn(given: BegunRun): Promise<void> {
    const { message: _message, smallerBatch: _smaller, ...info } = this.#info!;
    this.#info = info;
    await this.set({ ...given, state: 'running' });
  }

  async set(change: Partial<RunInfo>): Promise<RunInfo> {
    const info = { ...this.#info!, ...change };
    this.#info = info;
    this.#tell(info);
    const bytes = new TextEncoder().encode(JSON.stringify({ ...info, seconds: this.seconds }));
    // One after another: of two writes at once, the older could win.
    this.#written = this.#written.catch(() => {}).then(() => this.files.write(runFile, bytes));
    await this.#written;
    return info;
  }
}
