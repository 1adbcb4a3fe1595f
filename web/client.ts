/** @file The page's end of the worker: requests as promises, events to listeners. */
import type { EventName, Events, Failure, RequestName, Requests, WorkerMessage } from './protocol.ts';

/** A failure the worker told, with words for the user. */
export class RequestError extends Error {
  readonly code: string;

  constructor({ code, message }: Failure) {
    super(message);
    this.code = code;
  }
}

interface Waiting {
  resolve(output: unknown): void;
  reject(error: Error): void;
}

type Listener = (content: never) => void;

export class Client {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new Map<EventName, Set<Listener>>();
  #next = 0;

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.onmessage = ({ data }: MessageEvent<WorkerMessage>) => this.#receive(data);
    worker.onerror = ({ message }) => this.#failAll(message || 'it could not be loaded');
  }

  request<K extends RequestName>(
    name: K,
    input: Requests[K]['in'],
    transfer: Transferable[] = [],
  ): Promise<Requests[K]['out']> {
    const id = this.#next++;
    this.#worker.postMessage({ id, name, input }, transfer);
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: (output) => resolve(output as Requests[K]['out']), reject });
    });
  }

  on<K extends EventName>(event: K, listener: (content: Events[K]) => void): void {
    const listeners = this.#listeners.get(event) ?? new Set();
    listeners.add(listener);
    this.#listeners.set(event, listeners);
  }

  #receive(message: WorkerMessage): void {
    if ('event' in message) {
      for (const listener of this.#listeners.get(message.event) ?? []) listener(message.content as never);
      return;
    }
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if ('failure' in message) waiting?.reject(new RequestError(message.failure));
    else waiting?.resolve(message.output);
  }

  #failAll(reason: string): void {
    const error = new RequestError({
      code: 'WORKER',
      message: `The page's worker failed: ${reason}. Reload the page.`,
    });
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
