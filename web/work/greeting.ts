/** @file What the page is told when it opens: the adapter, what earlier visits left, the run that is looked at. */
import { taskInfos } from '../../src/run/taskinfos.ts';
import type { EventName, Events, Hello } from '../protocol.ts';
import { refusedStorage } from '../store.ts';
import { adapterName } from './adapter.ts';
import { failureOf } from './failure.ts';
import { pagePresets } from './forms.ts';
import type { Loaded } from './loaded.ts';
import type { Session } from './session.ts';
import { type Story, usualSize } from './story.ts';
import { takeFiles } from './tabs.ts';
import type { Training } from './training.ts';

interface Parts {
  readonly session: Session;
  readonly training: Training;
  readonly story: Story;
  readonly loaded: Loaded;
}

type Tell = <K extends EventName>(event: K, content: Events[K]) => void;

export class Greeting {
  readonly #parts: Parts;
  readonly #tell: Tell;

  constructor(parts: Parts, tell: Tell) {
    this.#parts = parts;
    this.#tell = tell;
  }

  async hello(): Promise<Hello> {
    const { session, training, story, loaded } = this.#parts;
    await takeFiles();
    const refused = await refusedStorage();
    if (refused !== null)
      this.#tell(
        'warning',
        `This browser keeps nothing for this page (${refused}). All works until the page is closed; download what is to last. Outside private browsing, or where the page may store data, it would be kept.`,
      );
    await this.#attempt(() => training.restore());
    const found = await this.#adapter();
    return {
      ...(await this.runInfo()),
      ...found,
      presets: pagePresets,
      tasks: taskInfos(),
      ...((await this.#attempt(() => session.restore())) ?? session.state),
      story: await this.#attempt(() => story.restore()),
      weights: found.adapter && (await this.#attempt(() => loaded.restore())),
      storySize: usualSize,
    };
  }

  /** The run that is looked at, with its curves. */
  async runInfo(): Promise<Pick<Hello, 'run' | 'metrics' | 'validation'>> {
    const { training } = this.#parts;
    const run = training.info;
    return {
      run,
      metrics: run ? ((await this.#attempt(() => training.metrics())) ?? []) : [],
      validation: run ? ((await this.#attempt(() => training.validation())) ?? []) : [],
    };
  }

  async #adapter(): Promise<Pick<Hello, 'adapter' | 'adapterProblem'>> {
    try {
      const opened = await this.#parts.loaded.device();
      return {
        adapter: { name: adapterName(opened), software: opened.caps.software },
        adapterProblem: null,
      };
    } catch (error) {
      return { adapter: null, adapterProblem: failureOf(error).message };
    }
  }

  /** Stored data that cannot be read is told, and the page starts empty. */
  async #attempt<T>(work: () => Promise<T>): Promise<T | null> {
    try {
      return await work();
    } catch (error) {
      this.#tell('warning', `What an earlier visit left cannot be used: ${failureOf(error).message}`);
      return null;
    }
  }
}
