/** @file Runs readers in a process of their own, which may hang or die without harm. */
import { type ChildProcess, fork } from 'node:child_process';
import type { Outcome, Task } from './fuzzChild.ts';

/** What came of a file: also that its reader took too long, or took the process with it. */
export type Verdict = Omit<Outcome, 'kind'> & { readonly kind: Outcome['kind'] | 'hung' | 'died' };

/** A reader that takes longer hangs, ms. */
const MOST_MS = 5000;

/** Beyond that limit, of the clock: a busy machine gives a process a part of its time. */
const GRACE_MS = 25_000;

interface Pending {
  readonly task: Task;
  readonly end: (verdict: Verdict) => void;
}

export class ReaderProcess {
  readonly #program: string;
  #child: ChildProcess | undefined;
  /** What the process was given and has not answered yet; it takes them in turn. */
  #pending: Pending[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** @param program fuzzChild.ts as it was built */
  constructor(program: string) {
    this.#program = program;
  }

  #start(): ChildProcess {
    const child = fork(this.#program, {
      serialization: 'advanced',
      execArgv: ['--max-old-space-size=2048', '--expose-gc'],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    child.on('message', (outcome: Outcome) =>
      this.#answer(outcome.ms > MOST_MS ? { ...outcome, kind: 'hung' } : outcome),
    );
    child.on('exit', (code, signal) => this.#lost('died', `exit ${code ?? signal}`));
    this.#child = child;
    for (const { task } of this.#pending) child.send(task);
    this.#watch();
    return child;
  }

  /** The clock of the file that is being read. */
  #watch(): void {
    clearTimeout(this.#timer);
    const most = MOST_MS + GRACE_MS;
    if (this.#pending.length > 0) this.#timer = setTimeout(() => this.#lost('hung', `over ${most} ms`), most);
  }

  #answer(verdict: Verdict): void {
    this.#pending.shift()!.end(verdict);
    this.#watch();
  }

  /** The process is gone, or is made to go, because of the first file it was given; the others go to the next. */
  #lost(kind: 'hung' | 'died', text: string): void {
    this.close();
    const lost = this.#pending.shift();
    if (this.#pending.length > 0) this.#start();
    lost?.end({ kind, text, ms: Number.NaN, mib: Number.NaN });
  }

  /** Reads one file, after those that were given before; whatever happens, the next call finds a process that works. */
  run(task: Task): Promise<Verdict> {
    return new Promise((end) => {
      this.#pending.push({ task, end });
      if (this.#child) this.#child.send(task);
      else this.#start();
      if (this.#pending.length === 1) this.#watch();
    });
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#child?.removeAllListeners().kill('SIGKILL');
    this.#child = undefined;
  }
}
