/** @file What the panels share: the worker, the state of data and run, and which panel is open. */
import type { Client } from './client.ts';
import type { StoryInfo } from './protocol/story.ts';
import type { DataState, Hello, RunInfo, WeightsSummary } from './protocol.ts';

export type TabName = 'data' | 'study' | 'train' | 'use';

export interface State extends DataState {
  readonly run: RunInfo | null;
  readonly story: StoryInfo | null;
  readonly weights: WeightsSummary | null;
}

type Listener = (state: State, before: State) => void;

export class App {
  readonly client: Client;
  readonly hello: Hello;
  /** Set by the page's frame. */
  openTab: (tab: TabName) => void = () => {};
  #state: State;
  readonly #listeners: Listener[] = [];
  readonly #opened: ((tab: TabName) => void)[] = [];

  constructor(client: Client, hello: Hello) {
    this.client = client;
    this.hello = hello;
    const { data, sets, run, story, weights } = hello;
    this.#state = { data, sets, run, story, weights };
    client.on('run', (run) => this.set({ run }));
    client.on('story', (story) => this.set({ story }));
  }

  get state(): State {
    return this.#state;
  }

  set(change: Partial<State>): void {
    const before = this.#state;
    this.#state = { ...before, ...change };
    for (const listener of this.#listeners) listener(this.#state, before);
  }

  /** Calls now and whenever the state changes. */
  watch(listener: Listener): void {
    this.#listeners.push(listener);
    listener(this.#state, this.#state);
  }

  /** Calls whenever a panel comes to the front. */
  onOpen(listener: (tab: TabName) => void): void {
    this.#opened.push(listener);
  }

  opened(tab: TabName): void {
    for (const listener of this.#opened) listener(tab);
  }
}
