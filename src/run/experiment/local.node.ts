/** @file Runs an experiment by several processes of this machine: a process for each run, so many at once. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { BusyError } from '../../base/errors.ts';
import { lockFile, writerIn } from '../../data/files/lock.node.ts';
import type { BegunExperiment } from './begin.node.ts';
import type { ExperimentConsole, ExperimentEnd } from './options.node.ts';
import { stateOf } from './runs.node.ts';
import { type Task, tasksOf } from './tasks.node.ts';
import { untilFree } from './waiting.node.ts';

export interface LocalOptions {
  /** Of the experiment. */
  readonly folder: string;
  /** The program and its arguments that make the experiment, whole but for what it is to do. */
  readonly command: readonly string[];
  /** How many runs at once. */
  readonly jobs: number;
  readonly console: ExperimentConsole;
  readonly signal: AbortSignal;
}

export interface LocalEnd extends ExperimentEnd {
  /** Runs that failed, each with why. */
  readonly failed: readonly string[];
}

/** `elsewhere`: left to another process that is at it; `awaited`: others begin with it, so it is waited for. */
type Fate = 'done' | 'failed' | 'stopped' | 'elsewhere' | 'awaited';

/** So many at a time; who comes later waits. */
class Places {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  async with<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((ready) => this.#waiting.push(ready));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free += 1;
    }
  }
}

/** How a child process ended, and what it said on standard error. */
interface Ended {
  readonly code: number | null;
  readonly killed: NodeJS.Signals | null;
  readonly said: string;
}

/** Of what a process says, so much is kept. */
const KEPT = 65536;

/** Why a process failed, as it said itself. */
function reasonOf({ code, killed, said }: Ended): string {
  const own = said.lastIndexOf('planewise: ');
  if (own >= 0) return said.slice(own + 'planewise: '.length).trim();
  return killed === null ? `it ended with code ${code}` : `it was ended by ${killed}`;
}

class Overseer {
  readonly #options: LocalOptions;
  readonly #tasks: readonly Task[];
  readonly #fates = new Map<string, Promise<Fate>>();
  readonly #warned = new Set<string>();
  readonly failed: string[] = [];
  readonly elsewhere: string[] = [];
  readonly #children = new Set<ChildProcess>();
  readonly #begun = new Set<string>();

  constructor(options: LocalOptions, tasks: readonly Task[]) {
    this.#options = options;
    this.#tasks = tasks;
  }

  async all(): Promise<void> {
    const { jobs, signal } = this.#options;
    const places = new Places(jobs);
    const stop = (): void => {
      for (const child of this.#children) child.kill('SIGTERM');
    };
    signal.addEventListener('abort', stop);
    // the second Ctrl-C ends this process at once, and theirs too
    process.on('exit', stop);
    try {
      for (const task of this.#tasks) this.#fates.set(task.name, this.#after(task, places));
      await Promise.all(this.#fates.values());
    } finally {
      signal.removeEventListener('abort', stop);
      process.off('exit', stop);
    }
  }

  async #after(task: Task, places: Places): Promise<Fate> {
    const before = task.after === null ? 'done' : await this.#fates.get(task.after)!;
    if (before === 'failed') {
      this.failed.push(`${task.name}: not run, for ${task.after} failed`);
      return before;
    }
    const { folder, signal } = this.#options;
    for (;;) {
      const fate = await places.with(() => this.#run(task));
      if (fate !== 'awaited') return fate;
      await untilFree(join(folder, task.name), signal);
    }
  }

  async #run(task: Task): Promise<Fate> {
    const { name, title } = task;
    const { command, folder, signal, console } = this.#options;
    if (signal.aborted) return 'stopped';
    this.#begun.add(name);
    console.startRun(title, this.#begun.size, this.#tasks.length, null);
    const ended = await this.#spawn([...command, '--unit', name]);
    for (const [, line] of ended.said.matchAll(/^warning: (.*)$/gm)) this.#warn(line!);
    if (ended.code === 0) return 'done';
    if (signal.aborted) return 'stopped';
    // where the folder cannot be looked into, the run has said why
    const by = await writerIn(join(folder, name)).catch(() => null);
    if (by) return this.#leave(task, by);
    // by who was at it a moment ago
    if (stateOf(join(folder, name)) === 'done') return 'done';
    const line = `${name}: ${reasonOf(ended)}`;
    this.failed.push(line);
    console.warn(line);
    return 'failed';
  }

  /** Leaves a run to the process that is at it. */
  #leave({ kind, name }: Task, by: BusyError): Fate {
    if (kind !== 'point') this.#options.console.say(`waiting for ${name}, which is being made by ${by.who}`);
    else this.elsewhere.push(`${name} is being made by ${by.who} (${join(by.folder, lockFile)})`);
    return kind === 'point' ? 'elsewhere' : 'awaited';
  }

  #spawn([program, ...args]: readonly string[]): Promise<Ended> {
    // a group of its own: Ctrl-C of the terminal is told by its parent, once
    const child = spawn(program!, args, { detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
    this.#children.add(child);
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-KEPT);
    });
    return new Promise<Ended>((resolve, reject) => {
      child.on('error', reject).on('close', (code, killed) => resolve({ code, killed, said }));
    }).finally(() => this.#children.delete(child));
  }

  /** What every process says of the same data is said once. */
  #warn(line: string): void {
    if (!this.#warned.has(line)) this.#options.console.warn(line);
    this.#warned.add(line);
  }
}

/**
 * Runs what is not finished, but for points that other processes are at. A run that fails is named, and the others go on,
 * but for those that begin with it.
 */
export async function runLocally({ own }: BegunExperiment, options: LocalOptions): Promise<LocalEnd> {
  const tasks = tasksOf(own, options.folder);
  const overseer = new Overseer(options, tasks);
  await overseer.all();
  const { failed, elsewhere } = overseer;
  return { stopped: options.signal.aborted, due: tasks.length, elsewhere, failed };
}
