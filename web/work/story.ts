/** @file The whole story in the browser: begun, stopped, gone on with, found again; its files are kept in OPFS. */
import { openDevice } from '#device';
import { ConfigError } from '../../src/base/errors.ts';
import { embeddedSize } from '../../src/run/experiment/embeddedsize.ts';
import type { Device } from '../../src/tensor/device.ts';
import { readText, writeText } from '../../src/train/runfiles.ts';
import type { StoryInfo, StorySize, StoryStage } from '../protocol/story.ts';
import type { EventName, Events } from '../protocol.ts';
import { BrowserFiles } from '../store.ts';

type Tell = <K extends EventName>(event: K, content: Events[K]) => void;

const storyFile = 'story.json';

/** One draw of labelled hearts: a page should be done in minutes. */
const seeds = [1];

/** Progress is told so often. */
const PROGRESS_MS = 200;

const { hearts, pretrainingSteps, steps, testHearts } = embeddedSize;
/** As much as `npm start` does. */
export const usualSize: StorySize = { hearts, pretrainingSteps, steps, testHearts };

/** Loaded when it is wanted: the page's first load need not have it. @throws ConfigError for numbers out of range */
async function experimentOf(size: StorySize) {
  const [{ embeddedExperiment }, { tellStory }] = await Promise.all([
    import('../../src/run/experiment/embedded.ts'),
    import('./storyruns.ts'),
  ]);
  return { experiment: embeddedExperiment({ ...size, seeds }), tellStory };
}

/** Ends work between steps. */
class Stopped extends Error {}

export class Story {
  readonly #data = new BrowserFiles('story');
  readonly #runs = {
    pretraining: new BrowserFiles('story-pretraining'),
    scratch: new BrowserFiles('story-scratch'),
    pretrained: new BrowserFiles('story-pretrained'),
  };
  readonly #tell: Tell;
  #info: StoryInfo | null = null;
  #stop: AbortController | null = null;
  #told = 0;
  #written: Promise<void> = Promise.resolve();

  constructor(tell: Tell) {
    this.#tell = tell;
  }

  get running(): boolean {
    return this.#stop !== null;
  }

  /** What an earlier visit left; a story that was cut off goes on where its files end. */
  async restore(): Promise<StoryInfo | null> {
    const text = await readText(this.#data, storyFile);
    if (text === null) return null;
    const info = JSON.parse(text) as StoryInfo;
    this.#info = info.state === 'running' ? { ...info, state: 'paused' } : info;
    return this.#info;
  }

  /** Until its end, a stop or a failure. Throws ConfigError where one is going on, or numbers are out of range. */
  async start(size: StorySize, resume: boolean): Promise<StoryInfo> {
    if (this.#stop) throw new ConfigError('It is going on already.');
    const chosen = resume && this.#info ? this.#info.size : size;
    const stop = new AbortController();
    this.#stop = stop;
    const { experiment, tellStory } = await experimentOf(chosen).catch((error: unknown) => {
      this.#stop = null;
      throw error;
    });
    let device: Device | null = null;
    try {
      if (!resume) await this.clear();
      const stage = (resume && this.#info?.stage) || 'hearts';
      await this.#set({ state: 'running', size: chosen, stage, outcome: null });
      const outcome = await tellStory({
        ...{ experiment, signal: stop.signal, files: { data: this.#data, runs: this.#runs } },
        openDevice: async () => {
          if (device?.lost) device.dispose();
          if (!device || device.lost) device = await openDevice();
          return device;
        },
        onProgress: (stage, done, total) => {
          if (stop.signal.aborted && (stage === 'hearts' || stage === 'planes')) throw new Stopped();
          this.#progress(stage, done, total);
        },
      });
      return await this.#set({ ...this.#info!, state: outcome ? 'finished' : 'paused', outcome });
    } catch (error) {
      if (error instanceof Stopped) return await this.#set({ ...this.#info!, state: 'paused' });
      await this.#set({ ...this.#info!, state: 'failed', message: (error as Error).message });
      throw error;
    } finally {
      (device as Device | null)?.dispose();
      this.#stop = null;
    }
  }

  /** At the next step or heart; what is done is kept. */
  stop(): void {
    this.#stop?.abort();
  }

  async clear(): Promise<void> {
    this.#info = null;
    for (const files of [this.#data, ...Object.values(this.#runs)]) await files.clear();
  }

  #progress(stage: StoryStage, done: number, total: number): void {
    if (stage !== this.#info!.stage)
      this.#set({ ...this.#info!, stage }).catch((error: Error) => this.#tell('warning', error.message));
    const now = performance.now();
    if (now - this.#told < PROGRESS_MS && done > 0 && done < total) return;
    this.#told = now;
    this.#tell('storyProgress', { stage, done, total });
  }

  async #set(info: StoryInfo): Promise<StoryInfo> {
    this.#info = info;
    this.#tell('story', info);
    // One after another: of two writes at once, the older could win.
    this.#written = this.#written
      .catch(() => {})
      .then(() => writeText(this.#data, storyFile, JSON.stringify(info)));
    await this.#written;
    return info;
  }
}
