/** @file One engine of the step benchmark as a process of its own: a Node program over IPC, or Python over lines of JSON. */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Answer, Facts, StepAnswer } from './serve.ts';
import { median } from './timing.ts';

/** The message that asks an engine for one more step. */
export const STEP = 'step';

/** How an engine failed, told apart by the code of its error. */
export class EngineError extends Error {
  readonly code: string | undefined;

  constructor(message: string, code?: string) {
    super(message);
    this.code = code;
  }
}

/** A process that takes a job, then steps, and answers each. */
interface Link {
  readonly process: ChildProcess;
  send(message: unknown): void;
  /** Calls back once with the next answer. */
  once(listener: (answer: Answer) => void): void;
}

/** A Node program of this folder's build or of bench/peers. Its own output is chatter of drivers and engines. */
export function nodeLink(program: string, env: Readonly<Record<string, string>> = {}): Link {
  const stdio = ['ignore', 'ignore', 'pipe', 'ipc'] as const;
  const child = fork(program, {
    serialization: 'advanced',
    stdio: [...stdio],
    env: { ...process.env, ...env },
  });
  return {
    process: child,
    send: (message) => child.send(message as object),
    once: (listener) => child.once('message', listener),
  };
}

/** A Python program that reads and writes a line of JSON a message. */
export function pythonLink(python: string, args: readonly string[], env: Record<string, string>): Link {
  const child = spawn(python, args, { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  const lines = createInterface({ input: child.stdout });
  // A write to a program that has ended says nothing that its exit does not.
  child.stdin.on('error', () => {});
  return {
    process: child,
    send: (message) => child.stdin.write(`${JSON.stringify(message)}\n`),
    // Libraries may print lines of their own between two answers.
    once(listener) {
      lines.once('line', (line) => {
        if (line.startsWith('{')) listener(JSON.parse(line) as Answer);
        else this.once(listener);
      });
    },
  };
}

/** What a warm engine did in its counted steps. */
export interface Measured {
  readonly medianMs: number;
  readonly minMs: number;
  /** Median processor time of a step, all threads. */
  readonly cpuMs: number;
  readonly steps: number;
  /** From the start of the process until the first step was done: opening, compiling, stepping. */
  readonly firstMs: number;
  /** Median time JavaScript takes to launch a step, where the engine says. */
  readonly jsMs: number | null;
  readonly losses: readonly number[];
  readonly facts: Facts;
}

export class Child {
  readonly name: string;
  readonly #link: Link;
  readonly #limitMs: number | undefined;
  readonly #steps: StepAnswer[] = [];
  readonly #losses: number[] = [];
  readonly #started = performance.now();
  #firstMs = 0;
  #facts: Facts = {};
  #complaints = '';

  /** @param limitMs an answer that takes longer is given up; default: none is */
  constructor(name: string, link: Link, limitMs?: number) {
    this.name = name;
    this.#link = link;
    this.#limitMs = limitMs;
    // shown only if the engine fails
    link.process.stderr?.on('data', (text: Buffer) => {
      this.#complaints = (this.#complaints + text).slice(-4000);
    });
  }

  /** @throws EngineError */
  async start(job: unknown): Promise<void> {
    const answer = await this.#ask(job);
    if (answer.kind !== 'ready') throw new EngineError(`${this.name} answered "${answer.kind}" to its job`);
    this.#firstMs = performance.now() - this.#started;
    this.#facts = answer.facts;
    this.#losses.push(answer.loss);
  }

  /** One more step; those that only warm up are not counted. Milliseconds. @throws EngineError */
  async step(counted: boolean): Promise<number> {
    const answer = await this.#ask(STEP);
    if (answer.kind !== 'step') throw new EngineError(`${this.name} answered "${answer.kind}" to a step`);
    this.#losses.push(answer.loss);
    if (counted) this.#steps.push(answer);
    return answer.ms;
  }

  measured(): Measured {
    const times = this.#steps.map(({ ms }) => ms);
    const js = this.#steps.flatMap(({ jsMs }) => jsMs ?? []);
    return {
      medianMs: median(times),
      minMs: Math.min(...times),
      cpuMs: median(this.#steps.map(({ cpuMs }) => cpuMs)),
      steps: times.length,
      firstMs: this.#firstMs,
      jsMs: js.length ? median(js) : null,
      losses: this.#losses,
      facts: this.#facts,
    };
  }

  end(): void {
    this.#link.process.kill('SIGKILL');
  }

  #ask(message: unknown): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const fail = (why: string) => {
        clearTimeout(timer);
        reject(new EngineError(`${this.name} ${why}.\n${this.#complaints}`.trim()));
      };
      const onExit = (code: number | null, signal: string | null) =>
        fail(`ended (${signal ?? `code ${code}`})`);
      const onError = (error: Error) => fail(`could not be started: ${error.message}`);
      const { process: child } = this.#link;
      const limit = this.#limitMs;
      const giveUp = () => fail(`gave no answer in ${limit! / 1000} s`);
      const timer = limit === undefined ? undefined : setTimeout(giveUp, limit);
      child.once('exit', onExit).once('error', onError);
      this.#link.once((answer) => {
        clearTimeout(timer);
        child.off('exit', onExit).off('error', onError);
        if (answer.kind === 'failed')
          reject(new EngineError(`${this.name} failed: ${answer.reason}`, answer.code));
        else resolve(answer);
      });
      this.#link.send(message);
    });
  }
}
